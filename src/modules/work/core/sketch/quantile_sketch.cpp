// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/sketch/quantile_sketch.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sluice::work {

namespace {

// Levels below the top shrink by a third each, but not below this; the first one is where numbers
// arrive, so it is kept large enough for sorting to be cheap.
constexpr std::size_t level_least = 8;
constexpr std::size_t first_least = 256;

double interpolated(const std::vector<double>& sorted, double share) {
    const double place = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    if (below + 1 >= sorted.size()) return sorted.back();
    const double part = place - static_cast<double>(below);
    // Written so that neighbours of opposite, huge size do not overflow.
    return sorted[below] * (1 - part) + sorted[below + 1] * part;
}

}  // namespace

QuantileSketch::QuantileSketch(std::size_t k)
    : k_(std::max<std::size_t>(k, first_least)), first_max_(k_ + 1), levels_(1) {}

double QuantileSketch::rank_error() const {
    return is_exact() ? 0 : 2.296 / std::pow(static_cast<double>(k_), 0.9723);
}

std::size_t QuantileSketch::level_max(std::size_t level) const {
    double size = static_cast<double>(k_);
    for (std::size_t above = levels_.size() - 1; above > level; --above) size *= 2.0 / 3.0;
    const std::size_t least = level == 0 ? first_least : level_least;
    return std::max(least, static_cast<std::size_t>(std::ceil(size)));
}

bool QuantileSketch::coin() {
    coin_state_ ^= coin_state_ << 13;
    coin_state_ ^= coin_state_ >> 7;
    coin_state_ ^= coin_state_ << 17;
    return (coin_state_ >> 60 & 1) != 0;
}

void QuantileSketch::compact() {
    for (std::size_t level = 0; level < levels_.size(); ++level) {
        if (levels_[level].size() < level_max(level)) continue;
        if (level + 1 == levels_.size()) levels_.emplace_back();
        std::vector<double> full = std::move(levels_[level]);
        levels_[level] = {};
        std::sort(full.begin(), full.end());
        // Of an odd number the last one stays, so that the weights still add up.
        if (full.size() % 2 == 1) {
            levels_[level].push_back(full.back());
            full.pop_back();
        }
        for (std::size_t i = coin() ? 1 : 0; i < full.size(); i += 2) {
            levels_[level + 1].push_back(full[i]);
        }
        if (level == 0) {
            full.assign(levels_[0].begin(), levels_[0].end());
            levels_[0] = std::move(full);  // keeps the memory
        }
    }
    first_max_ = level_max(0);
}

std::vector<double> QuantileSketch::quantiles(const std::vector<double>& shares) const {
    std::vector<double> out;
    out.reserve(shares.size());
    if (is_exact()) {
        std::vector<double> sorted = levels_.front();
        std::sort(sorted.begin(), sorted.end());
        for (const double share : shares) out.push_back(interpolated(sorted, share));
        return out;
    }
    std::vector<std::pair<double, std::uint64_t>> weighted;
    for (std::size_t level = 0; level < levels_.size(); ++level) {
        for (const double number : levels_[level]) {
            weighted.emplace_back(number, std::uint64_t{1} << level);
        }
    }
    std::sort(weighted.begin(), weighted.end());
    std::size_t at = 0;
    std::uint64_t rank = weighted.front().second;
    for (const double share : shares) {
        const double wanted = share * static_cast<double>(count_);
        while (static_cast<double>(rank) < wanted && at + 1 < weighted.size()) {
            rank += weighted[++at].second;
        }
        out.push_back(weighted[at].first);
    }
    return out;
}

}  // namespace sluice::work
