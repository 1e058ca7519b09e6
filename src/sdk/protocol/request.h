// SPDX-License-Identifier: Apache-2.0
// Requests of the Faktory protocol and its extension as plain structs: which verb a line carries,
// and what its argument says (docs/protocol.md, "Commands"). Pure; what to do about a request is
// the server's business. The job itself is in job_json.h.
#pragma once

#include "kernel/base/time.h"
#include "kernel/wire/json_reader.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sdk {

/// Names in one FETCH, QUEUE, WAIT, CANCEL, BEAT or MUTATE, and items in one ACKB or FAILB.
inline constexpr std::size_t request_names_max = 10'000;
inline constexpr std::size_t request_items_max = 10'000;
inline constexpr std::size_t errtype_bytes_max = 100;
inline constexpr std::size_t message_bytes_max = 1'000;
inline constexpr std::size_t backtrace_lines_max = 50;
inline constexpr std::size_t progress_note_bytes_max = 200;
inline constexpr std::uint32_t fetch_jobs_max = 1'000;
inline constexpr std::uint32_t list_jobs_max = 1'000;
/// A longer wait asked for is shortened to this.
inline constexpr Duration wait_max = 60s;
inline constexpr Duration fetch_wait_default = 2s;

enum class Verb : std::uint8_t {
    unknown,
    hello,
    push,
    pushb,
    fetch,
    ack,
    fail,
    beat,
    info,
    flush,
    end,
    mutate,
    queue,
    // The extension.
    fetchb,
    ackb,
    failb,
    requeue,
    extend,
    cancel,
    job,
    wait,
};
/// The word on the wire ("FETCHB"); empty for unknown.
std::string_view to_string(Verb verb);

/// A line split at its first blank. The views last as long as the line.
struct RequestLine {
    Verb verb = Verb::unknown;
    std::string_view word;      ///< as sent
    std::string_view argument;  ///< the rest; empty when there is none
};
RequestLine parse_request_line(std::string_view line);

/// "unknown command X", without control characters and of bounded length.
std::string unknown_command_text(std::string_view word);
/// `text` in one line of at most 1,000 bytes: fit to be sent after "-ERR ".
std::string error_line(std::string_view text);
/// What is said about JSON that cannot be read: "invalid JSON: …".
Error invalid_json(std::string_view detail);

struct HelloRequest {
    std::int64_t v = 0;  ///< 0: not given
    std::string hostname;
    std::string wid;  ///< empty: a producer
    std::int64_t pid = 0;
    std::vector<std::string> labels;
    std::string username;
    std::string pwdhash;
    bool extended = false;    ///< "x":1
    std::uint32_t slots = 0;  ///< extended
};
/// Unknown members and `null` for any member are accepted. Errors: invalid.
Result<HelloRequest> parse_hello(JsonView argument);

/// A job named by a worker.
struct JobName {
    std::string jid;
    std::uint64_t lease = 0;  ///< 0: not given
};

struct AckItem {
    JobName job;
    std::string result;  ///< JSON text, byte for byte as sent; empty: none
};
/// ACK; a lease and a result are taken where they are given. Errors: invalid.
Result<AckItem> parse_ack(JsonView argument);
/// ACKB: every item needs its lease. Errors: invalid.
Result<std::vector<AckItem>> parse_ackb(JsonView argument);

struct FailItem {
    JobName job;
    std::string errtype = "unknown";  ///< at most errtype_bytes_max
    std::string message = "unknown";  ///< at most message_bytes_max
    std::string backtrace;            ///< a JSON array of at most backtrace_lines_max; or empty
    std::optional<Duration> retry_in;
    bool final = false;
};
/// FAIL. Too long texts are cut, missing ones are "unknown". Errors: invalid.
Result<FailItem> parse_fail(JsonView argument);
/// FAILB: every item needs its lease. Errors: invalid.
Result<std::vector<FailItem>> parse_failb(JsonView argument);

/// A worker's state, in words "quiet" and "terminate"; anything else is running.
enum class WorkerWord : std::uint8_t { running, quiet, terminate };
std::string_view to_string(WorkerWord state);

/// How far a job is: "progress" of a BEAT.
struct ProgressItem {
    std::uint64_t lease = 0;
    std::int32_t percent = 0;  ///< 0 to 100; others are brought there
    std::string note;          ///< at most progress_note_bytes_max; longer ones are cut
};

struct BeatRequest {
    std::string wid;
    std::optional<WorkerWord> state;
    std::int64_t rss_kb = 0;
    std::vector<std::uint64_t> leases;   ///< extended: "jobs"
    bool has_leases = false;             ///< "jobs" was given, perhaps empty
    std::vector<ProgressItem> progress;  ///< extended; at most request_items_max
};
Result<BeatRequest> parse_beat(JsonView argument);

/// FETCH: the words of its argument; "default" when there are none.
struct FetchRequest {
    std::vector<std::string> queues;
    std::uint32_t max = 1;
    Duration wait = fetch_wait_default;
};
Result<FetchRequest> parse_fetch(std::string_view argument);
/// FETCHB. `max` is 1 to fetch_jobs_max, `wait_ms` at most wait_max; larger ones are lowered.
Result<FetchRequest> parse_fetchb(JsonView argument);

enum class QueueWord : std::uint8_t { pause, resume, remove, latency, make_sync, make_async };
/// QUEUE PAUSE|RESUME|REMOVE|LATENCY names…, and QUEUE SET {"name":…,"durability":"sync"|"async"}.
struct QueueRequest {
    QueueWord action = QueueWord::pause;
    bool all = false;                ///< "*"
    std::vector<std::string> names;  ///< those that can be names at all
};
/// `parser` is used for QUEUE SET only. Errors: invalid.
Result<QueueRequest> parse_queue(std::string_view argument, JsonParser& parser);

/// Which jobs are meant. Empty members match everything; with `jids` the rest is ignored.
struct FilterParts {
    std::vector<std::string> states;
    std::vector<std::string> jids;
    std::string type;
    std::string glob;
    std::string queue;
};

enum class MutateWord : std::uint8_t { clear, kill, discard, requeue };
enum class MutateTarget : std::uint8_t { scheduled, retries, dead };
struct MutateRequest {
    MutateWord action = MutateWord::clear;
    MutateTarget target = MutateTarget::dead;
    FilterParts filter;
};
Result<MutateRequest> parse_mutate(JsonView argument);

struct RequeueRequest {
    JobName job;
    Duration delay{0};
};
Result<RequeueRequest> parse_requeue(JsonView argument);

struct ExtendRequest {
    JobName job;
    Duration length{0};  ///< 1 s to 24 h
};
Result<ExtendRequest> parse_extend(JsonView argument);

struct CancelRequest {
    FilterParts filter;
    std::string reason;
};
/// CANCEL needs a jid, jids or a filter; an empty object is an error, `{"filter":{}}` means all.
Result<CancelRequest> parse_cancel(JsonView argument);

struct WaitRequest {
    std::vector<std::string> jids;
    Duration timeout{0};  ///< at most wait_max
};
Result<WaitRequest> parse_wait(JsonView argument);

struct ListRequest {
    FilterParts filter;
    std::uint64_t after = 0;
    std::uint32_t limit = 100;  ///< at most list_jobs_max
};
/// JOB GET jid (a bare word, a JSON string or {"jid":…}) or JOB LIST {…}.
struct JobRequest {
    bool is_list = false;
    std::string jid;
    ListRequest list;
};
Result<JobRequest> parse_job_request(std::string_view argument, JsonParser& parser);

}  // namespace sluice::sdk
