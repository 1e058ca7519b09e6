// SPDX-License-Identifier: Apache-2.0
// Signals as events: TSTP, TERM and INT of the process become wishes of its worker, read from a
// signalfd. An inner part of Worker.
#pragma once

#include "sdk/wake.h"
#include "sdk/worker_events.h"

#include <csignal>

namespace sluice::sdk {

/// Blocks the signals in the calling thread, and thereby in all it starts from now on; puts the
/// mask back at the end.
class BlockedSignals {
public:
    BlockedSignals();
    ~BlockedSignals();
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;
    [[nodiscard]] const sigset_t& set() const { return set_; }

private:
    sigset_t set_{};
    sigset_t before_{};
};

/// Passes the signals on until `end` is notified.
void run_signals(const sigset_t& set, const Wake& end, WorkerEvents& events);

}  // namespace sluice::sdk
