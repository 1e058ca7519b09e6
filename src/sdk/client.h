// SPDX-License-Identifier: Apache-2.0
// Client: pushes jobs and asks about them, one command at a time or pipelined. Synchronous and
// blocking. Running jobs is worker.h.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "sdk/connection.h"
#include "sdk/job_spec.h"
#include "sdk/producer.h"
#include "sdk/protocol/reply.h"
#include "sdk/protocol/request.h"
#include "sdk/tracer.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sdk {

/// Jobs in one PUSHB line, and bytes after which a line is full.
inline constexpr std::size_t push_chunk_jobs_max = 1'000;
inline constexpr std::size_t push_chunk_bytes_max = std::size_t{4} << 20;
/// Requests that may be under way at once with send() and receive().
inline constexpr std::size_t pipeline_max = 10'000;

struct ClientOptions {
    ServerAddress server{};
    TlsTrust trust{};
    Identity identity{};
    /// False: works with any Faktory server; what needs the extension then fails.
    bool needs_extension = true;
    /// For connecting, greeting and HELLO.
    Duration connect_timeout = 5s;
    /// For the reply to one command (the wait asked for in it comes on top).
    Duration reply_timeout = 15s;
    /// Tries of one command, the first one included, over lost connections; at least 1.
    std::uint32_t attempts_max = 6;
    /// The pause before try n is drawn from 0 to backoff_base × 2^n, at most backoff_max.
    Duration backoff_base = 100ms;
    Duration backoff_max = 5s;
    std::size_t reply_bytes_max = std::size_t{64} << 20;
    /// Makes a span of each push, whose trace goes with the jobs. Null: only what JobSpec::trace
    /// says goes with them. Must outlive the client.
    const Tracer* tracer = nullptr;
};

/// How one awaited job ended (or stands, when the time was up first).
struct JobEnd {
    std::string jid;
    std::string state;  ///< "unknown": the server does not know it
    std::string result;
    std::string errtype;
    std::string message;
    [[nodiscard]] bool is_success() const { return state == "succeeded"; }
    /// Nothing will change any more by itself.
    [[nodiscard]] bool is_final() const;
};
struct WaitOutcome {
    bool complete = false;
    std::vector<JobEnd> jobs;  ///< in the order asked for
};

struct QueueSize {
    std::string name;
    std::uint64_t jobs = 0;
};

/// One connection, opened when first needed and again when lost. Used by one thread at a time.
/// Every command is repeated over a new connection when its reply was lost: pushes carry the same
/// jid again, so no job is doubled by that while it waits (and none is lost).
/// Errors of all commands: io, timeout (no server within all attempts); denied (password); what
/// error_of(Reply) says for a refusal.
class Client final : public Producer {
public:
    explicit Client(ClientOptions options);
    /// With the options' defaults for the rest; an empty URL stands for the environment's.
    /// Errors: invalid.
    static Result<Client> at(std::string_view url);
    ~Client() override;
    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;

    /// Connects now, to know at once whether it works.
    Status connect();

    /// The jid of the durably kept job. Errors also: exists (refused as not unique).
    Result<std::string> push(JobSpec job) override;
    using Producer::push;
    /// Pushes all in chunks; jobs without a jid are given one (visible in `jobs`). Gives those that
    /// were refused. Not atomic: after an error some may be there; repeat with the same jids.
    Result<std::vector<Refusal>> push_bulk(std::span<JobSpec> jobs) override;

    /// Nothing for an unknown jid.
    Result<std::optional<JobStatus>> status(std::string_view jid) override;
    /// The result of a finished job as JSON text; nothing while there is none.
    Result<std::optional<std::string>> result(std::string_view jid);
    /// Until every job is final or the time is up. A timeout is not an error: see `complete`.
    Result<WaitOutcome> wait(std::span<const std::string> jids, Duration timeout);
    /// How many jobs were cancelled, or are asked to stop.
    Result<std::uint64_t> cancel(std::string_view jid, std::string_view reason = {});
    Result<std::uint64_t> cancel(const FilterParts& filter, std::string_view reason = {});
    /// One page of jobs in push order: {"jobs":[…],"next":"…"}; no `next`: the end.
    Result<std::string> list(const ListRequest& request);

    /// The INFO document, as JSON text.
    Result<std::string> info();
    Result<std::vector<QueueSize>> queues();
    Status mutate(const MutateRequest& request);
    /// Pause, resume or remove queues, or set their durability (one name); not latency.
    Status change_queues(const QueueRequest& request);
    /// Deletes everything on the server.
    Status flush();

    /// One request line (without line end) and its reply, repeated over lost connections: for
    /// requests that may be repeated only. `wait` is the time the server is asked to wait.
    Result<Reply> call(std::string_view line, Duration wait = Duration{0});

    /// Pipelining: puts a request line into the buffer; receive() sends the buffer first. The
    /// replies come in the order of the requests. Nothing is repeated here: after an error, all
    /// that is not yet received is unknown. Errors: exhausted (pipeline_max are under way).
    Status send(std::string_view line);
    /// The next reply. Errors: invalid (nothing is under way) and those above.
    Result<Reply> receive();

private:
    struct State;
    Status push_one(const JobSpec& job);
    Result<std::vector<Refusal>> push_all(std::span<JobSpec> jobs);
    std::unique_ptr<State> state_;
};

}  // namespace sluice::sdk
