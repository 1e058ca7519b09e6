// SPDX-License-Identifier: Apache-2.0
// Novelty: which part of a host goes on for ever with nothing new (calendars, filters, session
// ids). One host's memory of what its pages were like; soft state, begun anew after a restart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::crawl {

struct NoveltyConfig {
    int distance = 3;                ///< bits; pages that differ in more are new
    std::uint32_t stale_after = 50;  ///< pages in a row below one prefix that are not new
    std::size_t pages_max = 256;     ///< that are remembered, the newest
    std::size_t prefixes_max = 64;   ///< that are watched; further ones are not
};

/// What of a path is watched as one: its first segment, and whether it has a query.
std::string_view novelty_prefix(std::string_view path);

class Novelty {
public:
    explicit Novelty(const NoveltyConfig& config = {}) : config_(config) {}

    /// A page and the Simhash of its text. A page that is new ends the row of its prefix.
    void note(std::string_view path, std::uint64_t simhash);
    /// So many pages below its prefix were like others that the next hardly will be new.
    [[nodiscard]] bool is_stale(std::string_view path) const;

private:
    [[nodiscard]] bool is_known(std::uint64_t simhash) const;

    NoveltyConfig config_;
    std::vector<std::uint64_t> pages_;  ///< a ring
    std::size_t next_ = 0;
    std::unordered_map<std::string, std::uint32_t> rows_;
};

}  // namespace sluice::crawl
