// SPDX-License-Identifier: Apache-2.0
// `sluice crawl --adjust`: other rates for a crawl that runs, from another process. They lie in a
// file of the crawl's folder, so a later --resume finds them, too; a signal says that they are new.
#pragma once

#include "app/crawl_options.h"
#include "kernel/base/result.h"

#include <csignal>
#include <string>
#include <vector>

namespace sluice::app {

/// What the crawl is sent when its rates are new.
inline constexpr int adjust_signal = SIGUSR1;

/// The words that were typed with --adjust so far, the newest last; none if there is no such file.
/// Errors: io, corrupt.
Result<std::vector<std::string>> adjusted_words(const std::string& folder);
/// Adds the words and tells the crawl. Errors: invalid (words that are no rates), not_found (no
/// crawl runs there), denied, io.
Status adjust_crawl(const CrawlArguments& typed, const std::vector<std::string>& words);
/// A new crawl has none. Errors: io.
Status forget_adjusted(const std::string& folder);

}  // namespace sluice::app
