// SPDX-License-Identifier: Apache-2.0
// SURT: the sort-friendly form of a URL by which web archives look pages up, "com,example)/path".
#pragma once

#include <string>
#include <string_view>

namespace sluice::crawl {

/// As the replay tools make it: host without "www.", reversed; lower case throughout; a port that
/// is not the scheme's own; no slash at the end of a path; the query's parts sorted. Session keys
/// are not taken out. A text that is no URL with a host is given back as it is.
std::string surt(std::string_view url);

}  // namespace sluice::crawl
