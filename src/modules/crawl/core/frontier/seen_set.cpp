// SPDX-License-Identifier: Apache-2.0
#define XXH_INLINE_ALL
#include "modules/crawl/core/frontier/seen_set.h"

#include "kernel/base/check.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>

namespace sluice::crawl {
namespace {

constexpr std::size_t slots_min = 64;
constexpr std::uint64_t state_bits = 3;

}  // namespace

Fingerprint fingerprint(std::string_view url) {
    const XXH128_hash_t hash = XXH3_128bits(url.data(), url.size());
    // A print of zeros would look like an empty slot.
    return {hash.high64 | 1U, hash.low64 & ~state_bits};
}

SeenSet::SeenSet(std::size_t bytes)
    : slots_max_(std::max(slots_min, std::bit_floor(bytes / 2 / sizeof(Fingerprint)))) {
    young_.slots.resize(slots_min);
}

std::size_t SeenSet::bytes() const {
    return (young_.slots.capacity() + old_.slots.capacity()) * sizeof(Fingerprint);
}

// Linear probing: the slot of the print, or the empty one where it belongs.
Fingerprint* SeenSet::place(Generation& generation, const Fingerprint& print) {
    if (generation.slots.empty()) return nullptr;
    const std::size_t mask = generation.slots.size() - 1;
    std::size_t at = (print.low >> 2U) & mask;
    while (true) {
        Fingerprint& slot = generation.slots[at];
        if (slot.high == 0 || (slot.high == print.high && (slot.low & ~state_bits) == print.low))
            return &slot;
        at = (at + 1) & mask;
    }
}

Seen SeenSet::find(const Fingerprint& print) {
    if (const Fingerprint* slot = place(young_, print); slot->high != 0)
        return static_cast<Seen>(slot->low & state_bits);
    const Fingerprint* slot = place(old_, print);
    if (slot == nullptr || slot->high == 0) return Seen::no;
    const auto state = static_cast<Seen>(slot->low & state_bits);
    set(print, state);
    return state;
}

void SeenSet::set(const Fingerprint& print, Seen state) {
    SLUICE_CHECK(state != Seen::no);
    Fingerprint* slot = place(young_, print);
    if (slot->high == 0) {
        if ((young_.used + 1) * 4 > young_.slots.size() * 3) {
            turn_over();
            slot = place(young_, print);
        }
        ++young_.used;
    }
    *slot = {print.high, print.low | static_cast<std::uint64_t>(state)};
}

// Full at three quarters: grow while there is room, then start a new generation.
void SeenSet::turn_over() {
    if (young_.slots.size() < slots_max_) {
        Generation larger;
        larger.slots.resize(young_.slots.size() * 2);
        larger.used = young_.used;
        for (const Fingerprint& slot : young_.slots) {
            if (slot.high != 0) *place(larger, {slot.high, slot.low & ~state_bits}) = slot;
        }
        young_ = std::move(larger);
        return;
    }
    if (old_.used > 0) whole_ = false;
    std::swap(old_, young_);
    young_.slots.assign(slots_max_, Fingerprint{});
    young_.used = 0;
}

}  // namespace sluice::crawl
