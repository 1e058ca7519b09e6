// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/novelty/simhash.h"

namespace sluice::crawl {
namespace {

// FNV-1a, then a finaliser (murmur3's) so that every bit depends on every byte.
std::uint64_t hash_of(std::string_view word) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : word) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    hash = (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccdULL;
    hash = (hash ^ (hash >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
    return hash ^ (hash >> 33U);
}

}  // namespace

void Simhash::add(std::string_view word) {
    if (words_ >= INT32_MAX / 2) return;  // the sums would overflow; no page gets here
    const std::uint64_t hash = hash_of(word);
    count(hash);
    if (words_++ > 0) count(std::rotl(last_, 21) * 0x9e3779b97f4a7c15ULL ^ hash);
    last_ = hash;
}

void Simhash::count(std::uint64_t hash) {
    for (std::size_t bit = 0; bit < 64; ++bit) sums_[bit] += (hash >> bit & 1U) != 0 ? 1 : -1;
}

std::uint64_t Simhash::value() const {
    std::uint64_t value = 0;
    for (std::size_t bit = 0; bit < 64; ++bit) {
        if (sums_[bit] > 0) value |= std::uint64_t{1} << bit;
    }
    return value;
}

}  // namespace sluice::crawl
