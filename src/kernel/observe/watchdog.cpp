// SPDX-License-Identifier: Apache-2.0
#include "kernel/observe/watchdog.h"

#include "kernel/observe/log.h"
#include "kernel/observe/process.h"
#include "kernel/observe/thread_stack.h"
#include "kernel/sync/clock.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

bool contains(const std::vector<Stall>& stalls, const Stall& wanted) {
    return std::any_of(stalls.begin(), stalls.end(), [&](const Stall& stall) {
        return stall.id == wanted.id && stall.since == wanted.since;
    });
}

/// A line a frame: one value of a line is too short for a stack, and one line hard to read.
void report(const Stall& stall) {
    log_error("a thread does not come back",
              {{"thread", stall.thread}, {"in", stall.site}, {"seconds", stall.lasts}});
    const auto stack = stack_of_thread(stall.id);
    if (!stack) {
        log_error("its stack cannot be read", {{"thread", stall.thread},
                                               {"why", stack.error().message},
                                               {"kernel", thread_state(stall.id)}});
        return;
    }
    for (std::size_t i = 0; i < stack->size(); ++i) {
        log_error("its stack",
                  {{"thread", stall.thread}, {"frame", i}, {"function", stack->frame_text(i)}});
    }
}

}  // namespace

StallReporter::StallReporter(Registry& metrics, Duration limit)
    : limit_(limit),
      stalled_now_(metrics.gauge(
          {"sluice_stalled_threads", "Threads in a turn that lasts longer than 2 s, now"})),
      stalls_(metrics.counter({"sluice_stalls_total", "Turns that lasted longer than 2 s"})) {}

void StallReporter::look(Instant now) {
    std::vector<Stall> found = stalls(limit_, now);
    for (const Stall& stall : known_) {
        if (contains(found, stall)) continue;
        log_info(
            "a thread came back",
            {{"thread", stall.thread}, {"in", stall.site}, {"seconds_at_most", now - stall.since}});
    }
    stalled_now_.set(static_cast<std::int64_t>(found.size()));
    for (const Stall& stall : found) {
        if (contains(known_, stall)) continue;
        stalls_.add();
        report(stall);
    }
    known_ = std::move(found);
}

Watchdog::Watchdog(Registry& metrics, WatchdogOptions options)
    : reporter_(metrics, options.limit),
      thread_("watchdog", [this, every = options.every] { watch(every); }) {}

Watchdog::~Watchdog() {
    stop_.close();
    thread_.join();
}

void Watchdog::watch(Duration every) {
    char nothing = 0;
    while (stop_.pop_until(nothing, deadline_after(every)) == ChannelStatus::timeout)
        reporter_.look(monotonic_now());
}

}  // namespace sluice
