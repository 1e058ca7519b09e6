// SPDX-License-Identifier: Apache-2.0
// JobSpec: a job as a producer describes it, and its way into JSON. Pure but for new_jid().
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "sdk/protocol/job_json.h"
#include "sdk/trace_context.h"

#include <optional>
#include <string>

namespace sluice::sdk {

/// What to run, where and when. Only `type` must be given.
struct JobSpec {
    std::string type;
    /// A JSON array, as text.
    std::string args = "[]";
    std::string queue = "default";
    /// The producer's name for the job, at least 8 bytes; empty: one is made. A push repeated with
    /// the same jid does not make a second job while the first one waits.
    std::string jid{};
    std::optional<int> retry{};      ///< retries after the first attempt; default 25
    std::optional<int> priority{};   ///< 1 (low) to 9 (high); default 5
    std::optional<WallTime> at{};    ///< not before
    Duration reserve_for{0};         ///< lease length for plain workers; 0: the server's default
    Duration timeout{0};             ///< time limit of a run; 0: none
    std::optional<Duration> keep{};  ///< how long to keep it once finished
    std::optional<BackoffParts> backoff{};
    bool wait_when_worker_lost = false;
    /// Further members for `custom`: a JSON object, as text, or empty. Of a `sluice` among them
    /// (docs/protocol.md) what the fields above say wins.
    std::string custom{};
    /// The trace it belongs to: becomes `traceparent` and `tracestate` in `custom`, unless that has
    /// a `traceparent` already.
    std::optional<TraceContext> trace{};
};

/// 24 hexadecimal digits from OpenSSL's generator: unique without asking anybody.
std::string new_jid();

/// Appends the job as PUSH takes it. Errors: invalid (args or custom are not such JSON, an empty
/// type, a jid that is too short).
Status append_push_json(std::string& out, const JobSpec& job);

}  // namespace sluice::sdk
