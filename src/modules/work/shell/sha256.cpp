// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/sha256.h"

#include "kernel/base/check.h"
#include "kernel/base/text.h"

#include <openssl/evp.h>

namespace sluice::work {

namespace {
EVP_MD_CTX* of(void* context) { return static_cast<EVP_MD_CTX*>(context); }
}  // namespace

void Sha256::Free::operator()(void* context) const { EVP_MD_CTX_free(of(context)); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    SLUICE_CHECK(context_ && EVP_DigestInit_ex(of(context_.get()), EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;

void Sha256::feed(std::string_view bytes) {
    SLUICE_CHECK(EVP_DigestUpdate(of(context_.get()), bytes.data(), bytes.size()) == 1);
}

std::string Sha256::finish() {
    unsigned char digest[32];
    unsigned size = 0;
    SLUICE_CHECK(EVP_DigestFinal_ex(of(context_.get()), digest, &size) == 1);
    return to_hex(std::string_view(reinterpret_cast<const char*>(digest), size));
}

}  // namespace sluice::work
