// SPDX-License-Identifier: Apache-2.0
// Host: the order in which modules live and die. It opens nothing itself.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/mount/module.h"

#include <functional>
#include <memory>
#include <vector>

namespace sluice {

/// Starts modules in table order, drains all, stops in reverse order with one deadline. One thread.
class Host {
public:
    explicit Host(std::vector<std::unique_ptr<Module>> table) : table_(std::move(table)) {}
    /// Stops without waiting, if stop() was not called.
    ~Host() { stop(Instant::min()); }
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;

    /// Declares the settings of every module.
    void declare(ConfigTable& table) const;
    using MakeMount = std::function<Mount(const Module&)>;
    /// The first failure stops those that had started, in reverse, until `give_up`, and is returned
    /// with the module's name before it.
    Status start(const MakeMount& make_mount, Instant give_up);
    /// Tells every started module to drain, in table order. Idempotent.
    void drain();
    /// Drains if that was not done, then stops in reverse. Idempotent.
    void stop(Instant deadline);

    [[nodiscard]] const std::vector<std::unique_ptr<Module>>& modules() const { return table_; }

private:
    std::vector<std::unique_ptr<Module>> table_;
    std::size_t started_ = 0;
    bool draining_ = false;
};

}  // namespace sluice
