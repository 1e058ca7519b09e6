// SPDX-License-Identifier: Apache-2.0
// The URL under which a crawl knows a page: rules on top of the URL standard, each of which calls
// some URLs one that the standard tells apart, and the limits of shape that keep a crawl out of
// traps. Not scope, not robots.
#pragma once

#include "modules/crawl/core/url/url.h"

#include <cstddef>
#include <string_view>

namespace sluice::crawl {

/// Which rules apply. The fragment is always dropped; scheme and host in lower case, the scheme's
/// own port and dot segments are gone by the standard. Whatever the rules, the canonical form of a
/// canonical form is itself.
struct CanonicalRules {
    /// %7E and all other unreserved characters decoded, other triplets in upper case, a "%" that
    /// begins none as %25.
    bool normalise_percent = true;
    /// "?jsessionid=…", ";jsessionid=…" and other keys of sessions.
    bool drop_session_ids = true;
    /// "http://a/?" is "http://a/".
    bool drop_empty_query = true;
    /// "utm_…", "gclid" and other keys of campaigns.
    bool drop_tracking = false;
    /// "b=1&a=2" is "a=2&b=1"; parts that are empty go.
    bool sort_query = false;
    /// "/a//b" is "/a/b".
    bool merge_slashes = false;
    /// "example.com." is "example.com".
    bool drop_host_dot = false;
};

/// URLs beyond any of these are refused; 0 takes a limit away.
struct ShapeLimits {
    std::size_t bytes_max = 2048;
    std::size_t segments_max = 32;
    std::size_t repeats_max = 3;  ///< times that one segment may occur in a path
    std::size_t query_keys_max = 16;
};

/// Why a crawl does not take a URL.
enum class UrlRefusal : std::uint8_t {
    none,
    not_a_url,
    scheme,       ///< neither http nor https
    host_length,  ///< the name system has no such names: a label of 0 or more than 63 bytes, or
                  ///< above 253
    too_long,
    too_many_segments,
    repeated_segment,
    too_many_query_keys,
};

/// The word used in logs and in JSON ("too_many_segments").
std::string_view to_string(UrlRefusal refusal);

/// How links become the URLs of a crawl.
struct LinkRules {
    CanonicalRules canonical;
    ShapeLimits shape;
    UrlOptions parsing;
};

/// What becomes of a link.
struct LinkVerdict {
    UrlRefusal refusal = UrlRefusal::none;
    UrlFault fault = UrlFault::none;  ///< if it is not_a_url
};

/// Resolves a link against its base and makes it canonical. `out` holds the URL unless it is no
/// URL; its memory is used again.
LinkVerdict resolve_link(Url& out, std::string_view link, const Url* base,
                         const LinkRules& rules = {});

/// Makes a URL of http or https canonical; others only lose their fragment.
void make_canonical(Url& url, const CanonicalRules& rules = {});
/// Whether the URL is one that a crawl takes.
UrlRefusal check_shape(const Url& url, const ShapeLimits& limits = {});
/// Whether the name system can have such a name (RFC 1035, 2.3.4); a dot at the end is allowed.
bool fits_name_system(std::string_view domain);

}  // namespace sluice::crawl
