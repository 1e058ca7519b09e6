// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/page/link_judge.h"

#include "modules/crawl/core/frontier/seen_set.h"

#include <algorithm>

namespace sluice::crawl {
namespace {

constexpr std::size_t slots_min = 64;
constexpr std::size_t slots_kept_max = 1U << 14U;
// Further ones with colliding hashes may be told twice, which the frontier sees; a page that is
// made of collisions costs no more than others.
constexpr std::size_t probes_max = 32;

std::uint64_t hash_of(std::string_view text) { return fingerprint(text).high >> 1U; }

/// Where the user's paths and patterns stand, the list of pages may stand elsewhere.
bool lets_sitemaps_pass(ScopeRule rule) {
    return rule == ScopeRule::path || rule == ScopeRule::pattern;
}

}  // namespace

LinkJudge::LinkJudge(std::shared_ptr<const PageRules> rules)
    : rules_(std::move(rules)), links_rules_(rules_->links), slots_(slots_min) {
    links_rules_.parsing.query_encoder = nullptr;
}

void LinkJudge::begin(std::string_view own, std::vector<Found>& found,
                      std::vector<PageLink>& links) {
    own_ = own;
    found_ = &found;
    links_ = &links;
    used_ = 0;
    if (slots_.size() > slots_kept_max || ++page_ == 0) {
        slots_.assign(slots_min, Slot{});
        slots_.shrink_to_fit();
        page_ = 1;
    }
    set_encoding(Encoding::utf_8);
}

void LinkJudge::set_encoding(Encoding encoding) {
    links_rules_.parsing.query_encoder = nullptr;
    if (encoding == Encoding::utf_8) return;
    links_rules_.parsing.query_encoder = &encoder_.emplace(encoding);
}

LinkJudge::Target LinkJudge::judge(Url& url, std::string_view href, const Url& base, UrlKind kind) {
    Target out;
    out.refusal = resolve_link(url, href, &base, links_rules_).refusal;
    switch (out.refusal) {
        case UrlRefusal::none: break;
        case UrlRefusal::not_a_url: return out;
        case UrlRefusal::scheme: out.excluded = Exclusion::scope; return out;
        case UrlRefusal::host_length:
        case UrlRefusal::too_long:
        case UrlRefusal::too_many_segments:
        case UrlRefusal::repeated_segment:
        case UrlRefusal::too_many_query_keys: break;
    }
    // Names and passwords of links are nobody's to send, and would make one host many.
    if (url.has_credentials()) {
        url.set_username("");
        url.set_password("");
    }
    // What is out of scope is that whatever its shape.
    const ScopeVerdict verdict = rules_->scope->verdict(url);
    const bool inside =
        verdict.inside() || (kind == UrlKind::sitemap && lets_sitemaps_pass(verdict.rule));
    if (inside && out.refusal != UrlRefusal::none)
        out.excluded = Exclusion::shape;
    else if (!inside || (rules_->allow && !rules_->allow(url)))
        out.excluded = Exclusion::scope;
    return out;
}

std::string_view LinkJudge::domain_of(const Url& url) {
    const std::string_view host = url.hostname();
    KnownHost& known = hosts_[hash_of(host) % known_hosts];
    if (known.host != host) {
        known.domain = rules_->suffixes ? rules_->suffixes->registered_domain(host) : host;
        known.host = host;
    }
    return known.domain;
}

LinkJudge::Slot* LinkJudge::find_slot(std::string_view url, std::uint64_t hash) {
    if ((used_ + 1) * 2 > slots_.size()) grow();
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t probe = 0; probe < probes_max; ++probe) {
        Slot& slot = slots_[(hash + probe) & mask];
        if (slot.page != page_) return &slot;
        if (slot.hash == hash && (*found_)[slot.index].url == url) return &slot;
    }
    return nullptr;
}

void LinkJudge::grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    const std::size_t mask = slots_.size() - 1;
    for (const Slot& slot : old) {
        if (slot.page != page_) continue;
        for (std::size_t probe = 0; probe < probes_max; ++probe) {
            Slot& place = slots_[(slot.hash + probe) & mask];
            if (place.page == page_) continue;
            place = slot;
            break;
        }
    }
}

bool LinkJudge::take(const FoundLink& link, const Url& base) {
    const Target target = judge(url_, link.href, base, link.target);
    if (target.refusal == UrlRefusal::not_a_url) return true;
    const std::string_view url = url_.href();
    const bool wanted = (rules_->follow & only(link.kind)) != 0 || link.target == UrlKind::sitemap;
    const bool followed = wanted && !(link.nofollow && rules_->obey_nofollow);
    if (rules_->keep_links) {
        if (links_->size() >= page_found_max) return false;
        links_->push_back({std::string(url), link.kind, link.nofollow, followed && !target.excluded,
                           target.excluded});
    }
    // Mail addresses and scripts are no URLs of any crawl: nobody counts them.
    if (!followed || target.refusal == UrlRefusal::scheme || url == own_) return true;
    const Fingerprint print = fingerprint(url);
    const std::uint64_t hash = print.high >> 1U;
    Slot* slot = find_slot(url, hash);
    if (slot != nullptr && slot->page == page_) {
        Found& before = (*found_)[slot->index];
        before.urgency = std::min(before.urgency, link.urgency);
        before.depth = std::min(before.depth, link.depth);
        before.hops = std::min(before.hops, link.hops);
        return true;
    }
    if (found_->size() >= page_found_max) return false;
    if (slot != nullptr) {
        *slot = {page_, static_cast<std::uint32_t>(found_->size()), hash};
        ++used_;
    }
    Found& found = found_->emplace_back();
    found.url = url;
    found.print = print;
    if (!target.excluded) found.domain = domain_of(url_);
    found.depth = link.depth;
    found.urgency = link.urgency;
    found.hops = link.hops;
    found.kind = link.target;
    found.excluded = target.excluded;
    return true;
}

}  // namespace sluice::crawl
