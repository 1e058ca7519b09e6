// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/url/idna.h"

#include "modules/crawl/core/url/percent.h"

#include <algorithm>

namespace sluice::crawl {

std::optional<std::string> domain_to_ascii(std::string_view domain) {
    if (!is_ascii(domain)) return std::nullopt;
    std::string out(domain);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

std::string domain_to_unicode(std::string_view domain) { return std::string(domain); }

}  // namespace sluice::crawl
