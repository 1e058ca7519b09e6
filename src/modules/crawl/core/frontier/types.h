// SPDX-License-Identifier: Apache-2.0
// The words of the frontier: what is found, what is ordered, how it ended, and what is decided. All
// of it is data; nothing here acts.
#pragma once

#include "kernel/base/id.h"
#include "kernel/base/time.h"
#include "modules/crawl/core/novelty/novelty.h"
#include "modules/crawl/core/politeness/gates.h"
#include "modules/crawl/core/politeness/pace.h"
#include "modules/crawl/core/robots/robots_fetch.h"
#include "modules/crawl/core/robots/robots_rules.h"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

using Ticket = Id<struct TicketTag>;

/// Why a URL that was found is not fetched.
enum class Exclusion : std::uint8_t {
    scope,               ///< the finder's rules: host, path, pattern, scheme
    shape,               ///< too long, too many segments, a trap
    depth,               ///< too many links away from a seed
    redirects,           ///< too many redirects in a row
    hosts,               ///< of a host more than the crawl may know
    host_pages,          ///< the host's budget is used up
    robots,              ///< disallowed by robots.txt
    robots_unreachable,  ///< robots.txt could not be had, which forbids everything (RFC
                         ///< 9309 2.3.1.4)
};
inline constexpr std::size_t exclusion_count = 8;
std::string_view to_string(Exclusion exclusion);

/// Why a URL was tried and not had.
enum class Failure : std::uint8_t {
    dns,
    connect,
    tls,
    timeout,
    http,      ///< a status that is an error
    body,      ///< cut short, too large, or not decodable
    blocked,   ///< the address may not be asked (outbound policy)
    given_up,  ///< its host was given up
};
inline constexpr std::size_t failure_count = 8;
std::string_view to_string(Failure failure);

/// What a queue entry is fetched for; the frontier only passes it on.
enum class UrlKind : std::uint8_t { page, sitemap };

/// What is known of a URL.
enum class Seen : std::uint8_t {
    no = 0,
    taken = 1,     ///< queued, fetched, failed or excluded for good
    too_deep = 2,  ///< excluded by depth; taken when found nearer
    too_far = 3,   ///< excluded by redirects; taken when found otherwise
};

/// XXH3-128 of a canonical URL, without two bits. Two URLs of ten million share one with a chance
/// below 1e-24. Kept on disk, so the function may not change.
struct Fingerprint {
    std::uint64_t high = 0;
    std::uint64_t low = 0;  ///< the lowest two bits are zero
    friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// A URL that was found on a page, in a sitemap, or given as a seed.
struct Found {
    std::string url;     ///< canonical, with a path
    Fingerprint print;   ///< of the URL; zeros: not calculated
    std::string domain;  ///< registered domain of its host, or its address
    std::uint32_t depth = 0;
    std::uint8_t urgency = 0;  ///< 0 (first) to 7
    std::uint8_t hops = 0;     ///< redirects in a row that led here
    UrlKind kind = UrlKind::page;
    std::optional<Exclusion> excluded;  ///< by the finder
    /// What the store says of Frontier::must_look_up's key.
    std::optional<Seen> stored;
};

/// "Resolve the name of this host", answered by Resolved.
struct ResolveOrder {
    HostId host;
    std::string origin;  ///< scheme, name and port as in its URLs
};
/// "Fetch this now", answered by PageEnd or RobotsEnd with its ticket.
struct FetchOrder {
    Ticket ticket;
    HostId host;
    std::string url;
    /// The one whose gate was passed; no other may be connected to. Empty for a robots.txt that has
    /// moved to another host, whose name is to be resolved first.
    std::string address;
    std::uint32_t depth = 0;
    std::uint8_t urgency = 0;
    std::uint8_t hops = 0;
    std::uint8_t attempt = 0;  ///< 0 for the first
    UrlKind kind = UrlKind::page;
    bool robots = false;         ///< the host's robots.txt
    std::uint64_t body_max = 0;  ///< bytes that may be read of it
    WallTime let_go;             ///< when its gates were passed, which is what limits count
    std::string referrer{};      ///< the page on which it was found first; empty: a seed
};
/// A URL that failed without being asked for, because of its host.
struct UnaskedUrl {
    std::string url;
    Failure failure = Failure::given_up;
    std::uint32_t depth = 0;
    UrlKind kind = UrlKind::page;
    std::string referrer{};
};
/// "Read queue entries of this host and class behind `after`", answered by ReadEnd.
struct ReadOrder {
    HostId host;
    std::uint8_t queue = 0;
    std::uint64_t after = 0;
    std::uint32_t limit = 0;
};
/// A key to be set, or deleted when there is no value.
struct Write {
    std::string key;
    std::optional<std::string> value;
};
/// What was decided. `writes` are one atomic batch, and are kept before anything that depends on
/// them is told to anybody.
struct Decision {
    std::vector<Write> writes;
    std::vector<FetchOrder> fetches;
    std::vector<ResolveOrder> resolves;
    std::vector<ReadOrder> reads;
    std::vector<UnaskedUrl> unasked;  ///< their ends are among `writes`

    void clear();
};

/// How a page's fetch ended.
struct PageEnd {
    enum class Kind : std::uint8_t {
        fetched,     ///< an answer that counts as a page; `found` are its links
        redirected,  ///< `found` has the target, if it may be followed
        retry,       ///< try it again later, or let it fail with `failure`
        failed,
        put_back,  ///< never started; it counts for nothing
    };
    Ticket ticket;
    Kind kind = Kind::fetched;
    Failure failure = Failure::http;
    Answer answer;
    std::uint64_t bytes = 0;               ///< of body, as sent; at most the order's body_max
    std::optional<std::uint64_t> simhash;  ///< of the text of a page that has some
    std::vector<Found> found;
};

/// How the fetch of a robots.txt ended; what follows from it, decide_robots says.
struct RobotsEnd {
    Ticket ticket;
    RobotsAnswer robots;
    Answer answer;
    std::shared_ptr<const RobotsRules> rules;  ///< of the body, if the status is 2xx
    std::string location;                      ///< where a redirect leads, absolute
    std::vector<Found> found;                  ///< its sitemaps
};

struct Resolved {
    HostId host;
    std::vector<std::string> addresses;  ///< those that may be asked; empty: none, or an error
    Failure failure = Failure::dns;      ///< why there is none
    Duration ttl = 60s;
};

/// An entry of a host's queue.
struct QueuedUrl {
    std::uint64_t seq = 0;
    std::string path;  ///< the URL without the origin
    std::uint32_t depth = 0;
    std::uint8_t urgency = 0;
    std::uint8_t hops = 0;
    std::uint8_t attempts = 0;
    UrlKind kind = UrlKind::page;
    std::string referrer{};  ///< as in FetchOrder, but without the origin if it is of the same host
};

struct ReadEnd {
    HostId host;
    std::uint8_t queue = 0;
    std::uint64_t after = 0;
    std::vector<QueuedUrl> entries;
    bool last = false;  ///< there were fewer than the limit
};

/// The crawl's counters, kept with every batch. seen = pending + fetched + redirected + all
/// failed + all excluded, always.
struct CrawlTotals {
    std::uint64_t seen = 0;
    std::uint64_t pending = 0;  ///< known and not ended: queued or being fetched
    std::uint64_t fetched = 0;
    std::uint64_t redirected = 0;
    std::uint64_t retried = 0;
    std::uint64_t bytes = 0;
    std::uint64_t robots_fetched = 0;
    std::uint64_t next_host = 1;
    std::array<std::uint64_t, failure_count> failed{};
    std::array<std::uint64_t, exclusion_count> excluded{};

    [[nodiscard]] std::uint64_t all_failed() const;
    [[nodiscard]] std::uint64_t all_excluded() const;
    /// The balance of `seen`.
    [[nodiscard]] bool adds_up() const;
};

/// Defaults are those of docs/limits.md.
struct FrontierConfig {
    PaceConfig pace;
    GateConfig gates;
    std::uint32_t host_running_max = 1;
    bool ignore_robots = false;
    RobotsPolicy robots;
    std::uint32_t robots_attempts_max = 4;  ///< without an answer; then its URLs are excluded
    std::uint32_t dns_attempts_max = 3;
    Duration dns_retry = 10s;
    std::uint32_t attempts_max = 3;  ///< of one URL
    Duration retry_base = 10s;
    Duration retry_cap = 10min;
    std::uint32_t depth_max = 20;
    std::uint32_t hops_max = 10;
    std::uint64_t pages_max = UINT64_MAX;
    std::uint64_t bytes_max = UINT64_MAX;
    std::uint64_t host_pages_max = UINT64_MAX;
    std::uint64_t hosts_max = 100'000;
    std::uint64_t body_max = 10U << 20U;
    NoveltyConfig novelty;
    std::size_t seen_bytes = 16U << 20U;   ///< of memory for the set of what was seen
    std::size_t window_urls = 64;          ///< of one queue in memory
    std::size_t loaded_urls_max = 65'536;  ///< in memory; windows of more shrink to window_urls_min
    std::size_t window_urls_min = 4;
    std::uint64_t faults = 0;  ///< bits of Fault; only simulators plant them
};

}  // namespace sluice::crawl
