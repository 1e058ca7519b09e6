// SPDX-License-Identifier: Apache-2.0
// World: one simulated crawl. It owns virtual time, the made-up web, the store with its crashes,
// and the real frontier. One seed, one history.
#pragma once

#include "checker.h"
#include "kernel/algo/deadline_heap.h"
#include "kernel/base/random.h"
#include "modules/crawl/core/frontier/frontier.h"
#include "swarm.h"
#include "web.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::crawl::sim {

struct RunOptions {
    std::uint64_t seed = 1;
    std::uint64_t faults = 0;  ///< bits of Fault
    bool trace = false;        ///< keep readable lines of what happens
};

struct Outcome {
    std::optional<Violation> violation;
    std::uint64_t hash = 0;  ///< of everything that was ordered
    std::uint64_t events = 0;
    std::uint64_t crashes = 0;
    CrawlTotals totals;
    Duration virtual_time{0};
    std::deque<std::string> trace;
};

/// Plays one history to its end or to the first violation.
Outcome run_seed(const RunOptions& options);

class World {
public:
    explicit World(const RunOptions& options);
    Outcome run();

private:
    static constexpr WallTime base = wall_from_ns(1'700'000'000'000'000'000);
    static constexpr std::uint64_t events_max = 300'000;

    struct Event {
        enum class Kind : std::uint8_t { wake, fetched, resolved, read, crash, start, sync, drain };
        Kind kind = Kind::wake;
        std::uint64_t epoch = 0;  ///< of the process that it belongs to
        FetchOrder order;
        ResolveOrder resolve;
        ReadOrder read;
    };
    /// What one batch did, so that losing it can be undone.
    struct Batch {
        std::vector<Write> before;  ///< the values that it replaced
        std::vector<std::string> ended;
    };

    void at(Duration delay, Event event);
    void step(const Event& event);
    void begin_process();
    void restore();
    void offer_seeds(Decision& out);
    void page_done(const FetchOrder& order, Decision& out);
    void robots_done(const FetchOrder& order, Decision& out);
    void resolve_done(const ResolveOrder& order, Decision& out);
    void read_done(const ReadOrder& order);
    std::vector<Found> found_on(const FetchOrder& order, const WebAnswer& answer);
    void look_up(Found& found);
    /// Lets the frontier start what it may, keeps the batch, and sends the orders out.
    void carry_out(Decision& out);
    void apply(const std::vector<Write>& writes);
    void set(const std::string& key, const std::optional<std::string>& value);
    void crash();
    void cut_power();
    [[nodiscard]] bool is_over();
    void note(const std::string& line);
    void mix(std::string_view text);
    Duration up_to(Duration most);

    RunOptions options_;
    Swarm swarm_;
    Random random_;
    Web web_;
    Checker checker_;
    WallTime now_ = base;
    DeadlineHeap<Event> events_;
    std::map<std::string, std::string> store_;
    std::uint64_t queued_ = 0, seen_ = 0;  ///< keys of these kinds in the store
    std::vector<Batch> unsynced_;
    std::vector<std::string> ended_now_;
    std::unique_ptr<Frontier> frontier_;
    std::vector<Found> seeds_;
    std::uint64_t epoch_ = 0;
    std::uint64_t handled_ = 0, crashes_ = 0;
    DeadlineHandle wake_;
    std::uint64_t hash_ = 1;
    std::deque<std::string> trace_;
    bool drained_ = false;
};

}  // namespace sluice::crawl::sim
