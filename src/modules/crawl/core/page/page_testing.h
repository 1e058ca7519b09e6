// SPDX-License-Identifier: Apache-2.0
// Answers and rules for the tests of this folder.
#pragma once

#include "modules/crawl/core/page/page_reader.h"

#include <gtest/gtest.h>
#include <support/deflated.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::crawl {

inline constexpr std::string_view page_test_url = "https://www.example.com/dir/page.html";

inline FetchAnswer answer_of(int status, std::vector<HttpHeader> headers, std::string body = {}) {
    FetchAnswer answer;
    answer.order.ticket = Ticket(7);
    answer.order.url = page_test_url;
    answer.order.depth = 2;
    answer.order.urgency = 3;
    answer.order.body_max = 1 << 20;
    answer.status = status;
    answer.headers = std::move(headers);
    answer.body = std::move(body);
    answer.latency = 12ms;
    return answer;
}

inline FetchAnswer html_answer(std::string body) {
    return answer_of(200, {{"Content-Type", "text/html; charset=utf-8"}}, std::move(body));
}

inline FetchAnswer sitemap_answer(std::string body) {
    FetchAnswer answer = answer_of(200, {{"Content-Type", "text/xml"}}, std::move(body));
    answer.order.url = "https://www.example.com/sitemap.xml";
    answer.order.kind = UrlKind::sitemap;
    return answer;
}

/// A crawl of example.com and everything below it.
inline PageRules rules_of(ScopeConfig scope = {.domains = {"example.com"}}) {
    PageRules rules;
    rules.scope = std::make_shared<const Scope>(Scope::make(std::move(scope)).value());
    rules.suffixes =
        std::make_shared<const PublicSuffixes>(PublicSuffixes::parse("com\nuk\nco.uk\n").value());
    return rules;
}

inline PageReader reader_of(PageRules rules) {
    return PageReader(std::make_shared<const PageRules>(std::move(rules)));
}

inline const WallTime now{std::chrono::hours(24 * 20'000)};

inline PageReading read(const FetchAnswer& answer, PageRules rules = rules_of()) {
    return reader_of(std::move(rules)).read(answer, now);
}

inline std::vector<std::string> urls_of(const PageReading& reading) {
    std::vector<std::string> out;
    for (const Found& found : reading.end.found) {
        std::string line = found.url;
        if (found.excluded) line += " " + std::string(to_string(*found.excluded));
        out.push_back(line);
    }
    return out;
}

using Lines = std::vector<std::string>;

}  // namespace sluice::crawl
