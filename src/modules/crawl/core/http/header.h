// SPDX-License-Identifier: Apache-2.0
// Values of HTTP headers that a crawl reads, each by the rules browsers and RFC 9110/9111/8288 have
// for it. Knows no requests; dates are in date.h, cookies in cookie.h, Content-Encoding in unpack.
#pragma once

#include "kernel/base/time.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// A longer value is cut.
inline constexpr std::size_t header_value_bytes_max = 16 * 1024;
/// Links of one Link header; further ones are left out.
inline constexpr std::size_t header_links_max = 256;

/// Content-Type, as https://mimesniff.spec.whatwg.org/ parses it.
struct MimeType {
    std::string essence;  ///< "text/html", lower case.
    std::string charset;  ///< The label as written; empty: none.

    [[nodiscard]] bool is_html() const {
        return essence == "text/html" || essence == "application/xhtml+xml";
    }
    /// text/xml, application/xml and everything that ends in +xml.
    [[nodiscard]] bool is_xml() const;
};
std::optional<MimeType> parse_content_type(std::string_view value);

/// Retry-After: seconds, or a date in any of the three forms; at least 0, at most 365 days.
std::optional<Duration> parse_retry_after(std::string_view value, WallTime now);

/// Cache-Control of an answer; of repeated directives the stricter one.
struct CacheControl {
    bool no_store = false;
    bool no_cache = false;
    std::optional<Duration>
        max_age;  ///< At most 365 days; 0 where it is no number (RFC 9111, 4.2.1).
};
CacheControl parse_cache_control(std::string_view value);

/// One link of a Link header (RFC 8288).
struct HeaderLink {
    std::string url;                ///< As written, to be resolved against the page.
    std::vector<std::string> rels;  ///< Lower case.
    std::string type;               ///< Its media type, if it says so.
    [[nodiscard]] bool has_rel(std::string_view rel) const;
};
std::vector<HeaderLink> parse_link_header(std::string_view value);

/// The entity tag as it must be sent back in If-None-Match ("W/" and quotes included), empty if the
/// value is none.
std::string_view parse_etag(std::string_view value);
/// Last-Modified as it must be sent back in If-Modified-Since, empty if it is no date.
std::string_view parse_last_modified(std::string_view value, WallTime now);

}  // namespace sluice::crawl
