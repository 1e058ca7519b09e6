// SPDX-License-Identifier: Apache-2.0
// Checker: what must hold in every history of the frontier, judged from outside: from what it
// orders and what it keeps, with arithmetic of its own. The invariants have numbers, C1 to C12.
#pragma once

#include "kernel/base/time.h"
#include "modules/crawl/core/frontier/types.h"
#include "swarm.h"
#include "web.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl::sim {

/// A broken invariant; thrown to the end of the history.
struct Violation {
    std::string number;
    std::string what;
};

class Checker {
public:
    Checker(const Swarm& swarm, const Web& web) : swarm_(swarm), web_(web) {}

    /// C1 rates, C2 requests at once, C3 nothing twice, C4 robots.txt, C5 pauses, C6 depth and
    /// hops.
    void ordered(const FetchOrder& order, const std::string& domain, WallTime now);
    /// C7 limits of pages and bytes.
    void page_ended(const FetchOrder& order, const PageEnd& end, WallTime now);
    void robots_ended(const FetchOrder& order, const RobotsEnd& end, WallTime now);
    void named(const std::string& origin) { unnamed_.insert(origin); }
    /// C8 the counters add up and agree with what is kept; C9 memory.
    void kept(const CrawlTotals& totals, std::uint64_t queued, std::uint64_t seen,
              std::size_t loaded, std::size_t hosts) const;
    /// C10 at the end nothing that could be reached is missing.
    void finished(const std::vector<Found>& seeds) const;

    /// The batch that says how these ended was lost: they may be fetched again.
    void forget_ends(const std::vector<std::string>& urls);
    /// Everything in flight is gone. `lost`: and some of what was kept.
    void crashed(bool lost);

    [[nodiscard]] std::uint64_t pages_fetched() const { return fetched_; }
    [[noreturn]] static void fail(std::string number, std::string what) {
        throw Violation{std::move(number), std::move(what)};
    }

private:
    struct HostView {
        struct RobotsSeen {
            WallTime at{};
            std::shared_ptr<const RobotsRules> rules;  ///< nothing: an answer without rules
        };
        std::vector<RobotsSeen> robots;
        WallTime last_start{Duration{0}};
        WallTime paused_until{Duration{0}};
        std::uint32_t running = 0;
        bool was_dead = false;
        bool robots_failed = false;
    };
    void check_rate(const std::string& name, const GateLimit& limit, WallTime now);
    void check_robots(const HostView& host, const FetchOrder& order, WallTime now) const;
    void check_pause(const HostView& host, const FetchOrder& order, WallTime now) const;
    [[nodiscard]] bool may_be_missing(const std::string& url) const;
    void release(const FetchOrder& order);

    const Swarm& swarm_;
    const Web& web_;
    std::map<std::string, WallTime> full_at_;  ///< of each bucket, through all crashes
    std::map<std::string, std::uint32_t> running_;
    std::map<std::string, HostView> hosts_;
    std::set<std::string> in_flight_;
    std::map<std::string, std::vector<Found>> ended_;  ///< by URL; what was found on it
    std::set<std::string> unnamed_;
    std::uint64_t fetched_ = 0, bytes_ = 0;
    bool lost_ = false;
};

}  // namespace sluice::crawl::sim
