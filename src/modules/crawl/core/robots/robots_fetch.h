// SPDX-License-Identifier: Apache-2.0
// What the answer to a request for /robots.txt means for the crawl of its host (RFC 9309, 2.3.1 and
// 2.4), as one pure function. Does no fetching; the caller keeps the rules and the times.
#pragma once

#include "kernel/base/time.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::crawl {

/// Bounds of the rules, with what RFC 9309 and Google say as defaults.
struct RobotsPolicy {
    unsigned redirects_max = 5;
    Duration age_max = 24h;               ///< Rules are fetched anew after this at the latest.
    Duration age_min = 5min;              ///< Sooner they are not, whatever Cache-Control says.
    Duration retry_min = 5min;            ///< First pause after a failure; doubles.
    Duration retry_max = 24h;             ///< Longest pause after a failure.
    Duration unreachable_max = 30 * 24h;  ///< After this a file that never came counts as absent.
};

/// The end of one attempt to fetch /robots.txt.
struct RobotsAnswer {
    int status = 0;  ///< Of HTTP; 0: there was none (DNS, connection, TLS, time-out, broken body).
    unsigned redirects = 0;     ///< Followed so far.
    bool has_location = false;  ///< With a status 3xx: it says where to, and that may be asked.
    std::optional<Duration> max_age;      ///< Of Cache-Control.
    std::optional<Duration> retry_after;  ///< Of Retry-After.
};

/// What is known from before.
struct RobotsKnown {
    bool has_rules = false;      ///< Rules of an earlier answer are held.
    std::uint32_t failures = 0;  ///< Attempts without an answer since the last one that had.
    std::optional<Duration> unreachable;  ///< How long that has been so, if it is.
};

enum class RobotsAction : std::uint8_t {
    follow,        ///< Ask where the redirect leads; decide on that answer.
    use_body,      ///< Parse the body; its rules hold.
    allow_all,     ///< There is no file (4xx, too many redirects): nothing is forbidden.
    disallow_all,  ///< The server is in trouble and no rules are held: nothing may be fetched.
    keep_old,      ///< The rules held stay in force.
};
std::string_view to_string(RobotsAction action);

struct RobotsDecision {
    RobotsAction action = RobotsAction::disallow_all;
    Duration again_in{0};  ///< When to ask anew; 0 with `follow`.
    bool reached = false;  ///< The server gave an answer that counts: failures begin at 0 again.
    std::string_view why;  ///< For people, without a full stop.
    friend bool operator==(const RobotsDecision&, const RobotsDecision&) = default;
};

/// 2xx: use the body. 3xx: follow, up to redirects_max, then as 4xx. 304: keep. 4xx: allow all, but
/// 429 is trouble of the server (as Google reads it). 5xx and no answer: keep what is held, else
/// forbid all, and ask again after a pause that doubles.
RobotsDecision decide_robots(const RobotsAnswer& answer, const RobotsKnown& known,
                             const RobotsPolicy& policy);

}  // namespace sluice::crawl
