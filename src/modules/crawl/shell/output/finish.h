// SPDX-License-Identifier: Apache-2.0
// The files that are made once the crawl is over, from those that grew and from the store. Each
// takes bounded memory, however large the crawl is.
#pragma once

#include "kernel/base/result.h"
#include "kernel/store/file_io.h"
#include "modules/crawl/core/report/progress.h"
#include "modules/crawl/core/report/site_report.h"
#include "modules/crawl/shell/output/outputs.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

inline constexpr std::string_view pages_name = "pages.jsonl";
inline constexpr std::string_view edges_name = "edges.csv";

/// What all of them need.
struct Finish {
    const OutputConfig& config;
    const FileIo& files;
    CrawlSummary& summary;  ///< each adds its file's name
    const EachRecord& store;

    [[nodiscard]] std::string path(std::string_view name) const {
        return config.folder + "/" + std::string(name);
    }
};

/// index.cdxj: sorted as sort does with LC_ALL=C.
Status write_cdx_index(const Finish& finish);
/// graph.graphml, from edges.csv and pages.jsonl.
Status write_graphml(const Finish& finish);
/// broken.csv, if it is wanted; and those with the most links, for the report.
Status write_broken_links(const Finish& finish, std::vector<BrokenLink>& worst);

/// report.html.
Status write_report(const Finish& finish, std::vector<BrokenLink> broken);

}  // namespace sluice::crawl
