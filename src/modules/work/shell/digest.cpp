// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/digest.h"

#include "kernel/base/check.h"
#include "kernel/base/text.h"

#include <openssl/evp.h>

#include <array>

namespace sluice::work {

namespace {

EVP_MD_CTX* of(void* context) { return static_cast<EVP_MD_CTX*>(context); }

const EVP_MD* method(DigestKind kind) {
    switch (kind) {
        case DigestKind::sha256: return EVP_sha256();
        case DigestKind::sha512: return EVP_sha512();
        case DigestKind::blake2b: return EVP_blake2b512();
    }
    return EVP_sha256();
}

}  // namespace

std::string_view to_string(DigestKind kind) {
    switch (kind) {
        case DigestKind::sha256: return "sha256";
        case DigestKind::sha512: return "sha512";
        case DigestKind::blake2b: return "blake2b";
    }
    return "sha256";
}

std::optional<DigestKind> digest_kind(std::string_view name) {
    for (const auto kind : {DigestKind::sha256, DigestKind::sha512, DigestKind::blake2b}) {
        if (to_string(kind) == name) return kind;
    }
    return std::nullopt;
}

void Digest::Free::operator()(void* context) const { EVP_MD_CTX_free(of(context)); }

Digest::Digest(DigestKind kind) : context_(EVP_MD_CTX_new()) {
    SLUICE_CHECK(context_ && EVP_DigestInit_ex(of(context_.get()), method(kind), nullptr) == 1);
}
Digest::~Digest() = default;
Digest::Digest(Digest&& other) noexcept = default;
Digest& Digest::operator=(Digest&& other) noexcept = default;

void Digest::feed(std::string_view bytes) {
    SLUICE_CHECK(EVP_DigestUpdate(of(context_.get()), bytes.data(), bytes.size()) == 1);
}

std::string Digest::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    SLUICE_CHECK(EVP_DigestFinal_ex(of(context_.get()), digest.data(), &size) == 1);
    return to_hex(std::string_view(reinterpret_cast<const char*>(digest.data()), size));
}

}  // namespace sluice::work
