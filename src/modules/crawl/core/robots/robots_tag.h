// SPDX-License-Identifier: Apache-2.0
// X-Robots-Tag headers and <meta name="robots"> contents: what may be done with one page. Neither
// says anything about fetching it; that is robots.txt.
#pragma once

#include "kernel/base/time.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::crawl {

/// What is forbidden or limited; several sources add up, the stricter one wins.
struct PageDirectives {
    bool noindex = false;   ///< Do not keep or show the page ("none" says so, too).
    bool nofollow = false;  ///< Do not follow its links.
    bool noarchive = false;
    bool nosnippet = false;
    bool noimageindex = false;
    bool notranslate = false;
    bool indexifembedded = false;
    std::optional<WallTime> unavailable_after;      ///< As noindex from then on.
    std::optional<std::int32_t> max_snippet;        ///< Characters; -1: no limit.
    std::optional<std::int32_t> max_video_preview;  ///< Seconds; -1: no limit.

    /// noindex, or unavailable_after has come.
    [[nodiscard]] bool forbids_index(WallTime now) const {
        return noindex || (unavailable_after && *unavailable_after <= now);
    }
    friend bool operator==(const PageDirectives&, const PageDirectives&) = default;
};

/// A longer value is cut.
inline constexpr std::size_t robots_tag_bytes_max = 8 * 1024;

/// Adds what one X-Robots-Tag value says to the crawler with this product token. A value may name
/// crawlers ("googlebot: noindex, otherbot: nofollow"); what stands before the first name is for
/// everyone. Unknown words are passed over.
void add_robots_tag(PageDirectives& directives, std::string_view value, std::string_view agent);

/// The same for the content of a meta element, which names no crawlers.
void add_meta_robots(PageDirectives& directives, std::string_view content);

}  // namespace sluice::crawl
