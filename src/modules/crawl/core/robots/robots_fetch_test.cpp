// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/robots/robots_fetch.h"

#include <gtest/gtest.h>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr RobotsPolicy policy;

RobotsDecision decide(RobotsAnswer answer, RobotsKnown known = {}) {
    return decide_robots(answer, known, policy);
}

TEST(RobotsFetch, AFileIsUsedForADayAtMost) {
    EXPECT_EQ(decide({.status = 200}).action, RobotsAction::use_body);
    EXPECT_EQ(decide({.status = 200}).again_in, Duration{24h});
    EXPECT_TRUE(decide({.status = 200}).reached);
    EXPECT_EQ(decide({.status = 200, .max_age = 1h}).again_in, Duration{1h});
    EXPECT_EQ(decide({.status = 200, .max_age = 0s}).again_in, policy.age_min);
    EXPECT_EQ(decide({.status = 200, .max_age = 1000h}).again_in, Duration{24h});
    EXPECT_EQ(decide({.status = 204}).action, RobotsAction::use_body);
}

TEST(RobotsFetch, FiveRedirectsAreFollowed) {
    for (unsigned i = 0; i < 5; ++i) {
        const auto out = decide({.status = 301, .redirects = i, .has_location = true});
        EXPECT_EQ(out.action, RobotsAction::follow);
        EXPECT_EQ(out.again_in, Duration{0});
    }
    EXPECT_EQ(decide({.status = 302, .redirects = 5, .has_location = true}).action,
              RobotsAction::allow_all);
    EXPECT_EQ(decide({.status = 302}).action, RobotsAction::allow_all);
    EXPECT_EQ(decide({.status = 304}, {.has_rules = true}).action, RobotsAction::keep_old);
    EXPECT_EQ(decide({.status = 304}).action, RobotsAction::allow_all);
}

TEST(RobotsFetch, WithoutAFileAllIsAllowed) {
    for (const int status : {400, 401, 403, 404, 410, 451, 499}) {
        EXPECT_EQ(decide({.status = status}).action, RobotsAction::allow_all) << status;
        EXPECT_EQ(decide({.status = status}, {.has_rules = true}).action, RobotsAction::allow_all);
        EXPECT_TRUE(decide({.status = status}).reached);
    }
}

TEST(RobotsFetch, AServerInTroubleForbidsAllOrKeepsWhatIsHeld) {
    for (const int status : {0, 100, 429, 500, 503, 599, 600, -1}) {
        EXPECT_EQ(decide({.status = status}).action, RobotsAction::disallow_all) << status;
        EXPECT_EQ(decide({.status = status}, {.has_rules = true}).action, RobotsAction::keep_old);
        EXPECT_FALSE(decide({.status = status}).reached);
    }
    const RobotsKnown long_gone{.failures = 50, .unreachable = 30 * 24h};
    EXPECT_EQ(decide({.status = 503}, long_gone).action, RobotsAction::allow_all);
    const RobotsKnown nearly{.failures = 50, .unreachable = 30 * 24h - 1s};
    EXPECT_EQ(decide({.status = 503}, nearly).action, RobotsAction::disallow_all);
}

TEST(RobotsFetch, ThePauseDoublesUpToItsLimitAndHeedsRetryAfter) {
    EXPECT_EQ(decide({.status = 500}).again_in, Duration{5min});
    EXPECT_EQ(decide({.status = 500}, {.failures = 2}).again_in, Duration{20min});
    EXPECT_EQ(decide({.status = 500}, {.failures = UINT32_MAX}).again_in, Duration{24h});
    EXPECT_EQ(decide({.status = 503, .retry_after = 2h}).again_in, Duration{2h});
    EXPECT_EQ(decide({.status = 503, .retry_after = 9999h}).again_in, Duration{24h});
}

}  // namespace
