// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/page_line.h"

#include "kernel/wire/json_text.h"
#include "modules/crawl/core/frontier/seen_set.h"
#include "modules/crawl/core/url/url.h"

#include <chrono>
#include <unordered_set>

namespace sluice::crawl {
namespace {

constexpr std::size_t problem_bytes_max = 500;

double milliseconds(Duration duration) {
    return static_cast<double>(duration / 1us) / 1000.0;  // no more digits than can be believed
}

void put_text(JsonWriter& json, std::string_view name, std::string_view text) {
    if (!text.empty()) json.key(name).string(text);
}

void put_directives(JsonWriter& json, const PageDirectives& directives) {
    if (directives == PageDirectives()) return;
    json.key("directives").begin_array();
    const auto flag = [&json](bool set, std::string_view name) {
        if (set) json.string(name);
    };
    flag(directives.noindex, "noindex");
    flag(directives.nofollow, "nofollow");
    flag(directives.noarchive, "noarchive");
    flag(directives.nosnippet, "nosnippet");
    flag(directives.noimageindex, "noimageindex");
    flag(directives.notranslate, "notranslate");
    flag(directives.indexifembedded, "indexifembedded");
    if (directives.unavailable_after)
        json.string("unavailable_after:" + format_rfc3339(*directives.unavailable_after));
    if (directives.max_snippet)
        json.string("max-snippet:" + std::to_string(*directives.max_snippet));
    if (directives.max_video_preview)
        json.string("max-video-preview:" + std::to_string(*directives.max_video_preview));
    json.end_array();
}

void put_transfer(JsonWriter& json, const FetchAnswer& answer) {
    if (answer.status == 0) return;
    json.key("bytes").unsigned_integer(answer.body.size());
    if (answer.truncated) json.key("truncated").boolean(true);
    json.key("latency_ms").number(milliseconds(answer.latency));
    json.key("took_ms").number(milliseconds(answer.took));
}

}  // namespace

std::string web_time(WallTime time) {
    namespace chrono = std::chrono;
    const auto ms = chrono::floor<chrono::milliseconds>(chrono::nanoseconds(to_ns(time)));
    const auto days = chrono::floor<chrono::days>(ms);
    const chrono::year_month_day date{chrono::sys_days(days)};
    auto rest = static_cast<unsigned>((ms - days).count());
    std::string out = "0000-00-00T00:00:00.000Z";
    // Right to left from the place of the last digit.
    const auto put = [&out](std::size_t place, unsigned number) {
        for (; number > 0; number /= 10) out[place--] = static_cast<char>('0' + number % 10);
    };
    put(3, static_cast<unsigned>(static_cast<int>(date.year())));
    put(6, static_cast<unsigned>(date.month()));
    put(9, static_cast<unsigned>(date.day()));
    put(22, rest % 1000);
    rest /= 1000;
    put(18, rest % 60);
    put(15, rest / 60 % 60);
    put(12, rest / 3600);
    return out;
}

std::string redirect_target(const FetchAnswer& answer, const PageReading& page) {
    if (page.end.kind != PageEnd::Kind::redirected) return {};
    if (!page.end.found.empty()) return page.end.found[0].url;
    // It may not be followed, or was told before.
    const std::string_view location = answer.header("Location");
    const auto base = parse_url(answer.order.url);
    const auto target = parse_url(location, base ? &*base : nullptr);
    return std::string(target ? target->without_fragment() : location);
}

void put_page_line(std::string& out, const FetchAnswer& answer, const PageReading& page,
                   std::string_view digest, std::string_view extracted) {
    out.reserve(out.size() + 600 + extracted.size());
    JsonWriter json(out);
    json.begin_object().key("url").string(answer.order.url);
    if (answer.status != 0) json.key("status").integer(answer.status);
    const bool had =
        page.end.kind == PageEnd::Kind::fetched || page.end.kind == PageEnd::Kind::redirected;
    if (!had) json.key("failure").string(to_string(page.end.failure));
    put_text(json, "problem", std::string_view(page.problem).substr(0, problem_bytes_max));
    put_text(json, "redirect", redirect_target(answer, page));
    if (answer.order.kind == UrlKind::sitemap) json.key("sitemap").boolean(true);
    json.key("depth").unsigned_integer(answer.order.depth);
    put_text(json, "referrer", answer.order.referrer);
    if (answer.order.attempt > 0) json.key("attempts").unsigned_integer(answer.order.attempt + 1U);
    json.key("time").string(web_time(answer.order.let_go));
    put_text(json, "type", page.type.essence);
    put_text(json, "encoding", page.encoding);
    put_transfer(json, answer);
    put_text(json, "title", page.title);
    put_text(json, "language", page.language);
    put_text(json, "canonical", page.canonical);
    put_directives(json, page.directives);
    if (had) {
        const std::size_t links = page.links.empty() ? page.end.found.size() : page.links.size();
        json.key("links").unsigned_integer(links + page.links_cut);
    }
    put_text(json, "address", answer.address);
    put_text(json, "protocol", answer.protocol);
    put_text(json, "digest", digest);
    if (!extracted.empty()) json.key("extracted").raw(extracted);
    json.end_object();
    out += '\n';
}

std::string_view unasked_problem(Failure why) {
    if (why == Failure::dns) return "not asked for: the name of its host has no address";
    if (why == Failure::blocked) return "not asked for: the address of its host is not allowed";
    return "not asked for: its host did not answer, again and again, and was given up";
}

void put_unasked_line(std::string& out, const UnaskedUrl& unasked) {
    JsonWriter json(out);
    json.begin_object().key("url").string(unasked.url);
    json.key("failure").string(to_string(unasked.failure));
    json.key("problem").string(unasked_problem(unasked.failure));
    if (unasked.kind == UrlKind::sitemap) json.key("sitemap").boolean(true);
    json.key("depth").unsigned_integer(unasked.depth);
    put_text(json, "referrer", unasked.referrer);
    json.end_object();
    out += '\n';
}

void put_csv_field(std::string& out, std::string_view field) {
    if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
        out += field;
        return;
    }
    out += '"';
    for (const char c : field) {
        if (c == '"') out += '"';
        out += c;
    }
    out += '"';
}

void put_edge_lines(std::string& out, const FetchAnswer& answer, const PageReading& page) {
    std::string from;
    put_csv_field(from, answer.order.url);
    const auto put = [&](std::string_view to, std::string_view kind, bool nofollow) {
        out.append(from).append(",");
        put_csv_field(out, to);
        out.append(",").append(kind).append(nofollow ? ",1\n" : ",0\n");
    };
    if (const std::string target = redirect_target(answer, page); !target.empty())
        put(target, "redirect", false);
    std::unordered_set<std::uint64_t> known;
    for (const PageLink& link : page.links) {
        // Two links are one if target, kind and nofollow are the same.
        const std::uint64_t rest =
            static_cast<std::uint64_t>(link.kind) * 2 + (link.nofollow ? 1 : 0);
        if (known.insert(fingerprint(link.url).high ^ (rest * 0x9E3779B97F4A7C15U)).second)
            put(link.url, to_string(link.kind), link.nofollow);
    }
}

}  // namespace sluice::crawl
