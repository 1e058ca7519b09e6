// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/report/site_report.h"

#include <algorithm>

namespace sluice::crawl {

void TimeBins::add(WallTime when, const TimeBin& what) {
    if (bins_.empty()) begin_ = when;
    // Answers come a little out of order; the first to come is as good a beginning as any.
    Duration since = std::max(when - begin_, Duration{0});
    while (since / width_ >= static_cast<Duration::rep>(report_bins_max)) {
        width_ *= 2;
        for (std::size_t i = 0; i < bins_.size(); ++i) {
            if (i % 2 == 0) {
                bins_[i / 2] = bins_[i];
            } else {
                bins_[i / 2].pages += bins_[i].pages;
                bins_[i / 2].failed += bins_[i].failed;
                bins_[i / 2].bytes += bins_[i].bytes;
            }
        }
        bins_.resize((bins_.size() + 1) / 2);
    }
    const auto at = static_cast<std::size_t>(since / width_);
    if (at >= bins_.size()) bins_.resize(at + 1);
    bins_[at].pages += what.pages;
    bins_[at].failed += what.failed;
    bins_[at].bytes += what.bytes;
}

}  // namespace sluice::crawl
