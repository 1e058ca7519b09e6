// SPDX-License-Identifier: Apache-2.0
// What a crawl is by: the settings that must be the same in all of its runs, as words that can be
// compared and shown. Pure.
#pragma once

#include "kernel/base/result.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::crawl {

struct CrawlSettings {
    /// Name and value of each fixed setting ("depth", "5"), in the order in which they are shown.
    std::vector<std::pair<std::string, std::string>> fixed;
    /// The caller's own (CrawlConfig::remember); not compared.
    std::string remembered;
};

/// Whether a crawl that was begun with `before` may go on with `now`. Errors: invalid, naming the
/// first setting that differs and both values.
Status check_settings(const CrawlSettings& before, const CrawlSettings& now);

/// The record begins with a version; a reader refuses a newer one.
std::string settings_record(const CrawlSettings& settings);
/// Errors: corrupt.
Result<CrawlSettings> read_settings(std::string_view record);

}  // namespace sluice::crawl
