// SPDX-License-Identifier: Apache-2.0
#define XXH_INLINE_ALL
#include "modules/crawl/shell/output/digest.h"

#include "kernel/base/bytes.h"
#include "kernel/base/check.h"
#include "kernel/base/text.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <array>

namespace sluice::crawl {

std::string sha256_digest(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned int length = 0;
    const int done =
        EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
    SLUICE_CHECK(done == 1);
    return "sha256:" + to_hex({reinterpret_cast<const char*>(digest.data()), length});  // NOLINT
}

namespace {

std::string xxh128(std::string_view bytes) {
    const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    std::string out;
    put_big_endian(out, hash.high64);
    put_big_endian(out, hash.low64);
    return out;
}

}  // namespace

std::string xxh128_digest(std::string_view bytes) { return "xxh128:" + to_hex(xxh128(bytes)); }

std::string record_id(std::string_view parts) {
    std::string hash = xxh128(parts);
    const auto set_bits = [&hash](std::size_t at, unsigned keep, unsigned set) {
        hash[at] = static_cast<char>((static_cast<unsigned char>(hash[at]) & keep) | set);
    };
    set_bits(6, 0x0FU, 0x80U);  // version 8
    set_bits(8, 0x3FU, 0x80U);  // the variant of RFC 9562
    const std::string hex = to_hex(hash);
    std::string out = "<urn:uuid:";
    std::size_t at = 0;
    for (const std::size_t part : {8U, 4U, 4U, 4U, 12U}) {
        if (at > 0) out += '-';
        out.append(hex, at, part);
        at += part;
    }
    return out + ">";
}

}  // namespace sluice::crawl
