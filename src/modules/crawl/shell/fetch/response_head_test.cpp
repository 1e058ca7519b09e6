// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/response_head.h"

#include <gtest/gtest.h>

namespace sluice::crawl {
namespace {

using Verdict = ResponseHead::Verdict;

TEST(ResponseHead, KeepsTheFieldsOfTheLastAnswer) {
    ResponseHead head;
    FetchAnswer answer;
    const ResponseHead::Limits limits;
    head.begin();
    for (const auto* line : {"HTTP/1.1 103 Early Hints\r\n", "Link: <a>\r\n", "\r\n"}) {
        EXPECT_EQ(head.take(line, limits, answer), Verdict::fine);
    }
    EXPECT_FALSE(head.is_whole());
    for (const auto* line : {"HTTP/2 404 \r\n", " folded before anything\r\n", "A:1\r\n",
                             "B :\t 2 \r\n", "\tand more\r\n", "no colon\r\n", ": no name\r\n",
                             "C:\r\n", " c\n", "\r\n", "D: trailer\r\n"}) {
        EXPECT_EQ(head.take(line, limits, answer), Verdict::fine);
    }
    EXPECT_TRUE(head.is_whole());
    EXPECT_EQ(answer.protocol, "HTTP/2");
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.reason, "");
    const std::vector<HttpHeader> fields = {{"A", "1"}, {"B", "2 and more"}, {"C", "c"}};
    EXPECT_EQ(answer.headers, fields);
    head.body_began();
    EXPECT_EQ(head.take("HTTP/1.1 200 OK\r\n", limits, answer), Verdict::fine);
    EXPECT_EQ(answer.status, 404);
}

TEST(ResponseHead, HasLimits) {
    ResponseHead head;
    FetchAnswer answer;
    EXPECT_EQ(head.take("HTTP/1.1 200\r\n", {.bytes_max = 20}, answer), Verdict::fine);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(head.take("A: 1\r\n", {.bytes_max = 20}, answer), Verdict::fine);
    EXPECT_EQ(head.take("\r\n", {.bytes_max = 20}, answer), Verdict::too_many_bytes);
    head.begin();
    EXPECT_EQ(head.take("HTTP/1.1 200 OK\r\n", {.count_max = 1}, answer), Verdict::fine);
    EXPECT_EQ(head.take("A: 1\r\n", {.count_max = 1}, answer), Verdict::fine);
    EXPECT_EQ(head.take("B: 1\r\n", {.count_max = 1}, answer), Verdict::too_many_fields);
}

}  // namespace
}  // namespace sluice::crawl
