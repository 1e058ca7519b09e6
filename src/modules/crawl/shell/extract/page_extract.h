// SPDX-License-Identifier: Apache-2.0
// What is given to the rules of extraction: which pages of a crawl, and read as what. One rule for
// the command, which tries pages of every type, and for jobs, which leave out what is no markup.
#pragma once

#include "modules/crawl/core/page/fetch_answer.h"
#include "modules/crawl/core/page/page_reader.h"
#include "modules/crawl/shell/extract/extract.h"

#include <string>

namespace sluice::crawl {

/// The members that the rules find in a page of any type, as a JSON object; empty for pages that no
/// rule is for and for those that cannot be read.
std::string extract_from(const ExtractRules& rules, const FetchAnswer& answer,
                         const PageReading& page);
/// The same for pages of HTML and XML; empty for others.
std::string extract_from_markup(const ExtractRules& rules, const FetchAnswer& answer,
                                const PageReading& page);

}  // namespace sluice::crawl
