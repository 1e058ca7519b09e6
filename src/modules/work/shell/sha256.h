// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of a stream, by OpenSSL.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace sluice::work {

/// Single owner.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    void feed(std::string_view bytes);
    /// 64 lower-case hexadecimal digits; ends the stream.
    [[nodiscard]] std::string finish();

private:
    struct Free {
        void operator()(void* context) const;
    };
    std::unique_ptr<void, Free> context_;
};

}  // namespace sluice::work
