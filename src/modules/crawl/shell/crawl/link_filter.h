// SPDX-License-Identifier: Apache-2.0
// LinkFilter: the links that one fetch thread told the owner lately. Most links of a page are on
// other pages, too; those need not be told again. It may forget, it never confuses. Pure.
#pragma once

#include "modules/crawl/core/frontier/seen_set.h"
#include "modules/crawl/core/frontier/types.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::crawl {

/// Why it is safe: what one thread tells reaches the owner in order, so the owner has seen the
/// earlier telling first; and a link that is no nearer than before changes nothing in the frontier.
class LinkFilter {
public:
    /// `count_max`: links remembered, rounded up to a power of two; each takes 24 bytes.
    explicit LinkFilter(std::size_t count_max = 32'768)
        : slots_(std::bit_ceil(std::max<std::size_t>(count_max, 2))) {}

    /// Takes out what the owner knows, and remembers the rest as told.
    void keep_news(std::vector<Found>& found) {
        for (Found& one : found) {
            one.print = fingerprint(one);
            __builtin_prefetch(&slots_[place_of(one.print)]);  // far away, and there are many
        }
        std::erase_if(found, [this](const Found& one) { return !is_news(one); });
    }

private:
    struct Slot {
        Fingerprint print;
        std::uint32_t depth = 0;
        std::uint8_t hops = 0;
    };

    /// Two places for each, so that a link that is on every page is rarely driven out.
    [[nodiscard]] std::size_t place_of(const Fingerprint& print) const {
        return (print.low >> 2U) & (slots_.size() - 1) & ~std::size_t{1};
    }

    bool is_news(const Found& found) {
        const Fingerprint& print = found.print;
        const std::size_t at = place_of(print);
        for (const std::size_t place : {at, at + 1}) {
            Slot& slot = slots_[place];
            if (!(slot.print == print)) continue;
            if (slot.depth <= found.depth && slot.hops <= found.hops) return false;
            slot = {print, found.depth, found.hops};
            return true;
        }
        slots_[at + 1] = slots_[at];
        slots_[at] = {print, found.depth, found.hops};
        return true;
    }

    std::vector<Slot> slots_;
};

}  // namespace sluice::crawl
