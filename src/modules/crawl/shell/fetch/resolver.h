// SPDX-License-Identifier: Apache-2.0
// Resolver: the addresses of host names by c-ares, on a thread of its own, with a cache that keeps
// each answer for as long as its records say. Addresses that the outbound policy forbids are left
// out. It connects to name servers only.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/net/address_rules.h"
#include "modules/crawl/core/frontier/types.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::crawl {

/// Defaults are those of docs/limits.md.
struct ResolverConfig {
    AddressRules rules = AddressRules::public_internet();
    std::size_t cache_max = 100'000;  ///< names; then those that end soonest go
    std::size_t in_flight_max = 256;  ///< names asked for at once
    std::size_t queue_max = 16'384;   ///< names that wait; for further ones there is no answer
    std::size_t addresses_max = 16;   ///< of one name
    Duration ttl_min = 30s;           ///< bounds of how long an answer is kept
    Duration ttl_max = 1h;
    Duration negative_ttl = 60s;  ///< for names that have no address
    Duration failure_ttl = 5s;    ///< when no server answered
    Duration timeout = 5s;        ///< of the first attempt; later ones wait longer
    std::uint32_t attempts = 3;
    std::vector<std::string> servers;  ///< "192.0.2.1:53", "[2001:db8::1]:53"; empty: the system's
    std::string hosts_file = "/etc/hosts";  ///< empty: none; at most 1 MiB of it is read, once
    /// Name → addresses, asked for nowhere. They are judged by the rules as all others.
    std::vector<std::pair<std::string, std::vector<std::string>>> fixed;
};

/// How much it did; since it was started.
struct ResolverCounters {
    std::uint64_t asked = 0;  ///< orders
    std::uint64_t local = 0;  ///< literals, fixed names, hosts file, localhost
    std::uint64_t cached = 0;
    std::uint64_t joined = 0;   ///< waited for a question that was under way
    std::uint64_t queries = 0;  ///< names asked of servers
    std::uint64_t failed = 0;   ///< of these
    std::uint64_t refused = 0;  ///< no room in the queue
};

/// IPv4 addresses come first; IPv6 ones are given only where there is no IPv4 address, because a
/// machine without an IPv6 route would fail on them.
class Resolver {
public:
    /// On the resolver's thread; it must not block for long. May call resolve(), not stop().
    using Done = std::function<void(Resolved)>;

    /// Errors: invalid (an address, a server), exhausted, io (the hosts file cannot be read).
    static Result<std::unique_ptr<Resolver>> start(ResolverConfig config, Done done);
    /// Stops.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// Every order that was taken ends with exactly one call of Done, also when the resolver is
    /// stopped. False once it is stopped, or when queue_max orders have not been looked at. Any
    /// thread.
    bool resolve(ResolveOrder order);
    /// Ends every question with Failure::dns and returns when all have ended. May be called again.
    /// Any thread but the resolver's.
    void stop();
    /// Any thread.
    [[nodiscard]] ResolverCounters counters() const;

private:
    struct Parts;
    explicit Resolver(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::crawl
