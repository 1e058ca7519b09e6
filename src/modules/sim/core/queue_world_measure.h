// SPDX-License-Identifier: Apache-2.0
// Level: a number that changes in steps, and its mean over time: in the measured window, and bin by
// bin. Used for ready jobs, busy and present slots, closed limits.
#pragma once

#include "kernel/base/time.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace sluice::sim {

/// The times that all levels of one run share.
struct Frame {
    Duration begin{0};  ///< Of the measured window.
    Duration end{0};
    Duration bin{1};
    std::size_t bins = 0;
};

class Level {
public:
    explicit Level(const Frame& frame) : frame_(&frame), areas_(frame.bins, 0.0) {}

    [[nodiscard]] std::int64_t value() const { return value_; }
    void add(std::int64_t change, Duration now) {
        advance(now);
        value_ += change;
    }
    /// Counts the present value up to `now`.
    void advance(Duration now) {
        if (value_ != 0 && now > since_) spread(now);
        since_ = now;
    }
    /// Value times time since the start, in nanoseconds; for means between two looks.
    [[nodiscard]] double area() const { return total_; }
    /// Mean over the measured window (up to `end`, where the run ended earlier).
    [[nodiscard]] double mean(Duration end) const {
        const Duration last = end < frame_->end ? end : frame_->end;
        const auto length = static_cast<double>((last - frame_->begin).count());
        return length > 0 ? window_ / length : 0.0;
    }
    /// Mean of each bin; bins that begin at or after `end` are left out.
    [[nodiscard]] std::vector<double> series(Duration end) const {
        std::vector<double> out;
        for (std::size_t i = 0; i < frame_->bins; ++i) {
            const Duration from = frame_->bin * static_cast<std::int64_t>(i);
            if (from >= end) break;
            const Duration length = end - from < frame_->bin ? end - from : frame_->bin;
            out.push_back(areas_[i] / static_cast<double>(length.count()));
        }
        return out;
    }

private:
    void spread(Duration now) {
        const auto value = static_cast<double>(value_);
        total_ += value * static_cast<double>((now - since_).count());
        const Duration from = since_ > frame_->begin ? since_ : frame_->begin;
        const Duration to = now < frame_->end ? now : frame_->end;
        if (to > from) window_ += value * static_cast<double>((to - from).count());
        Duration at = since_;
        if (bin_end_ == Duration{0}) bin_end_ = frame_->bin;
        while (at < now && place_ < frame_->bins) {
            if (at >= bin_end_) {
                ++place_;
                bin_end_ += frame_->bin;
                continue;
            }
            const Duration stop = now < bin_end_ ? now : bin_end_;
            areas_[place_] += value * static_cast<double>((stop - at).count());
            at = stop;
        }
    }

    const Frame* frame_;
    std::vector<double> areas_;
    std::int64_t value_ = 0;
    Duration since_{0};
    double total_ = 0;
    double window_ = 0;
    std::size_t place_ = 0;
    Duration bin_end_{0};
};

/// A mean of values by the bin of their time.
class BinnedMean {
public:
    explicit BinnedMean(const Frame& frame)
        : frame_(&frame), sums_(frame.bins, 0.0), counts_(frame.bins, 0) {}
    void add(Duration at, double value) {
        const auto place = static_cast<std::size_t>(at / frame_->bin);
        if (place >= frame_->bins) return;
        sums_[place] += value;
        ++counts_[place];
    }
    [[nodiscard]] std::vector<double> series() const {
        std::vector<double> out(sums_.size(), std::numeric_limits<double>::quiet_NaN());
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (counts_[i] > 0) out[i] = sums_[i] / static_cast<double>(counts_[i]);
        }
        return out;
    }

private:
    const Frame* frame_;
    std::vector<double> sums_;
    std::vector<std::uint64_t> counts_;
};

}  // namespace sluice::sim
