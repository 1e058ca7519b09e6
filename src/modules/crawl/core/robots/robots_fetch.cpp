// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/robots/robots_fetch.h"

#include <algorithm>

namespace sluice::crawl {

namespace {

Duration lifetime(const RobotsAnswer& answer, const RobotsPolicy& policy) {
    const Duration asked = answer.max_age.value_or(policy.age_max);
    return std::clamp(asked, std::min(policy.age_min, policy.age_max), policy.age_max);
}

Duration retry_pause(const RobotsAnswer& answer, const RobotsKnown& known,
                     const RobotsPolicy& policy) {
    Duration pause = policy.retry_min;
    for (std::uint32_t i = 0; i < known.failures && pause < policy.retry_max; ++i) pause *= 2;
    pause = std::max(pause, answer.retry_after.value_or(Duration{0}));
    return std::min(pause, policy.retry_max);
}

RobotsDecision in_trouble(const RobotsAnswer& answer, const RobotsKnown& known,
                          const RobotsPolicy& policy) {
    RobotsDecision out{.again_in = retry_pause(answer, known, policy)};
    if (known.has_rules) {
        out.action = RobotsAction::keep_old;
        out.why = "robots.txt cannot be reached; the rules from before stay in force";
    } else if (known.unreachable && *known.unreachable >= policy.unreachable_max) {
        out.action = RobotsAction::allow_all;
        out.why = "robots.txt has not been reachable for so long that it counts as absent";
    } else {
        out.action = RobotsAction::disallow_all;
        out.why = "robots.txt cannot be reached, and nothing is known of its rules";
    }
    return out;
}

}  // namespace

std::string_view to_string(RobotsAction action) {
    switch (action) {
        case RobotsAction::follow: return "follow";
        case RobotsAction::use_body: return "use_body";
        case RobotsAction::allow_all: return "allow_all";
        case RobotsAction::disallow_all: return "disallow_all";
        case RobotsAction::keep_old: return "keep_old";
    }
    return {};
}

RobotsDecision decide_robots(const RobotsAnswer& answer, const RobotsKnown& known,
                             const RobotsPolicy& policy) {
    RobotsDecision out{.again_in = lifetime(answer, policy), .reached = true};
    if (answer.status >= 200 && answer.status <= 299) {
        out.action = RobotsAction::use_body;
        out.why = "robots.txt was fetched";
    } else if (answer.status == 304 && known.has_rules) {
        out.action = RobotsAction::keep_old;
        out.why = "robots.txt has not changed";
    } else if (answer.status >= 300 && answer.status <= 399) {
        const bool follow = answer.has_location && answer.redirects < policy.redirects_max;
        out.action = follow ? RobotsAction::follow : RobotsAction::allow_all;
        if (follow) out.again_in = Duration{0};
        out.why = follow                ? "robots.txt is elsewhere"
                  : answer.has_location ? "too many redirects: there is no robots.txt"
                                        : "a redirect to nowhere: there is no robots.txt";
    } else if (answer.status >= 400 && answer.status <= 499 && answer.status != 429) {
        out.action = RobotsAction::allow_all;
        out.why = "there is no robots.txt";
    } else {
        return in_trouble(answer, known, policy);
    }
    return out;
}

}  // namespace sluice::crawl
