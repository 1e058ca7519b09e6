// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/number_stats.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace sluice::work {

void ExactSum::add(double number) {
    std::size_t kept = 0;
    for (double part : parts_) {
        if (std::abs(number) < std::abs(part)) std::swap(number, part);
        const double high = number + part;
        const double low = part - (high - number);
        if (low != 0) parts_[kept++] = low;
        number = high;
    }
    parts_.resize(kept);
    parts_.push_back(number);
}

double ExactSum::value() const {
    // From the large parts down; what is left of the first inexact step decides a tie.
    if (parts_.empty()) return 0;
    std::size_t at = parts_.size() - 1;
    double high = parts_[at];
    double low = 0;
    while (at > 0 && low == 0) {
        const double before = high;
        const double part = parts_[--at];
        high = before + part;
        low = part - (high - before);
    }
    if (at > 0 && ((low < 0 && parts_[at - 1] < 0) || (low > 0 && parts_[at - 1] > 0))) {
        const double doubled = low * 2;
        const double moved = high + doubled;
        if (doubled == moved - high) high = moved;
    }
    return high;
}

Status NumberStats::add(double number) {
    if (!std::isfinite(number)) return fail(Code::invalid, "a number is not finite");
    if (numbers_.size() == count_max_) {
        return fail(Code::exhausted,
                    "more than the limit of " + std::to_string(count_max_) + " numbers");
    }
    numbers_.push_back(number);
    sum_.add(number);
    return {};
}

void NumberStats::finish() {
    std::sort(numbers_.begin(), numbers_.end());
    if (numbers_.size() < 2) return;
    const double centre = mean();
    ExactSum squares;
    for (const double number : numbers_) squares.add((number - centre) * (number - centre));
    variance_ = squares.value() / static_cast<double>(numbers_.size() - 1);
}

double NumberStats::mean() const { return sum_.value() / static_cast<double>(numbers_.size()); }

double NumberStats::quantile(double at) const {
    const double place = at * static_cast<double>(numbers_.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, numbers_.size() - 1);
    const double part = place - static_cast<double>(below);
    return numbers_[below] * (1 - part) + numbers_[above] * part;
}

std::vector<HistogramBin> NumberStats::histogram(std::size_t bins) const {
    const double width = (max() - min()) / static_cast<double>(bins);
    if (!(width > 0) || !std::isfinite(width)) return {{min(), max(), count()}};
    std::vector<HistogramBin> out(bins);
    for (std::size_t i = 0; i < bins; ++i) {
        out[i].from = i == 0 ? min() : out[i - 1].to;
        out[i].to = i + 1 == bins ? max() : min() + width * static_cast<double>(i + 1);
    }
    std::size_t bin = 0;
    for (const double number : numbers_) {
        while (bin + 1 < bins && number >= out[bin].to) ++bin;
        ++out[bin].count;
    }
    return out;
}

}  // namespace sluice::work
