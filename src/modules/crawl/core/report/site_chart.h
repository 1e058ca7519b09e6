// SPDX-License-Identifier: Apache-2.0
// The drawings of the crawl's report as inline SVG and HTML. Colours are classes and variables of
// the page, so that dark and light need one drawing. All texts are escaped.
#pragma once

#include "modules/crawl/core/report/site_report.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// A labelled amount. `colour` is a class of the page's style ("good", "c3").
struct Amount {
    std::string label;
    std::uint64_t count = 0;
    std::string_view colour;
    std::string note;  ///< smaller, behind the label; may be empty
};

/// One bar cut into its parts, with a legend.
std::string stacked_bar(const std::vector<Amount>& parts, std::uint64_t whole);
/// A bar for each, the longest as wide as there is room.
std::string bar_list(const std::vector<Amount>& bars);
/// Upright columns with their labels below.
std::string column_chart(const std::vector<Amount>& columns, std::string_view title);
/// Pages and failures a second over time.
std::string time_chart(const TimeBins& time);
/// The picture of the links; its nodes are placed already.
std::string link_picture(const LinkPicture& picture);

}  // namespace sluice::crawl
