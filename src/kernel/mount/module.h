// SPDX-License-Identifier: Apache-2.0
// What a module is, what it is given, and the contract of its life. A module fetches nothing from a
// global: everything comes through the Mount.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/mount/config.h"
#include "kernel/net/http.h"
#include "kernel/net/runtime.h"
#include "kernel/observe/metrics.h"
#include "kernel/sync/clock.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice {

/// The two clocks, as values, so that a test can hand in its own.
struct Clock {
    Instant (*monotonic)() = &monotonic_now;
    WallTime (*wall)() = &wall_now;
};

/// What a module gets at its start. The references live until after its stop().
struct Mount {
    Runtime& runtime;
    Registry& metrics;
    /// Routes may be added during start() only; the HTTP server starts after all modules.
    HttpRouter& http;
    /// The module's own section.
    ConfigSection config;
    Clock clock;
    /// For seeding its random numbers; another one for each module.
    std::uint64_t random_seed = 0;
};

/// A service of the server. One thread calls all of it, in the order start, drain, stop.
class Module {
public:
    Module() = default;
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    virtual ~Module() = default;

    /// The name of its section, its metrics and its log lines.
    [[nodiscard]] virtual std::string_view name() const = 0;
    /// What it can be told; called before start().
    [[nodiscard]] virtual std::vector<Setting> settings() const { return {}; }
    /// What start() would refuse of these settings together, with nothing opened: for
    /// `sluice check-config`. Errors: invalid, denied.
    [[nodiscard]] virtual Status check(const ConfigSection&) const { return {}; }
    /// Opens stores, listeners, routes, metrics. On failure it has cleaned up after itself, and
    /// the error says what to do.
    virtual Status start(const Mount& mount) = 0;
    /// From now on takes nothing new and finishes what it holds. Returns at once.
    virtual void drain() {}
    /// Waits for the rest of the drain until the deadline, then ends. Idempotent, and fine if never
    /// started.
    virtual void stop(Instant deadline) = 0;
};

}  // namespace sluice
