// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/novelty/simhash.h"

#include <cstring>

namespace sluice::crawl {
namespace {

std::uint64_t mixed(std::uint64_t hash, std::uint64_t part) {
    hash = (hash ^ part) * 0xff51afd7ed558ccdULL;
    return hash ^ (hash >> 32U);
}

// Eight bytes at a time, then a finaliser (murmur3's) so that every bit depends on every byte. It
// is kept nowhere, so it may be another one tomorrow.
std::uint64_t hash_of(std::string_view word) {
    std::uint64_t hash = 0xcbf29ce484222325ULL + word.size();
    std::uint64_t part = 0;
    for (; word.size() > sizeof part; word.remove_prefix(sizeof part)) {
        std::memcpy(&part, word.data(), sizeof part);
        hash = mixed(hash, part);
    }
    part = 0;
    std::memcpy(&part, word.data(), word.size());
    hash = mixed(hash, part);
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
    for (std::uint64_t& plane : planes_) {
        const std::uint64_t carry = plane & hash;
        plane ^= hash;
        hash = carry;
        if (hash == 0) break;
    }
    ++counted_;
    if (++in_planes_ < 255) return;
    flush(planes_, ones_);
    planes_ = {};
    in_planes_ = 0;
}

void Simhash::flush(const std::array<std::uint64_t, 8>& planes,
                    std::array<std::uint32_t, 64>& ones) {
    for (std::size_t bit = 0; bit < 64; ++bit) {
        for (std::size_t digit = 0; digit < planes.size(); ++digit)
            ones[bit] += static_cast<std::uint32_t>(planes[digit] >> bit & 1U) << digit;
    }
}

std::uint64_t Simhash::value() const {
    std::array<std::uint32_t, 64> ones = ones_;
    flush(planes_, ones);
    std::uint64_t value = 0;
    for (std::size_t bit = 0; bit < 64; ++bit) {
        if (std::uint64_t{ones[bit]} * 2 > counted_) value |= std::uint64_t{1} << bit;
    }
    return value;
}

}  // namespace sluice::crawl
