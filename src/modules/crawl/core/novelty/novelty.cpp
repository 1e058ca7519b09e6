// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/novelty/novelty.h"

#include "modules/crawl/core/novelty/simhash.h"

#include <algorithm>

namespace sluice::crawl {

std::string_view novelty_prefix(std::string_view path) {
    const std::size_t query = path.find('?');
    if (query != std::string_view::npos) return path.substr(0, query + 1);
    const std::size_t segment = path.find('/', 1);
    return path.substr(0, segment == std::string_view::npos ? 1 : segment + 1);
}

// All pages that are remembered are compared: 256 take about as long as one look-up in a table.
bool Novelty::is_known(std::uint64_t simhash) const {
    return std::any_of(pages_.begin(), pages_.end(), [&](std::uint64_t page) {
        return simhash_distance(page, simhash) <= config_.distance;
    });
}

void Novelty::note(std::string_view path, std::uint64_t simhash) {
    const bool known = is_known(simhash);
    if (!known && pages_.size() < config_.pages_max) {
        pages_.push_back(simhash);
    } else if (!known) {
        pages_[next_] = simhash;
        next_ = (next_ + 1) % pages_.size();
    }
    const std::string prefix(novelty_prefix(path));
    const auto row = rows_.find(prefix);
    if (row != rows_.end()) {
        row->second = known ? row->second + 1 : 0;
    } else if (known && rows_.size() < config_.prefixes_max) {
        rows_.emplace(prefix, 1);
    }
}

bool Novelty::is_stale(std::string_view path) const {
    const auto row = rows_.find(std::string(novelty_prefix(path)));
    return row != rows_.end() && row->second >= config_.stale_after;
}

}  // namespace sluice::crawl
