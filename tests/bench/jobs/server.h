// SPDX-License-Identifier: Apache-2.0
// The server under test with a store of its own, and its own figures.
#pragma once

#include "options.h"
#include "process.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::bench {

struct Sluice {
    Sluice(const Options& options, const std::string& name)
        : data(options.folder + "/" + name), port(free_port()), options_(options) {
        start();
    }
    void start();
    /// The sum of the metric's samples with this name, without labels; 0 when there is none.
    [[nodiscard]] double metric(std::string_view name) const;

    std::string data;
    std::uint16_t port;
    std::optional<ServerProcess> process;
    double start_seconds = 0;

private:
    const Options& options_;
    std::uint16_t http_port_ = 0;
};

}  // namespace sluice::bench
