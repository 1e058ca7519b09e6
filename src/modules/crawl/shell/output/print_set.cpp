// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/print_set.h"

#include "modules/crawl/core/frontier/seen_set.h"

#include <utility>

namespace sluice::crawl {
namespace {

constexpr std::size_t slots_min = 1024;
constexpr std::size_t smallest_max = 1024;
constexpr std::uint64_t odd = 0x9E3779B97F4A7C15U;

}  // namespace

std::uint64_t print_of(std::string_view name) { return fingerprint(name).high; }

bool PrintSet::insert(std::uint64_t print) {
    if (size_ * 2 >= slots_.size()) grow();
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = (print * odd) >> 20U & mask;
    while (slots_[at] != 0) {
        if (slots_[at] == print) return false;
        at = (at + 1) & mask;
    }
    slots_[at] = print;
    ++size_;
    return true;
}

void PrintSet::grow() {
    std::vector<std::uint64_t> old(slots_.empty() ? slots_min : slots_.size() * 2);
    std::swap(old, slots_);
    size_ = 0;
    for (const std::uint64_t print : old) {
        if (print != 0) insert(print);
    }
}

void PrintSet::clear() {
    slots_.clear();
    size_ = 0;
}

void PrintCount::add(std::uint64_t print) {
    if (smallest_.size() >= smallest_max && print >= *smallest_.rbegin()) return;
    smallest_.insert(print);
    if (smallest_.size() > smallest_max) smallest_.erase(--smallest_.end());
}

std::uint64_t PrintCount::estimate() const {
    if (smallest_.size() < smallest_max) return smallest_.size();
    const double largest = static_cast<double>(*smallest_.rbegin()) / 18446744073709551616.0;
    return static_cast<std::uint64_t>(static_cast<double>(smallest_max - 1) / largest);
}

}  // namespace sluice::crawl
