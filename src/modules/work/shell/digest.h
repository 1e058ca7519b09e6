// SPDX-License-Identifier: Apache-2.0
// Digests of a stream, by OpenSSL: SHA-256 and SHA-512 (FIPS 180-4), BLAKE2b with 512 bits
// (RFC 7693).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::work {

enum class DigestKind { sha256, sha512, blake2b };
/// "sha256", …
std::string_view to_string(DigestKind kind);
std::optional<DigestKind> digest_kind(std::string_view name);

/// Single owner.
class Digest {
public:
    explicit Digest(DigestKind kind);
    ~Digest();
    Digest(Digest&& other) noexcept;
    Digest& operator=(Digest&& other) noexcept;
    Digest(const Digest&) = delete;
    Digest& operator=(const Digest&) = delete;

    void feed(std::string_view bytes);
    /// 64 or 128 lower-case hexadecimal digits; ends the stream.
    [[nodiscard]] std::string finish();

private:
    struct Free {
        void operator()(void* context) const;
    };
    std::unique_ptr<void, Free> context_;
};

}  // namespace sluice::work
