// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/page/page_reader.h"

#include "modules/crawl/core/page/link_judge.h"
#include "modules/crawl/core/page/page_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sluice::crawl {
namespace {

// --- what a status means ---

TEST(PageReader, StatusDecidesHowAFetchEnds) {
    struct Row {
        int status;
        PageEnd::Kind kind;
        Answer::Kind answer = Answer::Kind::fine;
    };
    using Kind = PageEnd::Kind;
    const Row rows[] = {{200, Kind::fetched},
                        {204, Kind::fetched},
                        {299, Kind::fetched},
                        {304, Kind::fetched},
                        {300, Kind::failed},
                        {100, Kind::failed},
                        {400, Kind::failed},
                        {401, Kind::failed},
                        {403, Kind::failed},
                        {404, Kind::failed},
                        {410, Kind::failed},
                        {408, Kind::retry},
                        {429, Kind::retry, Answer::Kind::throttled},
                        {500, Kind::retry},
                        {502, Kind::retry},
                        {503, Kind::retry, Answer::Kind::throttled},
                        {599, Kind::retry},
                        {600, Kind::failed},
                        {999, Kind::failed}};
    for (const Row& row : rows) {
        const PageReading reading =
            read(answer_of(row.status, {{"content-type", "text/html"}}, "<a href=/x>"));
        EXPECT_EQ(reading.end.kind, row.kind) << row.status;
        EXPECT_EQ(reading.end.answer.kind, row.answer) << row.status;
        EXPECT_EQ(reading.end.answer.latency, 12ms);
        EXPECT_EQ(reading.end.ticket, Ticket(7));
        EXPECT_EQ(reading.end.failure, Failure::http);
        EXPECT_EQ(reading.end.bytes, 11U);
        const bool links = row.kind == Kind::fetched && row.status != 304;
        EXPECT_EQ(reading.end.found.size(), links ? 1U : 0U) << row.status;
        EXPECT_EQ(reading.problem.empty(), row.kind == Kind::fetched) << row.status;
    }
}

TEST(PageReader, FaultDecidesHowAFetchEnds) {
    struct Row {
        FetchFault fault;
        PageEnd::Kind kind;
        Failure failure;
        Answer::Kind answer = Answer::Kind::dead;
    };
    using Kind = PageEnd::Kind;
    const Row rows[] = {{FetchFault::dns, Kind::retry, Failure::dns},
                        {FetchFault::connect, Kind::retry, Failure::connect},
                        {FetchFault::tls, Kind::retry, Failure::tls},
                        {FetchFault::timeout, Kind::retry, Failure::timeout},
                        {FetchFault::broken, Kind::retry, Failure::body},
                        {FetchFault::protocol, Kind::retry, Failure::http},
                        {FetchFault::none, Kind::retry, Failure::http},
                        {FetchFault::too_large, Kind::failed, Failure::body, Answer::Kind::fine},
                        {FetchFault::blocked, Kind::failed, Failure::blocked, Answer::Kind::fine},
                        {FetchFault::cancelled, Kind::put_back, Failure::http, Answer::Kind::fine}};
    for (const Row& row : rows) {
        FetchAnswer answer = answer_of(0, {});
        answer.fault = row.fault;
        answer.detail = "a reason";
        const PageReading reading = read(answer);
        EXPECT_EQ(reading.end.kind, row.kind) << to_string(row.fault);
        if (row.kind != Kind::put_back) {
            EXPECT_EQ(reading.end.failure, row.failure);
        }
        EXPECT_EQ(reading.end.answer.kind, row.answer) << to_string(row.fault);
        EXPECT_NE(reading.problem.find("a reason"), std::string::npos);
    }
}

TEST(PageReader, AnAnswerThatBrokeOffIsNotDead) {
    FetchAnswer answer = answer_of(200, {{"content-type", "text/html"}}, "<a href=/x>");
    answer.fault = FetchFault::broken;
    const PageReading reading = read(answer);
    EXPECT_EQ(reading.end.kind, PageEnd::Kind::retry);
    EXPECT_EQ(reading.end.answer.kind, Answer::Kind::fine);
    EXPECT_TRUE(reading.end.found.empty());
}

TEST(PageReader, RetryAfterIsReadInBothForms) {
    auto reading = read(answer_of(503, {{"Retry-After", "120"}}));
    EXPECT_EQ(reading.end.answer.retry_after, 120s);
    reading = read(answer_of(429, {{"Retry-After", format_rfc3339(now)}}));
    EXPECT_EQ(reading.end.answer.retry_after, std::nullopt);
    reading = read(answer_of(429, {}));
    EXPECT_EQ(reading.end.answer.retry_after, std::nullopt);
    EXPECT_EQ(reading.end.answer.kind, Answer::Kind::throttled);
}

// --- redirects ---

TEST(PageReader, RedirectKeepsDepthAndCountsHops) {
    FetchAnswer answer = answer_of(301, {{"Location", "../other?b#part"}});
    answer.order.hops = 4;
    const PageReading reading = read(answer);
    EXPECT_EQ(reading.end.kind, PageEnd::Kind::redirected);
    ASSERT_EQ(reading.end.found.size(), 1U);
    const Found& found = reading.end.found[0];
    EXPECT_EQ(found.url, "https://www.example.com/other?b");
    EXPECT_EQ(found.domain, "example.com");
    EXPECT_EQ(found.depth, 2U);
    EXPECT_EQ(found.urgency, 3U);
    EXPECT_EQ(found.hops, 5U);
    EXPECT_EQ(found.excluded, std::nullopt);
}

TEST(PageReader, RedirectOutOfScopeIsCounted) {
    const auto reading = read(answer_of(302, {{"Location", "https://elsewhere.com/"}}));
    EXPECT_EQ(reading.end.kind, PageEnd::Kind::redirected);
    EXPECT_EQ(urls_of(reading), Lines{"https://elsewhere.com/ scope"});
}

TEST(PageReader, RedirectToNowhereFails) {
    for (const char* location :
         {"page.html#top", "https://[bad/", "mailto:a@b.c", "javascript:1"}) {
        const auto reading = read(answer_of(307, {{"Location", location}}));
        EXPECT_EQ(reading.end.kind, PageEnd::Kind::failed) << location;
        EXPECT_EQ(reading.end.failure, Failure::http);
        EXPECT_TRUE(reading.end.found.empty()) << location;
        EXPECT_FALSE(reading.problem.empty());
    }
    EXPECT_EQ(read(answer_of(301, {})).problem, "HTTP 301 without a Location");
}

TEST(PageReader, RedirectOfASitemapIsASitemap) {
    FetchAnswer answer = answer_of(301, {{"Location", "/real.xml"}});
    answer.order.kind = UrlKind::sitemap;
    answer.order.hops = 255;
    const auto reading = read(answer);
    ASSERT_EQ(reading.end.found.size(), 1U);
    EXPECT_EQ(reading.end.found[0].kind, UrlKind::sitemap);
    EXPECT_EQ(reading.end.found[0].hops, 255U);
}

// --- links ---

TEST(PageReader, LinksOfAPageAreFoundOnce) {
    const PageReading reading = read(html_answer(
        "<html lang='de'><title> A &amp; B </title><base href='/base/'>"
        "<a href='one'>1</a><a href='./one#x'>1</a><a href=' /two '>2</a>"
        "<area href=three><iframe src='//www.example.com/four'></iframe>"
        "<link rel=next href=five><link rel=stylesheet href=s.css><img src=i.png>"
        "<a href='mailto:a@example.com'></a><a href='javascript:void(0)'></a><a href='http://['>"
        "<a href='https://www.example.com/dir/page.html#self'>"
        "<a href='https://other.com/'>o</a><a href='https://user:pass@www.example.com/base/one'>"));
    EXPECT_EQ(urls_of(reading),
              (Lines{"https://www.example.com/base/one", "https://www.example.com/two",
                     "https://www.example.com/base/three", "https://www.example.com/four",
                     "https://www.example.com/base/five", "https://other.com/ scope"}));
    EXPECT_EQ(reading.title, "A & B");
    EXPECT_EQ(reading.language, "de");
    EXPECT_EQ(reading.encoding, "UTF-8");
    EXPECT_EQ(reading.problem, "");
    for (const Found& found : reading.end.found) {
        EXPECT_EQ(found.depth, 3U);
        EXPECT_EQ(found.hops, 0U);
        EXPECT_EQ(found.urgency, 3U);
        EXPECT_EQ(found.kind, UrlKind::page);
        EXPECT_EQ(found.domain, found.excluded ? "" : "example.com");
    }
    EXPECT_TRUE(reading.links.empty());
}

TEST(PageReader, ParsedPartsComeAfterPagesWhenWanted) {
    PageRules rules = rules_of();
    rules.follow |= only(LinkKind::image);
    const auto reading = read(html_answer("<img src=/a><a href=/b><a href=/a>"), rules);
    ASSERT_EQ(reading.end.found.size(), 2U);
    EXPECT_EQ(reading.end.found[0].urgency, 3U);  // also a link to a page: the better counts
    EXPECT_EQ(reading.end.found[1].urgency, 3U);
    const auto image = read(html_answer("<img src=/a>"), rules);
    EXPECT_EQ(image.end.found.at(0).urgency, 4U);
}

TEST(PageReader, ShapeAndScopeExcludeAndTheVetoDoes) {
    PageRules rules = rules_of({.domains = {"example.com"}, .patterns_excluded = {"\\.pdf$"}});
    rules.allow = [](const Url& url) { return url.pathname() != "/vetoed"; };
    const std::string long_path(3000, 'x');
    const auto reading =
        read(html_answer("<a href='/a.pdf'><a href='/r/r/r/r/r'><a href='/vetoed'><a href='/fine'>"
                         "<a href='/" +
                         long_path + "'><a href='https://other.com/" + long_path + "'>"),
             rules);
    EXPECT_EQ(
        urls_of(reading),
        (Lines{"https://www.example.com/a.pdf scope", "https://www.example.com/r/r/r/r/r shape",
               "https://www.example.com/vetoed scope", "https://www.example.com/fine",
               "https://www.example.com/" + long_path + " shape",
               "https://other.com/" + long_path + " scope"}));
}

TEST(PageReader, KeptLinksAreAllLinksInOrder) {
    PageRules rules = rules_of();
    rules.keep_links = true;
    const auto reading =
        read(html_answer("<a href=/a rel=nofollow>x</a><a href=/a><img src=/i><a href=/a>"
                         "<a href='mailto:m'><a href='//other.com'>"),
             rules);
    ASSERT_EQ(reading.links.size(), 6U);
    EXPECT_EQ(reading.links[0],
              (PageLink{"https://www.example.com/a", LinkKind::anchor, true, false, {}}));
    EXPECT_EQ(reading.links[1],
              (PageLink{"https://www.example.com/a", LinkKind::anchor, false, true, {}}));
    EXPECT_EQ(reading.links[2],
              (PageLink{"https://www.example.com/i", LinkKind::image, false, false, {}}));
    EXPECT_EQ(reading.links[4],
              (PageLink{"mailto:m", LinkKind::anchor, false, false, Exclusion::scope}));
    EXPECT_EQ(reading.links[5],
              (PageLink{"https://other.com/", LinkKind::anchor, false, false, Exclusion::scope}));
    EXPECT_EQ(urls_of(reading), (Lines{"https://www.example.com/a", "https://other.com/ scope"}));
}

TEST(PageReader, NofollowIsObeyedWhereverItStands) {
    const std::string link = "<a href=/a>";
    EXPECT_EQ(read(html_answer("<a rel='external nofollow' href=/a>")).end.found.size(), 0U);
    EXPECT_EQ(read(html_answer("<meta name=robots content=nofollow>" + link)).end.found.size(), 0U);
    EXPECT_EQ(read(html_answer("<meta name=SLUICE content=none>" + link)).end.found.size(), 0U);
    EXPECT_EQ(read(html_answer("<meta name=otherbot content=none>" + link)).end.found.size(), 1U);
    FetchAnswer answer = html_answer(link);
    answer.headers.push_back({"X-Robots-Tag", "otherbot: nofollow"});
    EXPECT_EQ(read(answer).end.found.size(), 1U);
    answer.headers.push_back({"x-robots-tag", "noindex, nofollow"});
    const auto reading = read(answer);
    EXPECT_EQ(reading.end.found.size(), 0U);
    EXPECT_TRUE(reading.directives.nofollow);
    EXPECT_TRUE(reading.directives.noindex);
    PageRules rules = rules_of();
    rules.obey_nofollow = false;
    EXPECT_EQ(read(answer, rules).end.found.size(), 1U);
}

TEST(PageReader, LinkHeaderCountsForAnyDocument) {
    const auto reading = read(answer_of(
        200,
        {{"Content-Type", "application/pdf"},
         {"Link", "</real.pdf>; rel=canonical, <next.pdf>; rel=\"next\", </x.css>; rel=preload"}},
        "%PDF-1.4 <a href=/not>"));
    EXPECT_EQ(reading.canonical, "https://www.example.com/real.pdf");
    EXPECT_EQ(urls_of(reading),
              (Lines{"https://www.example.com/real.pdf", "https://www.example.com/dir/next.pdf"}));
    EXPECT_EQ(reading.encoding, "");
    EXPECT_EQ(reading.body, "%PDF-1.4 <a href=/not>");
}

TEST(PageReader, RefreshAndCanonicalAreLinks) {
    const auto reading =
        read(html_answer("<meta http-equiv=refresh content='0; url=/fresh'>"
                         "<link rel=canonical href='/canon?utm_source=x'>"));
    EXPECT_EQ(reading.canonical, "https://www.example.com/canon?utm_source=x");
    EXPECT_EQ(urls_of(reading), (Lines{"https://www.example.com/fresh",
                                       "https://www.example.com/canon?utm_source=x"}));
}

TEST(PageReader, NoMoreUrlsThanTheLimitAreTold) {
    std::string sitemap = "<urlset>";
    for (int i = 0; i < 340; ++i) {
        sitemap += "<url><loc>https://www.example.com/" + std::to_string(i) + "</loc>";
        for (int k = 0; k < 296; ++k) {
            sitemap += "<x:link rel='alternate' href='https://www.example.com/" +
                       std::to_string(i) + "/" + std::to_string(k) + "'/>";
        }
        sitemap += "</url>";
    }
    sitemap += "</urlset>";
    const auto reading = read(sitemap_answer(sitemap));
    EXPECT_EQ(reading.end.found.size(), page_found_max);
    EXPECT_EQ(reading.end.found.size() + reading.links_cut, 340U * 297U);
}

TEST(PageReader, DomainWithoutSuffixesIsTheHost) {
    PageRules rules = rules_of({.any_host = true});
    rules.suffixes = nullptr;
    const auto reading = read(html_answer("<a href='https://a.b.co.uk/'>"), rules);
    EXPECT_EQ(reading.end.found.at(0).domain, "a.b.co.uk");
    const auto with = read(html_answer("<a href='https://a.b.co.uk/'><a href='http://127.1/'>"),
                           rules_of({.any_host = true}));
    EXPECT_EQ(with.end.found.at(0).domain, "b.co.uk");
    EXPECT_EQ(with.end.found.at(1).domain, "127.0.0.1");
}

// --- types and encodings ---

TEST(PageReader, TypeIsSniffedOnlyWhereNothingWasSent) {
    const std::string page = " \n<!DOCTYPE html><a href=/a>";
    EXPECT_EQ(read(answer_of(200, {}, page)).end.found.size(), 1U);
    EXPECT_EQ(read(answer_of(200, {}, page)).type.essence, "text/html");
    EXPECT_EQ(read(answer_of(200, {{"Content-Type", "text/plain"}}, page)).end.found.size(), 0U);
    EXPECT_EQ(read(answer_of(200, {{"Content-Type", "nonsense"}}, page)).end.found.size(), 1U);
    EXPECT_EQ(read(answer_of(200, {}, "just words")).type.essence, "text/plain");
    EXPECT_EQ(read(answer_of(200, {}, std::string("\x00\x01", 2))).type.essence,
              "application/octet-stream");
    EXPECT_EQ(read(answer_of(200, {}, "<?xml version='1.0'?><x/>")).type.essence, "text/xml");
    EXPECT_EQ(read(answer_of(200, {}, "")).type.essence, "");
    const std::string xhtml = "<?xml version='1.0'?><!DOCTYPE html><html><a href='/a'/></html>";
    EXPECT_EQ(read(answer_of(200, {{"Content-Type", "text/xml"}}, xhtml)).end.found.size(), 1U);
    EXPECT_EQ(
        read(answer_of(200, {{"Content-Type", "application/xhtml+xml"}}, xhtml)).end.found.size(),
        1U);
}

TEST(PageReader, EncodingIsFoundAsBrowsersFindIt) {
    const auto encoding = [](std::string type, std::string body) {
        return read(answer_of(200, {{"Content-Type", std::move(type)}}, std::move(body))).encoding;
    };
    EXPECT_EQ(encoding("text/html; charset=koi8-r", "<meta charset=utf-8>"), "KOI8-R");
    EXPECT_EQ(encoding("text/html; charset=koi8-r", "\xEF\xBB\xBFx"), "UTF-8");
    EXPECT_EQ(encoding("text/html; charset=nonsense", "<meta charset=shift_jis>"), "Shift_JIS");
    EXPECT_EQ(encoding("text/html", "<meta charset=utf-16>"), "UTF-8");
    EXPECT_EQ(encoding("text/html", "gr\xC3\xBC\xC3\x9F"), "UTF-8");
    EXPECT_EQ(encoding("text/html", "gr\xFC\xDF"), "windows-1252");
    EXPECT_EQ(encoding("text/html", std::string(2000, ' ') + "\xFC<meta charset=koi8-u>"),
              "KOI8-U");
    EXPECT_EQ(encoding("application/xhtml+xml", "<?xml version='1.0' encoding='big5'?>"), "Big5");
    EXPECT_EQ(encoding("text/plain; charset=ascii", "x"), "windows-1252");
    EXPECT_EQ(encoding("image/png", "x"), "");
}

TEST(PageReader, TextAndQueriesFollowTheEncoding) {
    auto reading = read(answer_of(200, {{"Content-Type", "text/html; charset=windows-1251"}},
                                  "<title>\xCF\xF0\xE8</title><a href='/\xCF?q=\xCF'>"));
    EXPECT_EQ(reading.title, "При");
    EXPECT_EQ(urls_of(reading), Lines{"https://www.example.com/%D0%9F?q=%CF"});
    // Too late for the search at the front.
    reading = read(answer_of(
        200, {{"Content-Type", "text/html"}},
        std::string(1100, ' ') + "<title>\xCF</title><meta charset=windows-1251><a href='?\xCF'>"));
    EXPECT_EQ(reading.title, "П");
    EXPECT_EQ(urls_of(reading), Lines{"https://www.example.com/dir/page.html?%CF"});
    // UTF-16 with its mark.
    const char wide[] = "\xFF\xFE<\0a\0 \0h\0r\0e\0f\0=\0/\0z\0>\0";
    reading =
        read(answer_of(200, {{"Content-Type", "text/html"}}, std::string(wide, sizeof wide - 1)));
    EXPECT_EQ(urls_of(reading), Lines{"https://www.example.com/z"});
    EXPECT_EQ(reading.encoding, "UTF-16LE");
    // Bytes that are no UTF-8 do not get into what is told.
    reading = read(html_answer("<html lang='\xFF'><title>a\xFFz</title>"));
    EXPECT_EQ(reading.title, "a\xEF\xBF\xBDz");
    EXPECT_EQ(reading.language, "\xEF\xBF\xBD");
}

// --- bodies ---

TEST(PageReader, ContentCodingIsUndone) {
    const std::string page = "<a href=/packed>";
    FetchAnswer answer = html_answer(gzipped(page));
    answer.headers.push_back({"Content-Encoding", "gzip"});
    const auto reading = read(answer);
    EXPECT_EQ(urls_of(reading), Lines{"https://www.example.com/packed"});
    EXPECT_EQ(reading.body, page);
    EXPECT_EQ(reading.end.bytes, answer.body.size());
    PageRules rules = rules_of();
    rules.keep_body = false;
    EXPECT_EQ(urls_of(read(answer, rules)), Lines{"https://www.example.com/packed"});
    EXPECT_EQ(read(answer, rules).body, "");
    answer.body = gzipped(answer.body);
    answer.headers.push_back({"content-encoding", "x-gzip"});
    EXPECT_EQ(urls_of(read(answer)), Lines{"https://www.example.com/packed"});
}

TEST(PageReader, WhatCannotBeUnpackedFails) {
    FetchAnswer answer = html_answer("<a href=/a>");
    answer.headers.push_back({"Content-Encoding", "gzip"});
    auto reading = read(answer);
    EXPECT_EQ(reading.end.kind, PageEnd::Kind::failed);
    EXPECT_EQ(reading.end.failure, Failure::body);
    EXPECT_NE(reading.problem.find("cannot be unpacked"), std::string::npos);
    EXPECT_TRUE(reading.body.empty());
    answer.headers.back().value = "compress";
    EXPECT_EQ(read(answer).end.failure, Failure::body);
    answer.headers.back().value = "identity";
    EXPECT_EQ(read(answer).end.found.size(), 1U);
    answer.headers.back().value = "gzip";
    answer.body.clear();
    EXPECT_EQ(read(answer).end.kind, PageEnd::Kind::fetched);
}

TEST(PageReader, ABombFails) {
    PageRules rules = rules_of();
    rules.unpacked_max = 4 << 20;
    FetchAnswer answer = html_answer(gzipped(std::string(5 << 20, 'x')));
    answer.headers.push_back({"Content-Encoding", "gzip"});
    const auto reading = read(answer, rules);
    EXPECT_EQ(reading.end.kind, PageEnd::Kind::failed);
    EXPECT_EQ(reading.end.failure, Failure::body);
    EXPECT_TRUE(reading.body.empty());
    EXPECT_NE(reading.problem.find("unpack"), std::string::npos);
}

TEST(PageReader, WhatWasCutIsReadAsFarAsItCame) {
    FetchAnswer answer = html_answer("<a href=/a><a href=/b");
    answer.truncated = true;
    auto reading = read(answer);
    EXPECT_EQ(reading.end.kind, PageEnd::Kind::fetched);
    EXPECT_EQ(urls_of(reading), Lines{"https://www.example.com/a"});
    EXPECT_NE(reading.problem.find("longer than 1048576 bytes"), std::string::npos);
    std::string text = "<a href=/a>";
    for (int i = 0; i < 3000; ++i) text += std::to_string(i * i);
    answer.body = gzipped(text).substr(0, 2000);
    answer.headers.push_back({"Content-Encoding", "gzip"});
    reading = read(answer);
    EXPECT_EQ(reading.end.kind, PageEnd::Kind::fetched);
    EXPECT_EQ(urls_of(reading), Lines{"https://www.example.com/a"});
    // Packed data that just stops, as some servers send it.
    answer.truncated = false;
    answer.body = gzipped(text);
    answer.body.resize(answer.body.size() - 8);
    reading = read(answer);
    EXPECT_EQ(urls_of(reading), Lines{"https://www.example.com/a"});
    EXPECT_NE(reading.problem.find("cut short"), std::string::npos);
}

TEST(PageReader, SimhashIsOfTheWordsThatAreSeen) {
    PageRules rules = rules_of();
    EXPECT_EQ(read(html_answer("<p>some words</p>"), rules).end.simhash, std::nullopt);
    rules.near_duplicates = true;
    const auto hash = [&](std::string body) {
        return read(html_answer(std::move(body)), rules).end.simhash;
    };
    EXPECT_EQ(hash(""), std::nullopt);
    EXPECT_EQ(hash("<script>not words</script> -- !"), std::nullopt);
    EXPECT_EQ(hash("<p>Some  <b>words</b>, here</p>"), hash("some words <i>HERE</i>"));
    EXPECT_NE(hash("some words here"), hash("quite other text"));
    EXPECT_EQ(hash("<p>wo<b>rd</b></p>"), hash("word"));
}

// --- many pages, one reader ---

TEST(PageReader, NothingOfAPageStaysBehind) {
    PageRules rules = rules_of();
    rules.near_duplicates = true;
    PageReader reader = reader_of(rules);
    PageReading reading;
    reader.read(
        answer_of(200, {{"Content-Type", "text/html; charset=koi8-r"}, {"Link", "</n>; rel=next"}},
                  "<html lang=ru><title>\xCF</title><base href=/b/>"
                  "<meta name=robots content=noindex><link rel=canonical href=c>text"),
        now, reading);
    EXPECT_EQ(reading.end.found.size(), 2U);
    FetchAnswer cut = html_answer("");
    cut.truncated = true;
    reader.read(cut, now, reading);
    reader.read(html_answer("<a href=x?\xC3\xBC>"), now, reading);
    EXPECT_EQ(urls_of(reading), Lines{"https://www.example.com/dir/x?%C3%BC"});
    EXPECT_EQ(reading.title + reading.language + reading.canonical + reading.problem, "");
    EXPECT_EQ(reading.directives, PageDirectives());
    EXPECT_EQ(reading.end.simhash, std::nullopt);
    EXPECT_EQ(reading.encoding, "UTF-8");
    // Enough different pages that every slot of the set was used by some.
    for (int i = 0; i < 500; ++i) {
        const std::string href = "/p" + std::to_string(i % 7);
        reader.read(html_answer("<a href=" + href + "><a href=" + href + ">"), now, reading);
        ASSERT_EQ(urls_of(reading), Lines{"https://www.example.com" + href});
    }
    std::string many;
    for (int i = 0; i < 5000; ++i) many += "<a href=/m" + std::to_string(i % 1000) + ">";
    reader.read(html_answer(many), now, reading);
    EXPECT_EQ(reading.end.found.size(), 1000U);
}

}  // namespace
}  // namespace sluice::crawl
