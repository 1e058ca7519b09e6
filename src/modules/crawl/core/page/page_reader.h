// SPDX-License-Identifier: Apache-2.0
// PageReader: what an answer means for the crawl. It undoes the content coding, finds the links and
// decides which of them belong to the crawl, and says how the fetch ended. It fetches nothing and
// remembers nothing of a page but memory to be used again.
#pragma once

#include "modules/crawl/core/frontier/types.h"
#include "modules/crawl/core/html/link_extractor.h"
#include "modules/crawl/core/http/header.h"
#include "modules/crawl/core/http/public_suffix.h"
#include "modules/crawl/core/page/fetch_answer.h"
#include "modules/crawl/core/robots/robots_tag.h"
#include "modules/crawl/core/scope/scope.h"
#include "modules/crawl/core/unpack/unpack.h"
#include "modules/crawl/core/url/canonical.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::crawl {

/// The kinds that lead to pages.
inline constexpr LinkKinds page_link_kinds = only(LinkKind::anchor) | only(LinkKind::area) |
                                             only(LinkKind::frame) | only(LinkKind::refresh) |
                                             only(LinkKind::canonical) | only(LinkKind::next) |
                                             only(LinkKind::previous) | only(LinkKind::alternate);

/// Sitemap indexes inside each other, with redirects between them, that are followed.
inline constexpr std::uint8_t sitemap_nesting_max = 4;

/// What a crawl wants of its pages. The same for all of them; shared by all readers.
struct PageRules {
    LinkRules links;  ///< their query encoding is that of the page, whatever stands here
    std::shared_ptr<const Scope> scope;              ///< never null
    std::shared_ptr<const PublicSuffixes> suffixes;  ///< null: hosts are their own domains
    LinkKinds follow = page_link_kinds;              ///< the kinds whose targets are fetched
    bool obey_nofollow = true;     ///< rel, meta robots and X-Robots-Tag; else they are only told
    bool sitemaps = true;          ///< those of robots.txt, and feeds, are followed
    std::string agent = "sluice";  ///< product token, for robots.txt, meta and X-Robots-Tag
    std::size_t unpacked_max = 32 << 20;  ///< bytes of a body without its content coding
    bool keep_links = false;              ///< fills PageReading::links, with kinds not followed
    bool keep_body = true;                ///< fills PageReading::body
    bool near_duplicates = false;         ///< fills PageEnd::simhash
    /// The user's veto on URLs that are in scope; false: excluded as out of scope. Empty: none.
    /// Called on the thread of any reader.
    std::function<bool(const Url&)> allow;
};

/// A link of a page, for the link graph.
struct PageLink {
    std::string url;  ///< canonical
    LinkKind kind = LinkKind::anchor;
    bool nofollow = false;              ///< by its rel or by the page
    bool followed = false;              ///< it is among the page's `found`, and not excluded
    std::optional<Exclusion> excluded;  ///< by the finder
    friend bool operator==(const PageLink&, const PageLink&) = default;
};

/// What a page brought.
struct PageReading {
    PageEnd end;                  ///< for Frontier::finish_page
    MimeType type;                ///< as sent, or as sniffed where nothing was sent
    std::string encoding;         ///< name of the text's encoding ("windows-1252"); empty: no text
    std::string title;            ///< UTF-8
    std::string language;         ///< of html's lang, else of Content-Language; UTF-8
    std::string canonical;        ///< URL that the page says is its own; empty: none
    PageDirectives directives;    ///< of meta robots and X-Robots-Tag
    std::vector<PageLink> links;  ///< in order, with repeats; only if PageRules::keep_links
    std::uint64_t links_cut = 0;  ///< links that were left out because there are too many
    std::string body;     ///< content coding undone, text as sent; only if PageRules::keep_body
    std::string problem;  ///< for people: why it failed, or what is missing; empty: nothing

    /// Makes it empty and keeps its memory.
    void clear();
};

/// Reads pages, one after the other; one thread. Its memory is that of the largest page so far.
class PageReader {
public:
    explicit PageReader(std::shared_ptr<const PageRules> rules);
    PageReader(PageReader&&) noexcept;
    PageReader& operator=(PageReader&&) noexcept;
    ~PageReader();

    /// What became of the fetch of a page or a sitemap. `now` counts for dates in headers.
    PageReading read(const FetchAnswer& answer, WallTime now);
    /// The same into memory that is used again.
    void read(const FetchAnswer& answer, WallTime now, PageReading& out);

    /// What became of the fetch of a robots.txt. One that was cancelled is not for the frontier:
    /// it would count as an attempt without an answer.
    RobotsEnd read_robots(const FetchAnswer& answer, WallTime now);

private:
    class Body;
    std::unique_ptr<Body> body_;
};

}  // namespace sluice::crawl
