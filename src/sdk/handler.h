// SPDX-License-Identifier: Apache-2.0
// What a job type is to the worker runtime: what a handler is given, what it answers, and the table
// row that describes it. Not the runtime itself (sdk/worker.h) and not the protocol
// (sdk/protocol.h).
#pragma once

#include "kernel/base/time.h"
#include "kernel/sync/cancel.h"
#include "sdk/client.h"
#include "sdk/job_schema.h"
#include "sdk/needs.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::sdk {

/// One delivery of one job to a worker.
struct Delivery {
    std::string jid;
    std::string queue;
    std::string type;
    /// The arguments: a JSON array, as text.
    std::string args;
    /// The custom members: a JSON object as text, or empty.
    std::string custom;
    /// 1 for the first try.
    int attempt = 1;
    /// How long the handler may run before it is cancelled; zero for no limit.
    Duration timeout{0};
};

/// Why a handler did not finish its job.
struct Failure {
    /// A short word that stays the same from failure to failure ("InvalidArguments").
    std::string errtype;
    std::string message;
    /// True when trying again cannot help: the job goes to the dead set without more attempts.
    bool final = false;
    /// Try again after this long instead of after the job's own back-off.
    std::optional<Duration> retry_in{};
    /// Not the job's fault: it goes back to its queue and the attempt does not count. For a worker
    /// that cannot do it now; others may. It is delivered again after retry_in, else after a pause
    /// that grows while this worker's jobs of the type only go back (backoff_base to backoff_max).
    bool give_back = false;
};

/// Jobs in one push() of a handler, and names in one ends().
inline constexpr std::size_t context_push_max = 10'000;

class Span;

/// What a handler sees of the worker while it runs. Used only from the handler's thread.
class JobContext {
public:
    virtual ~JobContext() = default;
    [[nodiscard]] virtual const Delivery& job() const = 0;
    /// Cancelled on timeout, on a lost lease, and when the worker stops; a long handler looks at it
    /// between its steps.
    [[nodiscard]] virtual const CancelToken& cancel() const = 0;
    /// Says how far the job is, 0 to 100, with a short note for people. Cheap: the runtime sends
    /// only some of the reports on.
    virtual void progress(int percent, std::string_view note) = 0;

    /// Pushes jobs over the worker's connection. When it returns, those that are not named in the
    /// answer are stored as a client's push is, so before this job's own answer can be. Jobs
    /// without a jid are given one; with a jid that follows from this job's, a second run of it
    /// (after a crash) repeats the pushes instead of doubling the jobs (docs/protocol.md,
    /// "Repeats"). Not atomic beyond push_chunk_jobs_max jobs. Waits for the server, through lost
    /// connections, until the token ends the wait. Errors: exhausted (context_push_max), busy,
    /// invalid (a job), why the token was cancelled, and what error_of(Reply) says.
    virtual Result<std::vector<Refusal>> push(std::span<JobSpec> jobs) {
        (void)jobs;
        return fail(Code::denied, "jobs cannot be pushed from here");
    }
    /// How these jobs ended or stand now, in that order; it does not wait for their ends. Errors:
    /// as push().
    virtual Result<std::vector<JobEnd>> ends(std::span<const std::string> jids) {
        (void)jids;
        return fail(Code::denied, "jobs cannot be asked about from here");
    }

    /// The span of this run, where the worker traces its jobs (middleware.h); else null.
    [[nodiscard]] Span* span() const { return span_; }
    /// For middleware: the span must live until the handler has returned.
    void set_span(Span* span) { span_ = span; }

private:
    Span* span_ = nullptr;
};

/// The result as JSON text, or why there is none.
using Outcome = std::variant<std::string, Failure>;

/// Runs one job on the calling thread. Called from several threads at once, so it keeps no state
/// that is not safe for that. It does not throw.
using Handler = std::function<Outcome(JobContext&)>;

/// One row of a table of job types; the texts are Markdown and become its page in the docs.
struct JobType {
    std::string name;
    /// One line.
    std::string summary;
    JobSchema schema{};
    std::string result_help;
    /// A call and its result that really works on the sample data.
    std::string example;
    Handler run;
    /// What one such job needs beside a slot; a worker's settings may say otherwise.
    JobNeeds needs{};
    /// What it calls may crash, or does not listen to the token: `sluice work` runs its jobs in
    /// processes of their own, whatever its settings say.
    bool is_isolated = false;
    /// There its process is killed after this long, and the job fails for good; zero: no limit.
    Duration isolated_time_max{0};
};

}  // namespace sluice::sdk
