// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/page/page_reader.h"

#include "kernel/base/ascii.h"
#include "modules/crawl/core/frontier/host.h"
#include "modules/crawl/core/html/html_prescan.h"
#include "modules/crawl/core/page/answer_verdict.h"
#include "modules/crawl/core/page/link_collector.h"
#include "modules/crawl/core/page/link_judge.h"
#include "modules/crawl/core/page/page_text.h"
#include "modules/crawl/core/robots/robots.h"
#include "modules/crawl/core/sitemap/sitemap.h"
#include "modules/crawl/core/text/text_decoder.h"
#include "modules/crawl/core/url/percent.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sluice::crawl {
namespace {

constexpr std::size_t kept_bytes_max = 1U << 20U;
constexpr std::size_t labels_bytes_max = 256;  ///< of a language tag
constexpr std::size_t found_reserved_max = 256;

/// Near pages first; what is part of a page after the pages of its depth.
std::uint8_t urgency_of(LinkKind kind, std::uint32_t depth) {
    constexpr LinkKinds parts = only(LinkKind::stylesheet) | only(LinkKind::icon) |
                                only(LinkKind::hint) | only(LinkKind::image) |
                                only(LinkKind::script) | only(LinkKind::object) |
                                only(LinkKind::media);
    const std::uint32_t base = std::min<std::uint32_t>(depth, urgency_last - 2);
    return static_cast<std::uint8_t>(base + ((parts & only(kind)) != 0 ? 1 : 0));
}

/// Two classes to each side of what a page of its depth has, by the sitemap's priority.
std::uint8_t urgency_of(const SitemapEntry& entry, std::uint32_t depth) {
    const float priority = std::clamp(entry.priority.value_or(0.5F), 0.0F, 1.0F);
    const auto shift = static_cast<int>(std::lround((0.5F - priority) * 4));
    const int base = urgency_of(LinkKind::anchor, depth);
    return static_cast<std::uint8_t>(std::clamp(base + shift, 0, urgency_last - 1));
}

std::uint8_t one_more(std::uint8_t hops) {
    return hops == UINT8_MAX ? hops : static_cast<std::uint8_t>(hops + 1);
}

std::uint32_t one_more(std::uint32_t depth) { return depth == UINT32_MAX ? depth : depth + 1; }

std::optional<LinkKind> kind_of(const HeaderLink& link) {
    constexpr std::pair<std::string_view, LinkKind> rels[] = {
        {"canonical", LinkKind::canonical}, {"next", LinkKind::next},
        {"prev", LinkKind::previous},       {"previous", LinkKind::previous},
        {"alternate", LinkKind::alternate}, {"stylesheet", LinkKind::stylesheet}};
    for (const auto& [rel, kind] : rels)
        if (link.has_rel(rel)) return kind;
    return std::nullopt;
}

/// Calls `take` with the value of each header of that name.
template <class Take>
void each_header(const FetchAnswer& answer, std::string_view name, Take&& take) {
    for (const HttpHeader& header : answer.headers)
        if (equals_ignoring_case(header.name, name)) take(std::string_view(header.value));
}

void add_problem(std::string& problem, std::string_view more) {
    if (!problem.empty()) problem += "; ";
    problem += more;
}

void drop_if_large(std::string& text) {
    text.clear();
    if (text.capacity() > kept_bytes_max) text.shrink_to_fit();
}

}  // namespace

class PageReader::Body {
public:
    explicit Body(std::shared_ptr<const PageRules> rules)
        : rules_(std::move(rules)), judge_(rules_) {
        options_.kinds = rules_->follow | only(LinkKind::canonical);
        if (rules_->keep_links) options_.kinds |= default_link_kinds;
        options_.words = rules_->near_duplicates;
        options_.agent = ascii_lowered(rules_->agent);
    }

    void read(const FetchAnswer& answer, WallTime now, PageReading& out);
    RobotsEnd read_robots(const FetchAnswer& answer, WallTime now);

private:
    void follow_redirect();
    bool unpack_body(std::string& unpacked, std::string_view& body, std::string& problem);
    void read_page();
    void read_header_facts();
    void read_type(std::string_view body);
    void read_text(std::string_view body);
    void read_html(std::string_view body);
    std::string_view decoded(std::string_view body, const TextEncoding& encoding);
    void extract(std::string_view text);
    void take_facts();
    void take_links(const Url& base);
    void take_header_links();
    void read_sitemap(std::string_view body);
    void take_entry(SitemapKind kind, const SitemapEntry& entry);
    void take(const FoundLink& link, const Url& base);

    std::shared_ptr<const PageRules> rules_;
    LinkOptions options_;
    LinkJudge judge_;
    LinkCollector collector_;
    std::optional<LinkExtractor> extractor_;
    Url own_, base_, target_;
    std::string unpacked_, decoded_;
    // Of the page that is being read.
    const FetchAnswer* answer_ = nullptr;
    PageReading* out_ = nullptr;
    WallTime now_{Duration{0}};
    bool nofollow_ = false;
};

void PageReading::clear() {
    std::vector<Found> found = std::move(end.found);
    found.clear();
    if (found.capacity() > found_reserved_max) found.shrink_to_fit();
    end = PageEnd();
    end.found = std::move(found);
    type.essence.clear();
    type.charset.clear();
    encoding.clear();
    title.clear();
    language.clear();
    canonical.clear();
    directives = PageDirectives();
    links.clear();
    links_cut = 0;
    drop_if_large(body);
    problem.clear();
}

void PageReader::Body::read(const FetchAnswer& answer, WallTime now, PageReading& out) {
    answer_ = &answer;
    out_ = &out;
    now_ = now;
    nofollow_ = false;
    out.clear();
    AnswerVerdict verdict = judge_answer(answer, now);
    PageEnd& end = out.end;
    end.ticket = answer.order.ticket;
    end.kind = verdict.kind;
    end.failure = verdict.failure;
    end.answer = verdict.answer;
    end.bytes = std::min<std::uint64_t>(answer.body.size(), answer.order.body_max);
    out.problem = std::move(verdict.problem);
    if (auto type = parse_content_type(answer.header("content-type"))) out.type = *std::move(type);
    if (parse_url_into(own_, answer.order.url) != UrlFault::none) own_.clear();
    judge_.begin(answer.order.url, end.found, out.links);
    switch (end.kind) {
        case PageEnd::Kind::redirected: follow_redirect(); break;
        case PageEnd::Kind::fetched:
            if (answer.status != 304) read_page();
            break;
        case PageEnd::Kind::retry:
        case PageEnd::Kind::failed:
        case PageEnd::Kind::put_back: break;
    }
}

void PageReader::Body::follow_redirect() {
    const FetchOrder& order = answer_->order;
    PageReading& out = *out_;
    const auto fail_with = [&](std::string_view why) {
        out.end.kind = PageEnd::Kind::failed;
        out.end.failure = Failure::http;
        out.problem = "HTTP " + std::to_string(answer_->status) + ": ";
        out.problem += why;
    };
    const auto verdict = judge_.judge(target_, answer_->header("location"), own_, order.kind);
    if (verdict.refusal == UrlRefusal::not_a_url) return fail_with("the Location is no URL");
    if (verdict.refusal == UrlRefusal::scheme)
        return fail_with("the Location is no URL of http or https");
    if (target_.href() == order.url) return fail_with("it redirects to itself");
    Found found;
    found.url = target_.href();
    if (!verdict.excluded) found.domain = judge_.domain_of(target_);
    found.depth = order.depth;
    found.urgency = order.urgency;
    found.hops = one_more(order.hops);
    found.kind = order.kind;
    found.excluded = verdict.excluded;
    out.end.found.push_back(std::move(found));
}

// Gives the body without its content coding; what was cut is given as far as it came.
bool PageReader::Body::unpack_body(std::string& unpacked, std::string_view& body,
                                   std::string& problem) {
    std::string coding;
    each_header(*answer_, "content-encoding", [&](std::string_view value) {
        if (!coding.empty()) coding += ',';
        coding += value;
    });
    body = answer_->body;
    if (coding.empty() || body.empty()) return true;
    const auto layers = parse_content_encoding(coding);
    if (!layers) {
        problem = "the body cannot be unpacked: " + layers.error().message;
        return false;
    }
    if (layers->empty()) return true;
    unpacked.clear();
    Unpacker unpacker(*layers, {.output_bytes_max = rules_->unpacked_max});
    const auto sink = [&](std::string_view piece) { unpacked += piece; };
    Status status = unpacker.feed(body, sink);
    if (status && !answer_->truncated) {
        status = unpacker.finish(sink);
        // Only its end is missing: what there is of it is read, as browsers do.
        if (!status && status.error().code == Code::corrupt && !unpacked.empty()) {
            add_problem(problem, "the packed body is cut short");
            status = Status();
        }
    }
    body = unpacked;
    if (status) return true;
    problem = "the body cannot be unpacked: " + status.error().message;
    return false;
}

void PageReader::Body::read_page() {
    PageReading& out = *out_;
    if (answer_->truncated)
        add_problem(out.problem, "the body is longer than " +
                                     std::to_string(answer_->order.body_max) +
                                     " bytes; the rest was not read");
    std::string_view body;
    std::string& unpacked = rules_->keep_body ? out.body : unpacked_;
    if (!unpack_body(unpacked, body, out.problem)) {
        out.end.kind = PageEnd::Kind::failed;
        out.end.failure = Failure::body;
        out.body.clear();
        return;
    }
    if (rules_->keep_body && body.data() != out.body.data()) {
        out.body.assign(body);
        body = out.body;
    }
    read_header_facts();
    read_type(body);
    if (!own_.empty()) {
        if (answer_->order.kind == UrlKind::sitemap)
            read_sitemap(body);
        else
            read_text(body);
        take_header_links();
    }
    drop_if_large(unpacked_);
}

void PageReader::Body::read_header_facts() {
    each_header(*answer_, "x-robots-tag", [&](std::string_view value) {
        add_robots_tag(out_->directives, value, rules_->agent);
    });
    std::string_view language = answer_->header("content-language");
    language = trim_ascii(language.substr(0, language.find(',')));
    out_->language = language.substr(0, labels_bytes_max);
    make_utf8(out_->language);
    nofollow_ = out_->directives.nofollow;
}

void PageReader::Body::read_type(std::string_view body) {
    if (out_->type.essence.empty() && !body.empty()) out_->type.essence = sniff_type(body);
}

void PageReader::Body::read_text(std::string_view body) {
    const MimeType& type = out_->type;
    if (type.is_html() || (type.is_xml() && has_html_root(body))) {
        read_html(body);
    } else if (type.is_xml()) {
        out_->encoding = name_of(find_encoding(type, body).encoding);
        if (rules_->sitemaps) read_sitemap(body);
    } else if (type.essence.starts_with("text/")) {
        out_->encoding = name_of(find_encoding(type, body).encoding);
    }
}

void PageReader::Body::read_html(std::string_view body) {
    TextEncoding encoding = find_encoding(out_->type, body);
    extract(decoded(body.substr(encoding.mark_size), encoding));
    // The page names its encoding too late for the search at its front.
    if (!encoding.certain && !extractor_->facts().charset.empty()) {
        const auto said = encoding_of_label(meta_encoding(extractor_->facts().charset));
        if (said && *said != encoding.encoding) {
            encoding.encoding = *said;
            encoding.certain = true;
            if (!is_ascii(body) || !keeps_ascii(*said)) extract(decoded(body, encoding));
        }
    }
    out_->encoding = name_of(encoding.encoding);
    take_facts();
    judge_.set_encoding(encoding.encoding);
    const Url* base = &own_;
    if (extractor_->facts().has_base &&
        parse_url_into(base_, extractor_->facts().base, &own_) == UrlFault::none &&
        base_.is_special())
        base = &base_;
    take_links(*base);
    judge_.set_encoding(Encoding::utf_8);
    out_->links_cut += extractor_->counts().links_cut;
    out_->end.simhash = collector_.simhash();
    collector_.clear();
    extractor_.reset();
    drop_if_large(decoded_);
}

// UTF-8, and what reads like it, needs no copy: the tokenizer and the URL parser take any bytes.
std::string_view PageReader::Body::decoded(std::string_view body, const TextEncoding& encoding) {
    if (encoding.encoding == Encoding::utf_8) return body;
    if (keeps_ascii(encoding.encoding) && is_ascii(body)) return body;
    decoded_.clear();
    TextDecoder decoder(encoding.encoding, rules_->unpacked_max);
    Status status = decoder.feed(body, decoded_);
    if (status) status = decoder.finish(decoded_);
    if (!status)
        add_problem(out_->problem, "the text is longer than " +
                                       std::to_string(rules_->unpacked_max) +
                                       " bytes as UTF-8; the rest was not read");
    return decoded_;
}

void PageReader::Body::extract(std::string_view text) {
    collector_.clear();
    extractor_.emplace(collector_, options_);
    extractor_->feed(text);
    extractor_->finish();
}

void PageReader::Body::take_facts() {
    const PageFacts& facts = extractor_->facts();
    PageReading& out = *out_;
    out.title = facts.title;
    make_utf8(out.title);
    if (!facts.language.empty()) {
        out.language = facts.language;
        make_utf8(out.language);
    }
    if (!facts.robots.empty()) add_meta_robots(out.directives, facts.robots);
    nofollow_ = out.directives.nofollow;
}

void PageReader::Body::take_links(const Url& base) {
    const std::uint32_t depth = one_more(answer_->order.depth);
    out_->end.found.reserve(std::min(collector_.links().size(), found_reserved_max));
    for (const LinkCollector::Kept& kept : collector_.links()) {
        const std::string_view href = collector_.text_of(kept);
        if (kept.kind == LinkKind::canonical && out_->canonical.empty() &&
            resolve_link(target_, href, &base, rules_->links).refusal == UrlRefusal::none)
            out_->canonical = target_.href();
        take({.href = href,
              .kind = kept.kind,
              .nofollow = kept.nofollow,
              .depth = depth,
              .urgency = urgency_of(kept.kind, depth)},
             base);
    }
}

// Also of documents that have no links of their own; a page's base does not count for them.
void PageReader::Body::take_header_links() {
    const std::uint32_t depth = one_more(answer_->order.depth);
    each_header(*answer_, "link", [&](std::string_view value) {
        for (const HeaderLink& link : parse_link_header(value)) {
            const auto kind = kind_of(link);
            if (!kind) continue;
            if (*kind == LinkKind::canonical && out_->canonical.empty() &&
                resolve_link(target_, link.url, &own_, rules_->links).refusal == UrlRefusal::none)
                out_->canonical = target_.href();
            take({.href = link.url,
                  .kind = *kind,
                  .depth = depth,
                  .urgency = urgency_of(*kind, depth)},
                 own_);
        }
    });
}

void PageReader::Body::take(const FoundLink& link, const Url& base) {
    FoundLink all = link;
    all.nofollow |= nofollow_;
    if (!judge_.take(all, base)) ++out_->links_cut;
}

void PageReader::Body::read_sitemap(std::string_view body) {
    SitemapReader* reading = nullptr;
    SitemapReader reader([&](SitemapEntry&& entry) { take_entry(reading->kind(), entry); },
                         {.bytes_max = rules_->unpacked_max});
    reading = &reader;
    Status status = reader.feed(body);
    if (status) status = reader.finish();
    if (status) return;
    const bool asked = answer_->order.kind == UrlKind::sitemap;
    // Any other XML is no sitemap, and need not be.
    if (asked || reader.entries() > 0)
        add_problem(out_->problem, "sitemap: " + status.error().message);
}

void PageReader::Body::take_entry(SitemapKind kind, const SitemapEntry& entry) {
    const FetchOrder& order = answer_->order;
    FoundLink link{.href = entry.url, .kind = LinkKind::anchor};
    if (kind == SitemapKind::index) {
        link.target = UrlKind::sitemap;
        link.depth = order.depth;
        link.urgency = order.urgency;
        link.hops = one_more(order.hops);
        if (link.hops > sitemap_nesting_max) {
            ++out_->links_cut;
            return;
        }
        return take(link, own_);
    }
    link.depth = one_more(order.depth);
    link.urgency = urgency_of(entry, link.depth);
    take(link, own_);
    link.kind = LinkKind::alternate;
    for (const SitemapAlternate& other : entry.alternates) {
        link.href = other.url;
        take(link, own_);
    }
    link.kind = LinkKind::image;
    for (const std::string& image : entry.images) {
        link.href = image;
        take(link, own_);
    }
    link.kind = LinkKind::media;
    for (const std::string& video : entry.videos) {
        link.href = video;
        take(link, own_);
    }
}

RobotsEnd PageReader::Body::read_robots(const FetchAnswer& answer, WallTime now) {
    answer_ = &answer;
    RobotsEnd end;
    end.ticket = answer.order.ticket;
    end.answer = judge_answer(answer, now).answer;
    const bool whole = answer.fault == FetchFault::none;
    end.robots.status = whole ? answer.status : 0;
    if (!whole) return end;
    end.robots.max_age = parse_cache_control(answer.header("cache-control")).max_age;
    end.robots.retry_after = parse_retry_after(answer.header("retry-after"), now);
    if (parse_url_into(own_, answer.order.url) != UrlFault::none) own_.clear();
    std::vector<PageLink> no_links;
    judge_.begin({}, end.found, no_links);
    if (answer.status >= 300 && answer.status <= 399 && !answer.header("location").empty()) {
        // Its place is asked as it stands: rules for links are not rules for it.
        const bool read =
            parse_url_into(target_, answer.header("location"), &own_) == UrlFault::none;
        if (read && target_.is_http()) {
            target_.remove_fragment();
            end.location = target_.href();
            end.robots.has_location = true;
        }
    }
    if (answer.status < 200 || answer.status > 299) return end;
    std::string_view body;
    std::string problem;
    if (!unpack_body(unpacked_, body, problem)) {
        end.robots.status = 0;
        return end;
    }
    const Robots robots = parse_robots(body);
    end.rules = std::make_shared<const RobotsRules>(robots.for_agent(rules_->agent));
    if (rules_->sitemaps && !own_.empty()) {
        for (const RobotsSitemap& sitemap : robots.sitemaps()) {
            FoundLink link{.href = sitemap.url, .target = UrlKind::sitemap};
            judge_.take(link, own_);
        }
    }
    drop_if_large(unpacked_);
    return end;
}

PageReader::PageReader(std::shared_ptr<const PageRules> rules)
    : body_(std::make_unique<Body>(std::move(rules))) {}
PageReader::PageReader(PageReader&&) noexcept = default;
PageReader& PageReader::operator=(PageReader&&) noexcept = default;
PageReader::~PageReader() = default;

PageReading PageReader::read(const FetchAnswer& answer, WallTime now) {
    PageReading out;
    body_->read(answer, now, out);
    return out;
}

void PageReader::read(const FetchAnswer& answer, WallTime now, PageReading& out) {
    body_->read(answer, now, out);
}

RobotsEnd PageReader::read_robots(const FetchAnswer& answer, WallTime now) {
    return body_->read_robots(answer, now);
}

}  // namespace sluice::crawl
