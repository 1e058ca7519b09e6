// SPDX-License-Identifier: Apache-2.0
// Patience: how long a blocking call may wait, and what may end the wait early.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "sdk/wake.h"

namespace sluice::sdk {

/// One wait: until when, and what may end it early.
struct Patience {
    Instant deadline = Instant::max();
    /// Notified: the wait ends with `cancelled`. Null: nothing ends it.
    const Wake* wake = nullptr;
};

/// Until one of the poll() events comes to the descriptor. Errors: timeout, cancelled, io.
Status wait_for(int descriptor, short events, Patience patience);

}  // namespace sluice::sdk
