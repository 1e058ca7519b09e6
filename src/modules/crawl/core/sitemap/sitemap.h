// SPDX-License-Identifier: Apache-2.0
// Sitemaps in all their forms (sitemaps.org XML and its index, text, RSS, Atom, each also in gzip
// and in any encoding), read in pieces and given out entry by entry. Which of the URLs are followed
// is the caller's business; they come as written.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

enum class SitemapKind : std::uint8_t { unknown, urls, index, text, rss, atom };
std::string_view to_string(SitemapKind kind);

enum class ChangeFrequency : std::uint8_t {
    unknown,
    always,
    hourly,
    daily,
    weekly,
    monthly,
    yearly,
    never,
};

/// <xhtml:link rel="alternate" hreflang="de" href="…">
struct SitemapAlternate {
    std::string language;
    std::string url;
};

struct SitemapEntry {
    std::string url;  ///< Trimmed, not empty, as written. In an index: of another sitemap.
    std::optional<WallTime> last_modified;
    ChangeFrequency change_frequency = ChangeFrequency::unknown;
    std::optional<float> priority;  ///< 0 to 1.
    std::vector<SitemapAlternate> alternates;
    std::vector<std::string> images;  ///< <image:loc>
    std::vector<std::string> videos;  ///< <video:content_loc>, <video:player_loc>
    std::string news_title;           ///< <news:title>
    std::optional<WallTime> news_date;
};

struct SitemapLimits {
    std::size_t entries_max = 50'000;  ///< As sitemaps.org says.
    std::size_t bytes_max = 50 << 20;  ///< Unpacked, as sitemaps.org says.
    std::size_t value_bytes_max =
        8 * 1024;                  ///< Of one text; an entry with a longer URL is left out.
    std::size_t depth_max = 32;    ///< Elements inside each other.
    std::size_t parts_max = 1000;  ///< Alternates, images and videos of one entry, each.
};

/// "2005", "2005-01", "2005-01-01", "2005-01-01T12:00+02:00" (W3C), "Wed, 02 Oct 2002 15:00:00
/// +0200" (RSS). Errors: invalid.
Result<WallTime> parse_sitemap_date(std::string_view text);

class SitemapReader {
public:
    using Sink = std::function<void(SitemapEntry&&)>;

    explicit SitemapReader(Sink sink, SitemapLimits limits = {});
    ~SitemapReader();
    SitemapReader(const SitemapReader&) = delete;
    SitemapReader& operator=(const SitemapReader&) = delete;

    /// Takes bytes as they were fetched. Errors: invalid (no sitemap), corrupt (gzip or XML that is
    /// broken), exhausted (a limit). Entries before the fault have been given; after an error every
    /// further call gives the same one.
    Status feed(std::string_view bytes);
    /// The file ends. Errors: as feed.
    Status finish();

    [[nodiscard]] SitemapKind kind() const;
    [[nodiscard]] std::size_t entries() const;

private:
    class Body;
    std::unique_ptr<Body> body_;
};

}  // namespace sluice::crawl
