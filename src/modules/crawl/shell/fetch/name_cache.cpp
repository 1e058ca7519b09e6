// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/name_cache.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "kernel/net/address_rules.h"

#include <algorithm>
#include <utility>

namespace sluice::crawl {

NameTable read_hosts(std::string_view text) {
    NameTable table;
    for (std::string_view line : split(text, '\n')) {
        const auto words = split_words(line.substr(0, line.find('#')));
        if (words.size() < 2) continue;
        const auto address = IpAddress::parse(words[0]);
        if (!address) continue;
        for (std::size_t i = 1; i < words.size(); ++i) {
            auto& addresses = table[ascii_lowered(words[i])];
            const std::string shown = address->text();
            if (std::find(addresses.begin(), addresses.end(), shown) == addresses.end()) {
                addresses.push_back(shown);
            }
        }
    }
    return table;
}

bool is_host_name(std::string_view name) {
    if (name.empty() || name.size() > 253) return false;
    const auto labels = split(name, '.');
    const bool lengths = std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
        return !label.empty() && label.size() <= 63;
    });
    const std::string_view last = labels.back();
    const bool digits = std::all_of(last.begin(), last.end(), is_ascii_digit);
    return lengths && !digits && !starts_with_ignoring_case(last, "0x");
}

const NameAnswer* NameCache::find(const std::string& name, Instant now) {
    while (auto ended = ends_.pop_due(now)) entries_.erase(*ended->value);
    const auto found = entries_.find(name);
    return found == entries_.end() ? nullptr : &found->second.answer;
}

Instant NameCache::end_of(const std::string& name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? Instant::min() : found->second.end;
}

void NameCache::put(const std::string& name, NameAnswer answer, Instant end) {
    if (count_max_ == 0) return;
    const auto [place, is_new] = entries_.try_emplace(name);
    Entry& entry = place->second;
    entry.answer = std::move(answer);
    entry.end = end;
    if (is_new) {
        entry.handle = ends_.push(end, &place->first);
    } else {
        ends_.reschedule(entry.handle, end);
    }
    while (entries_.size() > count_max_) entries_.erase(*ends_.pop_due(Instant::max())->value);
}

}  // namespace sluice::crawl
