// SPDX-License-Identifier: Apache-2.0
// The job as JSON, both ways (docs/protocol.md, "The job"): parse_job checks what a producer sent,
// append_job_json writes what a worker or an operator gets. Pure, and on the server's hot path.
#pragma once

#include "kernel/base/time.h"
#include "kernel/wire/json_reader.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::sdk {

inline constexpr std::size_t jid_bytes_min = 8;
inline constexpr std::size_t jid_bytes_max = 255;
inline constexpr std::size_t type_bytes_max = 255;
inline constexpr std::size_t queue_bytes_max = 255;
inline constexpr std::int32_t retry_default = 25;
inline constexpr int job_priority_min = 1;
inline constexpr int job_priority_max = 9;
inline constexpr int job_priority_default = 5;
inline constexpr Duration reserve_for_max = 24h;
/// Of custom.sluice: timeout_s and the waits of backoff; keep_s.
inline constexpr Duration job_timeout_max = 7 * 24h;
inline constexpr Duration job_keep_max = 3660 * 24h;

/// How the wait before the next attempt grows; the words of custom.sluice.backoff.kind.
enum class BackoffWord : std::uint8_t { faktory, constant, exponential, none };

struct BackoffParts {
    BackoffWord kind = BackoffWord::faktory;
    Duration base = 15s;
    Duration max = 24h;
    std::uint8_t jitter_percent = 0;  ///< 0 to 100
    friend bool operator==(const BackoffParts&, const BackoffParts&) = default;
};

/// A pushed job, checked. The views last as long as the parsed document.
struct JobParts {
    std::string_view jid;
    std::string_view type;
    std::string_view queue = "default";
    std::string_view args;    ///< a JSON array, byte for byte as sent
    std::string_view custom;  ///< a JSON object, byte for byte as sent, or empty
    /// The members that the protocol does not know, as `"k":v,"k2":v2` without braces, in their
    /// order; or empty.
    std::string extra;

    std::int32_t retry = retry_default;  ///< -1: to the dead set on failure; 0: discard on failure
    std::uint8_t priority = job_priority_default;
    bool wait_when_worker_lost = false;
    Duration reserve_for{0};  ///< 0: not given
    Duration timeout{0};      ///< 0: none
    Duration keep{-1};        ///< -1: not given
    WallTime at{};            ///< epoch: not given
    WallTime created_at{};    ///< `now` when not given
    BackoffParts backoff;
};

/// Checks in the order jid, jobtype, args, reserve_for, at, queue, and then the options in
/// custom.sluice. The message of an error is the whole text for the client, in one line. `null`
/// counts as absent everywhere. Errors: invalid.
Result<JobParts> parse_job(JsonView job, WallTime now);

/// Letters, digits, '.', '_' and '-'; not empty, at most queue_bytes_max.
bool is_queue_name(std::string_view name);

/// A lease as text: 16 lower-case hexadecimal digits.
std::string format_lease(std::uint64_t lease);
/// Errors: invalid (not 1 to 16 hexadecimal digits, or zero).
Result<std::uint64_t> parse_lease(std::string_view text);

/// The failure member.
struct FailureView {
    std::int32_t retry_count = 0;
    std::int32_t remaining = 0;
    WallTime failed_at{};
    WallTime next_at{};  ///< epoch: left out
    std::string_view message;
    std::string_view errtype;
    std::string_view backtrace;  ///< a JSON array, or empty
};

/// How far a running job is.
struct ProgressView {
    std::int32_t percent = 0;
    std::string_view note;  ///< empty: left out
    WallTime at{};
};

/// What only JOB GET and JOB LIST show.
struct StatusView {
    std::string_view state;
    std::uint64_t seq = 0;
    WallTime changed_at{};
    WallTime due_at{};            ///< epoch: left out
    WallTime lease_expires_at{};  ///< epoch: left out
    std::string_view worker;      ///< empty: left out
    bool cancel_requested = false;
    const ProgressView* progress = nullptr;
    std::string_view result;  ///< JSON text, or empty
    std::span<const std::string> why{};
};

/// A job to render. Texts are JSON source where JobParts says so; epoch and empty mean "leave it
/// out".
struct JobView {
    std::string_view jid;
    std::string_view type;
    std::string_view queue;
    std::string_view args;
    std::string_view custom;
    std::string_view extra;
    std::int32_t retry = retry_default;
    int priority = job_priority_default;  ///< left out when it is the default
    Duration reserve_for{0};              ///< 0: left out
    WallTime created_at{};
    WallTime enqueued_at{};
    WallTime at{};
    const FailureView* failure = nullptr;
    /// Extended clients only; 0: left out.
    std::uint64_t lease = 0;
    std::int32_t attempt = 0;
    const StatusView* status = nullptr;
};

/// Appends the job compactly, members in this order: jid, queue, jobtype, args, created_at,
/// enqueued_at, at, retry, reserve_for, priority, custom, failure, the unknown members (an integer
/// `backtrace` is one of them), lease, attempt, and those of StatusView.
void append_job_json(std::string& out, const JobView& job);

/// JSON text without the blanks between its parts; what MUTATE's patterns are matched against.
std::string compact_json(std::string_view json);

}  // namespace sluice::sdk
