// SPDX-License-Identifier: Apache-2.0
// What every use of libcurl here shares: its start, and one prepared request driven until it ends,
// its deadline passes, or the job is cancelled. Says nothing of what is requested.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/sync/cancel.h"

#include <functional>

namespace sluice::work {

/// Once for the process; any thread. Errors: internal.
Status start_curl();

/// Performs the request of a CURL handle on this thread and gives its CURLcode. A cancel wakes it
/// at once. `ended` is called when nothing more is wanted of it, before its connections are closed.
/// Errors: timeout (`deadline`), cancelled, internal.
Result<int> curl_perform(void* handle, Instant deadline, const CancelToken& cancel,
                         const std::function<void()>& ended = {});

}  // namespace sluice::work
