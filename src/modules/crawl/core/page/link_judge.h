// SPDX-License-Identifier: Apache-2.0
// LinkJudge: which of a page's links are URLs of the crawl. Each becomes canonical and is measured
// by shape, scope and the user's veto; each URL is told once, the best of its finds.
#pragma once

#include "modules/crawl/core/page/page_reader.h"
#include "modules/crawl/core/text/query_encoding.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// URLs that one page or sitemap may bring; further ones are counted.
inline constexpr std::size_t page_found_max = 100'000;

/// A link, and what its target would be.
struct FoundLink {
    std::string_view href;
    LinkKind kind = LinkKind::anchor;
    bool nofollow = false;
    UrlKind target = UrlKind::page;
    std::uint32_t depth = 0;
    std::uint8_t urgency = 0;
    std::uint8_t hops = 0;
};

class LinkJudge {
public:
    explicit LinkJudge(std::shared_ptr<const PageRules> rules);

    /// Begins a page. `own` is its URL: finding itself is nothing new. Views live until finish.
    void begin(std::string_view own, std::vector<Found>& found, std::vector<PageLink>& links);
    /// The encoding of queries from here on; it begins as UTF-8.
    void set_encoding(Encoding encoding);

    /// Takes a link of the page. False: there were too many.
    bool take(const FoundLink& link, const Url& base);

    /// What a link leads to, apart from the page. `url` is canonical unless it is refused.
    struct Target {
        UrlRefusal refusal = UrlRefusal::none;
        std::optional<Exclusion> excluded;
    };
    Target judge(Url& url, std::string_view href, const Url& base, UrlKind kind);
    /// The registered domain of its host.
    std::string_view domain_of(const Url& url);

private:
    struct Slot {
        std::uint32_t page = 0;  ///< the page that put it there; another: free
        std::uint32_t index = 0;
        std::uint64_t hash = 0;
    };
    struct KnownHost {
        std::string host;
        std::string domain;
    };
    static constexpr std::size_t known_hosts = 16;

    /// The slot of this URL, or the free one for it; null: neither is near.
    Slot* find_slot(std::string_view url, std::uint64_t hash);
    void grow();

    std::shared_ptr<const PageRules> rules_;
    LinkRules links_rules_;
    std::optional<TextQueryEncoder> encoder_;
    Url url_;
    std::string_view own_;
    std::vector<Found>* found_ = nullptr;
    std::vector<PageLink>* links_ = nullptr;
    std::vector<Slot> slots_;
    std::uint32_t page_ = 0;
    std::size_t used_ = 0;
    std::array<KnownHost, known_hosts> hosts_;
};

}  // namespace sluice::crawl
