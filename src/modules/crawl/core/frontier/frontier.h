// SPDX-License-Identifier: Apache-2.0
// Frontier: which URLs are known, which is fetched next, and when the crawl is over. It decides;
// its owner reads, writes, resolves and fetches. Mercator's two stages (urgency, then one queue for
// each host), with the queues on disk and every shared limit checked at the same instant.
//
// A URL leaves its queue only in the batch that says how it ended, so a crash loses none and
// repeats only what was in flight. `pending` counts the links of a page before the page itself, so
// it reaches zero exactly once.
#pragma once

#include "kernel/algo/deadline_heap.h"
#include "kernel/base/random.h"
#include "kernel/base/result.h"
#include "modules/crawl/core/frontier/host.h"
#include "modules/crawl/core/frontier/seen_set.h"
#include "modules/crawl/core/frontier/types.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::crawl {

/// What hosts are doing, for the progress line.
struct HostCounts {
    std::uint64_t known = 0;
    std::uint64_t running = 0;   ///< with a request in flight
    std::uint64_t pausing = 0;   ///< wait for their own pace
    std::uint64_t at_gates = 0;  ///< wait for a limit that they share
};

/// One owner; pure. Times are WallTime of one clock that never runs backwards.
class Frontier {
public:
    Frontier(const FrontierConfig& config, std::uint64_t seed);

    // A crawl that is taken up again: first its records, then restored().
    /// Errors: corrupt.
    Status restore_totals(std::string_view record);
    Status restore_host(std::string_view key, std::string_view record);
    /// Of a host that was restored before.
    Status restore_robots(std::string_view key, std::string_view record);
    /// What was in flight at the end is queued again. Nobody knows what was started last, or
    /// whether its host was kept, so every limit counts as used up at `now`.
    void restored(WallTime now);

    /// The key in the store to be read before this is offered (its first byte is a Seen, no value:
    /// Seen::no); nothing if memory knows.
    std::optional<std::string> must_look_up(const Found& found);
    /// A seed.
    void offer(const Found& found, WallTime now, Decision& out) { offer(found, {}, now, out); }

    void finish_page(const PageEnd& end, WallTime now, Decision& out);
    void finish_robots(const RobotsEnd& end, WallTime now, Decision& out);
    void finish_resolve(const Resolved& resolved, WallTime now, Decision& out);
    void finish_read(ReadEnd read, WallTime now);

    /// Gives out everything that may start now. Ask again at next_wake() and after each finish.
    void turn(WallTime now, Decision& out);
    /// Adds the records that changed to the batch. Call once before `writes` are written.
    void commit(Decision& out);
    [[nodiscard]] std::optional<WallTime> next_wake() const;

    /// Nothing is started any more.
    void drain() { draining_ = true; }
    /// Nothing is started until it is called with false.
    void pause(bool paused, WallTime now);
    /// Changes the rates and shared limits of a running crawl, for all hosts.
    void set_politeness(const PaceConfig& pace, const GateConfig& gates, WallTime now);
    /// Nothing is queued and nothing in flight: the crawl is complete.
    [[nodiscard]] bool is_finished() const { return totals_.pending == 0 && in_flight_.empty(); }
    /// Nothing is in flight, and nothing will be started: complete, drained, or at a limit.
    [[nodiscard]] bool is_over() const;
    [[nodiscard]] bool at_limit() const;

    [[nodiscard]] const CrawlTotals& totals() const { return totals_; }
    [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }
    [[nodiscard]] std::size_t loaded_urls() const { return loaded_; }
    [[nodiscard]] std::size_t seen_bytes() const { return seen_.bytes(); }
    [[nodiscard]] HostCounts host_counts() const;
    /// For reports; null if unknown.
    [[nodiscard]] const Host* find_host(std::string_view origin) const;
    [[nodiscard]] const Host* find_host(HostId id) const;
    /// The time between two starts at the host, as it is now.
    [[nodiscard]] Duration delay_of(const Host& host) const {
        return host.pace.delay(config_.pace);
    }
    /// Why nothing more is started at the host: "pace", "address", "domain", "crawl", "name",
    /// "robots"; "" if nothing waits or something runs.
    [[nodiscard]] std::string_view waits_for(const Host& host) const;
    template <class Visit>
    void each_host(Visit&& visit) const {
        for (const auto& [id, host] : hosts_) visit(*host);
    }

private:
    struct Flight {
        HostId host;
        Route route;
        std::uint8_t queue = 0;
        QueuedUrl url;
        std::uint64_t reserved = 0;  ///< bytes
        bool robots = false;
    };

    // frontier_offer.cpp
    Host* host_for(std::string_view origin, const std::string& domain);
    [[nodiscard]] std::optional<Exclusion> refuse(const Found& found) const;
    void offer(const Found& found, std::string_view referrer, WallTime now, Decision& out);
    void enqueue(Host& host, const Found& found, QueuedUrl url, WallTime now, Decision& out);
    void add_entry(Host& host, std::uint8_t queue, QueuedUrl url, Decision& out);
    void offer_all(const std::vector<Found>& found, std::string_view referrer, WallTime now,
                   Decision& out);

    // frontier_turn.cpp
    void consider(Host& host, WallTime now, Decision& out);
    enum class Step : std::uint8_t { again, done };
    Step consider_once(Host& host, WallTime now, Decision& out);
    UrlWindow* choose(Host& host, WallTime now, Decision& out, std::uint8_t& queue);
    void read_on(Host& host, Host::Queue& queue, Decision& out);
    bool has_address(Host& host, WallTime now, Decision& out);
    bool has_rules(Host& host, WallTime now, Decision& out);
    Step write_off(Host& host, WallTime now, Decision& out);
    Step start_page(Host& host, std::uint8_t queue, UrlWindow& window, WallTime now, Decision& out);
    /// Bytes that one more page may have; 0: none, or not before others are done.
    [[nodiscard]] std::uint64_t bytes_left() const;
    [[nodiscard]] bool pages_left() const;
    void take_off(Host& host, Flight flight, FetchOrder order, WallTime now, Decision& out);
    QueuedUrl end_unfetched(Host& host, std::uint8_t queue, UrlWindow& window, Decision& out);
    void rest(Host& host, WallTime now);
    void wait_until(Host& host, WallTime when, WallTime now);
    void nudge(Host& host, WallTime now);

    // frontier.cpp
    Flight land(Ticket ticket, WallTime now);
    void judge(Host& host, const Answer& answer, WallTime now);
    void remove_entry(Host& host, std::uint8_t queue, std::uint64_t seq, Decision& out);
    void set_rules(Host& host, const RobotsEnd& end, const RobotsDecision& decision, WallTime now);
    void try_again(Host& host, Flight flight, Failure failure, WallTime now, Decision& out);
    void set_address(Host& host, std::size_t index);
    void nudge_blocked(WallTime now);
    void touch(Host& host);
    [[nodiscard]] std::size_t window_max() const;

    FrontierConfig config_;
    Random random_;
    CrawlTotals totals_;
    SeenSet seen_;
    Gates gates_;
    std::unordered_map<HostId, std::unique_ptr<Host>> hosts_;
    std::unordered_map<std::string_view, Host*> by_origin_;  ///< keys live in the hosts
    DeadlineHeap<HostId> due_;
    std::unordered_map<Ticket, Flight> in_flight_;
    std::vector<HostId> blocked_;  ///< by the limit of pages or bytes
    std::vector<Host*> dirty_;
    std::uint64_t next_ticket_ = 1;
    std::uint64_t pages_in_flight_ = 0;
    std::uint64_t bytes_reserved_ = 0;
    std::size_t loaded_ = 0;
    std::size_t asked_ = 0;  ///< URLs that the reads under way may bring
    std::optional<WallTime> restored_at_;
    bool totals_changed_ = false;
    bool draining_ = false;
    bool paused_ = false;
};

}  // namespace sluice::crawl
