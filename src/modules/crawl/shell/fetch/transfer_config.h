// SPDX-License-Identifier: Apache-2.0
// For transfers: which entry of the configuration holds for a URL, and which fault a code of
// libcurl is. Pure.
#pragma once

#include "modules/crawl/core/page/fetch_answer.h"

#include <string_view>

namespace sluice::crawl {

/// Views of a URL as our parser writes it.
struct UrlOrigin {
    std::string_view origin;  ///< "https://example.org:8443"
    std::string_view host;    ///< "example.org", "[::1]"
};
UrlOrigin url_origin(std::string_view url);

/// The pattern is of an origin if it has a scheme, else of a host. Case does not count.
bool matches_origin(std::string_view pattern, const UrlOrigin& origin);

/// For a CURLcode that is not CURLE_OK.
FetchFault fault_of(int curl_code);

}  // namespace sluice::crawl
