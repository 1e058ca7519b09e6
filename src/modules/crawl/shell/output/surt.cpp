// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/surt.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "modules/crawl/core/url/url.h"

#include <algorithm>
#include <vector>

namespace sluice::crawl {
namespace {

/// Without "www.", "www2." and their like.
std::string_view without_www(std::string_view host) {
    if (!host.starts_with("www")) return host;
    const std::size_t dot = host.find_first_not_of("0123456789", 3);
    if (dot == std::string_view::npos || host[dot] != '.') return host;
    return host.substr(dot + 1);
}

}  // namespace

std::string surt(std::string_view text) {
    auto url = parse_url(text);
    if (!url || !url->has_host() || url->has_opaque_path()) return std::string(text);
    std::string out;
    out.reserve(text.size());
    const std::string_view host = without_www(url->hostname());
    const std::vector<std::string_view> labels = split(host, '.');
    for (std::size_t i = labels.size(); i-- > 0;) {
        out += labels[i];
        if (i > 0) out += ',';
    }
    if (!url->port().empty()) out.append(":").append(url->port());
    out += ')';
    std::string_view path = url->pathname();
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    out += path;
    const std::string_view query = url->search();
    std::string lower = ascii_lowered(out);
    if (query.size() > 1) {
        const std::string small = ascii_lowered(query.substr(1));
        std::vector<std::string_view> parts = split(small, '&');
        std::sort(parts.begin(), parts.end());
        char before = '?';
        for (const std::string_view part : parts) {
            lower += before;
            lower += part;
            before = '&';
        }
    }
    return lower;
}

}  // namespace sluice::crawl
