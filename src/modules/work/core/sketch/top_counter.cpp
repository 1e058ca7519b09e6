// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/sketch/top_counter.h"

#include "kernel/base/text.h"
#include "modules/work/core/sketch/hash64.h"

#include <algorithm>
#include <utility>

namespace sluice::work {

void TopCounter::add(std::string_view text) { add(text, hash64(text)); }

const double* TopCounter::add(std::string_view text, std::uint64_t hash) {
    if (index_.empty()) rebuild(16);
    const std::size_t mask = index_.size() - 1;
    for (std::size_t at = hash & mask; index_[at] != none; at = (at + 1) & mask) {
        Entry& entry = entries_[index_[at]];
        if (entry.hash != hash) continue;
        ++entry.count;
        return &entry.note;
    }
    if (entries_.size() >= different_max_) make_room();
    if ((entries_.size() + 1) * 2 > index_.size()) rebuild(index_.size() * 2);
    place(hash, static_cast<std::uint32_t>(entries_.size()));
    entries_.push_back({hash, 1, 0, std::string(truncate_utf8(text, text_bytes_max_))});
    return nullptr;
}

void TopCounter::place(std::uint64_t hash, std::uint32_t index) {
    const std::size_t mask = index_.size() - 1;
    std::size_t at = hash & mask;
    while (index_[at] != none) at = (at + 1) & mask;
    index_[at] = index;
}

void TopCounter::rebuild(std::size_t slots) {
    index_.assign(slots, none);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        place(entries_[i].hash, static_cast<std::uint32_t>(i));
    }
}

/// Takes the median count away from all, which frees at least half of the table. Each such step
/// consumes at least different_max / 2 × median of what was counted, hence the bound of error().
void TopCounter::make_room() {
    std::vector<std::uint64_t> counts;
    counts.reserve(entries_.size());
    for (const Entry& entry : entries_) counts.push_back(entry.count);
    const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
    std::nth_element(counts.begin(), middle, counts.end());
    const std::uint64_t taken = *middle;
    error_ += taken;
    std::size_t kept = 0;
    for (Entry& entry : entries_) {
        if (entry.count <= taken) continue;
        entry.count -= taken;
        if (&entries_[kept] != &entry) entries_[kept] = std::move(entry);
        ++kept;
    }
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(kept), entries_.end());
    rebuild(index_.size());
}

std::vector<TopEntry> TopCounter::top(std::size_t count) const {
    std::vector<const Entry*> order;
    order.reserve(entries_.size());
    for (const Entry& entry : entries_) order.push_back(&entry);
    const std::size_t given = std::min(count, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(given),
                      order.end(), [](const Entry* a, const Entry* b) {
                          return a->count != b->count ? a->count > b->count : a->text < b->text;
                      });
    std::vector<TopEntry> out;
    for (std::size_t i = 0; i < given; ++i) out.push_back({order[i]->text, order[i]->count});
    return out;
}

}  // namespace sluice::work
