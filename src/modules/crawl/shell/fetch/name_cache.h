// SPDX-License-Identifier: Apache-2.0
// What is known of host names: NameCache holds answers until they end, read_hosts reads the text of
// a hosts file. Pure; asks nobody.
#pragma once

#include "kernel/algo/deadline_heap.h"
#include "kernel/base/time.h"
#include "modules/crawl/core/frontier/types.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::crawl {

/// What a name leads to: addresses, or why there is none.
struct NameAnswer {
    std::vector<std::string> addresses;
    Failure failure = Failure::dns;
};

/// Addresses by lower-case name.
using NameTable = std::unordered_map<std::string, std::vector<std::string>>;

/// The lines of a hosts file (hosts(5)): an address and its names, up to a "#". A name in several
/// lines has all their addresses. Lines that make no sense are left out.
NameTable read_hosts(std::string_view text);

/// Whether a name server can be asked for it: labels of 1 to 63 bytes, 253 in all, and no number
/// last ("127.1" is no name but a careless form of an address).
bool is_host_name(std::string_view name);

/// One owner.
class NameCache {
public:
    /// Over `count_max` names, those that end soonest are forgotten.
    explicit NameCache(std::size_t count_max) : count_max_(count_max) {}

    /// Null if nothing is known (any more). Valid until the cache changes.
    const NameAnswer* find(const std::string& name, Instant now);
    /// Until when the name is known, which find() just gave.
    [[nodiscard]] Instant end_of(const std::string& name) const;
    void put(const std::string& name, NameAnswer answer, Instant end);
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        NameAnswer answer;
        Instant end;
        DeadlineHandle handle;
    };
    std::size_t count_max_;
    std::unordered_map<std::string, Entry> entries_;
    DeadlineHeap<const std::string*, Instant> ends_;  ///< of the map's own keys
};

}  // namespace sluice::crawl
