// SPDX-License-Identifier: Apache-2.0
// Ctrl-C as an event for commands that finish in good order: a thread hears the signals while the
// command works. Not for the server, which waits for its signals itself.
#pragma once

#include "kernel/base/time.h"
#include "kernel/sync/thread.h"
#include "sdk/wake.h"

#include <csignal>
#include <functional>
#include <utility>

namespace sluice::app {

/// While it lives, SIGINT and SIGTERM go to `heard` instead of ending the process. Make it before
/// other threads are started.
class Interrupts {
public:
    /// `heard` is told how many signals have come so far, `tick` is called at that interval (never
    /// for zero); both on a thread of their own.
    Interrupts(std::function<void(unsigned)> heard, std::function<void()> tick, Duration interval)
        : Interrupts(std::move(heard), std::move(tick), interval, 0, nullptr) {}
    /// As well, another signal goes to `other`, on that thread.
    Interrupts(std::function<void(unsigned)> heard, std::function<void()> tick, Duration interval,
               int other_signal, std::function<void()> other);
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

private:
    void listen();

    std::function<void(unsigned)> heard_;
    std::function<void()> tick_;
    std::function<void()> other_;
    unsigned other_signal_;
    int poll_ms_;
    sigset_t set_{};
    sigset_t before_{};
    int descriptor_ = -1;
    sdk::Wake end_;
    Thread thread_;
};

}  // namespace sluice::app
