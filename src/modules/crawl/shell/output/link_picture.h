// SPDX-License-Identifier: Apache-2.0
// Which hosts or pages the report's picture shows: those that most links lead to.
#pragma once

#include "kernel/base/result.h"
#include "kernel/store/file_io.h"
#include "modules/crawl/core/report/site_report.h"

#include <string>
#include <vector>

namespace sluice::crawl {

inline constexpr std::size_t picture_nodes_max = 90;
inline constexpr std::size_t picture_lines_max = 700;

/// Two passes over edges.csv, in bounded memory: counts beyond the bound are estimates. Hosts if
/// several were crawled, else pages. `crawled`: the hosts of which pages were fetched. Nodes come
/// by links, the most linked first.
Result<LinkPicture> make_picture(const FileIo& files, const std::string& edges,
                                 const std::vector<std::string>& crawled);

}  // namespace sluice::crawl
