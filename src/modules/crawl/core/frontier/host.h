// SPDX-License-Identifier: Apache-2.0
// Host: all the frontier knows of one host (scheme, name and port). Most of it is a record on disk.
#pragma once

#include "modules/crawl/core/frontier/types.h"
#include "modules/crawl/core/frontier/url_window.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::crawl {

/// Queues of a host: 0 to 7 by urgency, and the URLs that are to be tried again, by time.
inline constexpr std::uint8_t urgency_last = 7;
inline constexpr std::uint8_t retry_queue = 8;
inline constexpr std::size_t queue_count = 9;

/// The URLs of a host that is written off, one by one, become this.
enum class WrittenOff : std::uint8_t { no, robots_unreachable, dns, blocked, given_up };

struct HostRobots {
    std::shared_ptr<const RobotsRules> rules;  ///< nothing: none are held
    WallTime expires{Duration{0}};             ///< of the rules; they are asked for anew
    WallTime failing_since{Duration{0}};       ///< the epoch: not
    WallTime ask_again{Duration{0}};           ///< not sooner
    std::uint32_t failures = 0;                ///< in a row
};

struct Host {
    // On disk.
    HostId id;
    std::string origin;  ///< "https://example.org:8443"
    std::string domain;
    std::array<std::uint64_t, queue_count>
        stored{};  ///< entries of each queue, with those in flight
    std::uint64_t next_seq = 1;
    Pace pace;
    HostRobots robots;
    WrittenOff written_off = WrittenOff::no;
    std::uint64_t known = 0;  ///< URLs ever queued
    std::uint64_t fetched = 0;
    std::uint64_t failed = 0;
    std::uint64_t excluded = 0;
    std::uint64_t bytes = 0;

    // In memory only.
    struct Queue {
        std::uint8_t number = 0;
        UrlWindow window;
        std::uint32_t asked = 0;  ///< URLs that a read under way may bring
    };
    std::vector<Queue> queues;  ///< those that have or had something, by number
    std::vector<std::string> addresses;
    std::size_t address = 0;  ///< the one that is asked, of `addresses`
    WallTime addresses_until{Duration{0}};
    WallTime resolve_again{Duration{0}};
    std::optional<Route> route;  ///< its gates, while there are addresses
    std::uint32_t resolve_failures = 0;
    std::uint32_t running = 0;
    std::uint64_t picks = 0;
    std::unique_ptr<Novelty> novelty;  ///< once a page with text was fetched
    std::string robots_location;       ///< where a redirect of robots.txt led
    unsigned robots_redirects = 0;
    bool resolving = false;
    bool asks_robots = false;
    bool dirty = false;
    bool robots_dirty = false;
    /// Where the frontier will find it again.
    enum class Place : std::uint8_t { resting, timed, gated } place = Place::resting;
    DeadlineHandle timer;

    /// The window of a queue; a new one is whole and empty.
    UrlWindow& window(std::uint8_t number) { return queue(number).window; }
    Queue& queue(std::uint8_t number);
    [[nodiscard]] bool has_more() const;
};

/// The number of an entry of the retry queue that is due at `when`.
std::uint64_t retry_seq(WallTime when, std::uint64_t number);

/// robots.txt of this host is asked of another one: it was redirected there.
bool asks_elsewhere(const Host& host);

/// The part of a canonical URL before its path, and the path with its query.
std::string_view origin_of(std::string_view url);
/// "example.org" of "https://example.org:8443", "[::1]" of "http://[::1]:80".
std::string_view host_name_of(std::string_view origin);
std::string_view path_of(std::string_view url);

/// The records on disk. Each begins with a version byte; a reader refuses a newer one.
std::string host_key(HostId host);
std::string host_record(const Host& host);
/// Errors: corrupt.
Result<Host> read_host(std::string_view key, std::string_view record);
std::string robots_key(HostId host);
std::string robots_record(const HostRobots& robots);
/// Errors: corrupt.
Result<HostRobots> read_robots(std::string_view record);
std::string queue_key(HostId host, std::uint8_t queue, std::uint64_t seq);
std::string queue_record(const QueuedUrl& url);
/// Errors: corrupt.
Result<QueuedUrl> read_queued(std::string_view key, std::string_view record);
std::string seen_key(const struct Fingerprint& print);
std::string totals_key();
std::string totals_record(const CrawlTotals& totals);
/// Errors: corrupt.
Result<CrawlTotals> read_totals(std::string_view record);

}  // namespace sluice::crawl
