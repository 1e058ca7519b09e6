// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_page
// Any answer as a page, a sitemap and a robots.txt: what is told keeps its promises, and a reader
// that has read other pages tells the same. The first line is "STATUS page|sitemap URL", then come
// headers, an empty line and the body.
#include "kernel/base/check.h"
#include "kernel/base/text.h"
#include "modules/crawl/core/page/link_judge.h"
#include "modules/crawl/core/page/page_reader.h"
#include "modules/crawl/core/url/percent.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr std::size_t unpacked_max = 1 << 18;
const WallTime now{std::chrono::hours(24 * 20'000)};

std::string_view take_line(std::string_view& rest) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return line;
}

FetchAnswer answer_of(std::string_view input) {
    FetchAnswer answer;
    const auto words = split_words(take_line(input));
    answer.order.url = "http://example.com/";
    answer.order.body_max = 4096;
    if (!words.empty()) answer.status = static_cast<int>(parse_int(words[0]).value_or(200) % 1000);
    if (words.size() > 1 && words[1] == "sitemap") answer.order.kind = UrlKind::sitemap;
    Url url;
    if (words.size() > 2 && resolve_link(url, words[2], nullptr).refusal == UrlRefusal::none)
        answer.order.url = url.href();
    for (auto line = take_line(input); !line.empty(); line = take_line(input)) {
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) continue;
        answer.headers.push_back(
            {std::string(line.substr(0, colon)), std::string(trim(line.substr(colon + 1)))});
    }
    answer.truncated = input.size() > answer.order.body_max;
    answer.body = input.substr(0, answer.order.body_max);
    return answer;
}

std::shared_ptr<const PageRules> make_rules() {
    PageRules rules;
    rules.scope = std::make_shared<const Scope>(
        Scope::make({.domains = {"example.com"}, .paths_excluded = {"/no"}}).value());
    rules.unpacked_max = unpacked_max;
    rules.keep_links = true;
    rules.near_duplicates = true;
    return std::make_shared<const PageRules>(std::move(rules));
}

void check_found(const Found& found) {
    Url url;
    const LinkVerdict verdict = resolve_link(url, found.url, nullptr);
    SLUICE_CHECK(verdict.refusal != UrlRefusal::not_a_url && verdict.refusal != UrlRefusal::scheme);
    SLUICE_CHECK(url.href() == found.url && !url.has_credentials());
    if (!found.excluded) {
        SLUICE_CHECK(verdict.refusal == UrlRefusal::none);
        SLUICE_CHECK(!found.domain.empty() && found.urgency <= 7);
    }
}

void check_reading(const FetchAnswer& answer, const PageReading& reading) {
    const PageEnd& end = reading.end;
    const bool may_find =
        end.kind == PageEnd::Kind::fetched || end.kind == PageEnd::Kind::redirected;
    SLUICE_CHECK(may_find || end.found.empty());
    SLUICE_CHECK(end.kind != PageEnd::Kind::redirected || end.found.size() == 1);
    SLUICE_CHECK(end.bytes <= answer.order.body_max);
    SLUICE_CHECK(end.found.size() <= page_found_max);
    SLUICE_CHECK(is_utf8(reading.title) && is_utf8(reading.language));
    SLUICE_CHECK(reading.body.size() <= unpacked_max);
    std::unordered_set<std::string> urls;
    for (const Found& found : end.found) {
        check_found(found);
        SLUICE_CHECK(urls.insert(found.url).second);
        SLUICE_CHECK(end.kind == PageEnd::Kind::redirected || found.url != answer.order.url);
    }
    for (const PageLink& link : reading.links) SLUICE_CHECK(!link.followed || !link.excluded);
}

bool equal(const PageReading& a, const PageReading& b) {
    if (a.end.kind != b.end.kind || a.end.simhash != b.end.simhash || a.links != b.links ||
        a.end.found.size() != b.end.found.size() || a.problem != b.problem || a.body != b.body ||
        a.title != b.title || a.encoding != b.encoding || a.canonical != b.canonical ||
        a.language != b.language || a.directives != b.directives)
        return false;
    for (std::size_t i = 0; i < a.end.found.size(); ++i) {
        const Found& x = a.end.found[i];
        const Found& y = b.end.found[i];
        if (x.url != y.url || x.excluded != y.excluded || x.urgency != y.urgency) return false;
    }
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const auto rules = make_rules();
    static PageReader used(rules);
    static PageReading memory;
    const FetchAnswer answer =
        answer_of(std::string_view(reinterpret_cast<const char*>(data), size));
    used.read(answer, now, memory);
    check_reading(answer, memory);
    SLUICE_CHECK(equal(memory, PageReader(rules).read(answer, now)));
    const RobotsEnd robots = used.read_robots(answer, now);
    for (const Found& found : robots.found) check_found(found);
    SLUICE_CHECK(robots.robots.has_location == !robots.location.empty());
    return 0;
}
