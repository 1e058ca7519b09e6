// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/extract/page_extract.h"

namespace sluice::crawl {

std::string extract_from(const ExtractRules& rules, const FetchAnswer& answer,
                         const PageReading& page) {
    if (page.body.empty() || !rules.matches(answer.order.url)) return {};
    auto json = rules.extract({.url = answer.order.url,
                               .body = page.body,
                               .encoding = page.encoding,
                               .xml = page.type.essence.ends_with("xml") &&
                                      page.type.essence != "application/xhtml+xml"});
    return json ? *std::move(json) : std::string();
}

std::string extract_from_markup(const ExtractRules& rules, const FetchAnswer& answer,
                                const PageReading& page) {
    if (!page.type.is_html() && !page.type.is_xml()) return {};
    return extract_from(rules, answer, page);
}

}  // namespace sluice::crawl
