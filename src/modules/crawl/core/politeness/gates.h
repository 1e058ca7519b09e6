// SPDX-License-Identifier: Apache-2.0
// Gates: the limits that hosts share. Every request passes three gates at once: that of its IP
// address, of its registered domain, and of the whole crawl. A host that finds one shut waits in
// that gate's line; nothing is polled. A host's own pace is in pace.h.
#pragma once

#include "kernel/algo/deadline_heap.h"
#include "kernel/algo/gcra.h"
#include "kernel/base/id.h"
#include "kernel/base/time.h"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::crawl {

using HostId = Id<struct HostTag>;
using GateId = std::uint32_t;

/// What one gate lets through.
struct GateLimit {
    std::optional<TokenBucketLimit> rate;  ///< request starts; nothing: any rate
    std::uint32_t running_max = 0;         ///< requests at once; 0: any number
};

struct GateConfig {
    GateLimit address;
    GateLimit domain;
    GateLimit crawl;
    /// After so many turns lost to others a host keeps each gate that it has reached until it has
    /// all three, so nobody starves between two busy gates.
    std::uint32_t patience = 8;
    std::uint64_t faults = 0;  ///< bits of Fault; only simulators plant them
};

/// Which gates a request passes. Made by Gates::address and Gates::domain.
struct Route {
    GateId address = 0;
    GateId domain = 0;
    friend bool operator==(Route, Route) = default;
};

/// What a host waits for, for people.
enum class GateKind : std::uint8_t { crawl, domain, address };
std::string_view to_string(GateKind kind);

/// All shared gates of a crawl. One owner; pure: time is passed in. A start is counted in all three
/// gates or in none. Deadlines are WallTime, as those of the rest of the frontier.
class Gates {
public:
    explicit Gates(const GateConfig& config);

    /// The gate of an IP address (its text) or of a registered domain, made when first asked for.
    /// Each call is matched by one let_go.
    GateId address(std::string_view text);
    GateId domain(std::string_view name);
    void let_go(GateId gate);

    /// Starts a request of `host`, or has it wait at a gate that is shut (false). A host waits at
    /// one gate only, and asks again when next_ready names it.
    bool start(HostId host, Route route, WallTime now);
    /// A started request ended.
    void finished(Route route, WallTime now);
    /// The host wants to start nothing any more.
    void withdraw(HostId host, WallTime now);

    /// A host that should try again now, in the order in which they came to their gate. It must
    /// either call start or withdraw.
    std::optional<HostId> next_ready(WallTime now);
    /// When next_ready may have somebody.
    [[nodiscard]] std::optional<WallTime> next_wake() const { return timers_.next_deadline(); }

    /// After a crash nobody knows what was started last: every gate, also one that is made later,
    /// begins as if its whole burst had been started at `now`.
    void assume_spent(WallTime now);
    /// Changes the limits of a running crawl.
    void set_limits(const GateConfig& config, WallTime now);

    [[nodiscard]] std::uint32_t running() const { return gates_[crawl_gate].running; }
    [[nodiscard]] std::size_t waiting() const { return waits_.size(); }
    /// Where the host waits, if it does.
    [[nodiscard]] std::optional<GateKind> waits_at(HostId host) const;
    /// Gates there are; those without users and without memory are forgotten.
    [[nodiscard]] std::size_t size() const { return names_.size() + 1; }

private:
    static constexpr GateId crawl_gate = 0;

    struct InLine {
        HostId host;
        std::uint64_t stamp = 0;
    };
    struct Gate {
        GateKind kind = GateKind::crawl;
        std::string name;
        WallTime full_at{Duration{0}};
        std::uint32_t running = 0;
        std::uint32_t users = 0;
        HostId holder;                    ///< keeps this gate until it starts
        std::deque<InLine> line;          ///< whose stamp is old has left
        std::deque<InLine> patient_line;  ///< goes first
        std::uint32_t waiting = 0;        ///< in the lines and not left
        DeadlineHandle timer;
    };
    struct Wait {
        GateId gate = 0;
        std::uint64_t stamp = 0;
        std::uint32_t lost = 0;  ///< turns
        bool in_line = false;    ///< else its turn has come
        bool holds = false;
        Route route;
    };

    GateId intern(GateKind kind, std::string_view name);
    void forget_unused();
    [[nodiscard]] const GateLimit& limit_of(const Gate& gate) const;
    /// When the gate lets `host` through; nothing: not before somebody else is done.
    [[nodiscard]] std::optional<WallTime> opens_at(const Gate& gate, HostId host,
                                                   WallTime now) const;
    void charge(Gate& gate, WallTime now);
    void take_turn(HostId host, Wait& wait, Route route, WallTime now);
    std::optional<HostId> take_first(Gate& gate);
    void queue_up(HostId host, Wait& wait, GateId gate, WallTime now);
    void hold_before(HostId host, Wait& wait, GateId blocked, WallTime now);
    void release_holds(HostId host, const Wait& wait, WallTime now);
    void rearm(GateId id, WallTime now);
    [[nodiscard]] static std::array<GateId, 3> in_order(Route route) {
        return {route.address, route.domain, crawl_gate};
    }

    GateConfig config_;
    std::optional<WallTime> spent_at_;
    WallTime newest_start_{Duration{0}};
    std::deque<Gate> gates_;
    std::vector<GateId> free_;
    std::unordered_map<std::string, GateId> names_;  ///< the kind's letter, then the name
    std::size_t forget_at_ = 1024;
    std::unordered_map<HostId, Wait> waits_;
    std::uint64_t next_stamp_ = 1;
    DeadlineHeap<GateId> timers_;
};

}  // namespace sluice::crawl
