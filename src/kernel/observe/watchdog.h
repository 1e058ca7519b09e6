// SPDX-License-Identifier: Apache-2.0
// Watchdog: logs turns that do not end (pulse.h), with the stack of their thread. It reports and
// does nothing else: a slow disk is not a reason to stop a server.
#pragma once

#include "kernel/base/time.h"
#include "kernel/observe/metrics.h"
#include "kernel/observe/pulse.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"

#include <vector>

namespace sluice {

/// Looks at every Pulse of the process when told to; logs the beginning of each stall once, and its
/// end. One thread.
class StallReporter {
public:
    /// `metrics` must outlive it: sluice_stalled_threads, sluice_stalls_total.
    explicit StallReporter(Registry& metrics, Duration limit = stall_limit);
    void look(Instant now);

private:
    const Duration limit_;
    Gauge& stalled_now_;
    Counter& stalls_;
    std::vector<Stall> known_;
};

struct WatchdogOptions {
    Duration limit = stall_limit;  ///< a longer turn is a stall
    Duration every = 500ms;        ///< how often it looks
};

/// A StallReporter with a thread of its own, from its making to its end.
class Watchdog {
public:
    /// `metrics` must outlive it.
    explicit Watchdog(Registry& metrics, WatchdogOptions options = {});
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

private:
    void watch(Duration every);

    StallReporter reporter_;
    Channel<char> stop_{1, "watchdog"};  ///< carries nothing; closed at the end
    Thread thread_;
};

}  // namespace sluice
