// SPDX-License-Identifier: Apache-2.0
// Worker: fetches jobs, runs their handlers on several threads, and answers for them: batched acks,
// heartbeats, timeouts, cancellation, and an end in good order. The protocol is protocol/; what a
// handler is, is handler.h.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "sdk/connection.h"
#include "sdk/handler.h"
#include "sdk/middleware.h"
#include "sdk/needs.h"
#include "sdk/pressure.h"
#include "sdk/typed_handler.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sdk {

inline constexpr std::uint32_t worker_concurrency_max = 1'024;
inline constexpr std::uint32_t worker_prefetch_max = 10'000;

struct WorkerOptions {
    ServerAddress server{};
    TlsTrust trust{};
    /// `wid` empty: one is made.
    Identity identity{};
    /// In order of preference.
    std::vector<std::string> queues{"default"};
    /// Handlers that run at once; 1 to worker_concurrency_max.
    std::uint32_t concurrency = 8;
    /// Most jobs held ready beside the running ones; at most worker_prefetch_max. 0 keeps jobs on
    /// the server until a handler is free, at the price of a round trip for each.
    std::uint32_t prefetch = 200;
    /// Of them no more are held than the handlers are expected to finish in this time and that of a
    /// round trip, by how long jobs have taken lately: many tiny ones, none of the long ones, which
    /// other workers may be free for. Zero: always as many as `prefetch` says.
    Duration ready_time = 20ms;
    /// When for this long no job has ended, jobs that wait behind the running ones go back, but for
    /// as many as would fit ready_time if all took so long; not when ready_time is zero.
    Duration ready_patience = 1s;
    /// What running jobs share (Admission). Whatever is not named is not counted.
    Capacity capacity{};
    /// How long the server may keep a fetch waiting for a job.
    Duration fetch_wait = 15s;
    /// The server takes a worker for lost after three missed beats of 5 s.
    Duration beat_interval = 5s;
    /// For the handlers to end by themselves after stop().
    Duration grace = 25s;
    /// For the handlers to obey their cancel tokens after that.
    Duration cancel_grace = 5s;
    /// For jobs that do not name a timeout; zero: none.
    Duration timeout_default{0};
    Duration connect_timeout = 5s;
    Duration reply_timeout = 15s;
    /// The pause before try n over a lost connection is drawn from 0 to backoff_base × 2^n.
    Duration backoff_base = 200ms;
    Duration backoff_max = 10s;
    /// Past a limit nothing more is fetched until it is well left behind; what is delivered
    /// meanwhile goes back. By default none is looked at.
    PressureLimits pressure{};
    Duration pressure_interval = 1s;
    /// Measures for it; empty: sample_memory(). Called from a thread of its own.
    std::function<MemorySample()> memory_sample{};
    /// Folder in which answers are kept while the server is away, also over this process's end; the
    /// next worker for that server that is given the folder delivers them. Empty: in memory only.
    std::string spool_folder{};
    /// Bytes of answers in it, for this worker.
    Bytes spool_max = mib(64);
    /// TSTP means quiet(), TERM and INT mean stop(), another of them stop_now(). Needs run() to be
    /// called before the program starts other threads (or with these signals blocked in them).
    bool handles_signals = true;
    /// Told in one line what happens; called from run()'s thread only. May be empty.
    std::function<void(std::string_view)> log{};
};

/// Counts since run() began.
struct WorkerCounters {
    std::uint64_t fetched = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;  ///< reported as failed, timed out and cancelled ones included
    std::uint64_t timed_out = 0;
    std::uint64_t cancelled = 0;  ///< ended because a cancel was requested
    std::uint64_t released = 0;   ///< given back unfinished
    std::uint64_t lost = 0;       ///< leases lost while the job was held
    std::uint64_t stale = 0;      ///< answers that the server refused, as another attempt runs
    std::uint64_t unsent = 0;     ///< answers that could not be delivered before the end
    std::uint64_t reconnects = 0;
    std::uint64_t beats = 0;
    std::uint64_t crashed = 0;    ///< failed as "HandlerCrashed"
    std::uint64_t spooled = 0;    ///< answers written to the spool
    std::uint64_t recovered = 0;  ///< answers found in it that earlier workers left
    std::uint64_t pressures = 0;  ///< times that fetching stopped for want of memory
    bool under_pressure = false;
    std::uint32_t running = 0;  ///< handlers at work now
    std::uint32_t held = 0;     ///< jobs held now, running ones included
    std::uint32_t parked = 0;   ///< held jobs that wait until what they need is free
};

/// What a worker does at one moment, for people.
struct WorkerPicture {
    enum class Stage : std::uint8_t { waiting, parked, running };
    struct Job {
        std::string jid;
        std::string type;
        Stage stage = Stage::waiting;
        Duration running_for{0};
        int percent = 0;
        std::string note;
    };
    struct Failed {
        std::string jid;
        std::string type;
        std::string errtype;
        std::string message;  ///< the first worker_failure_bytes_max bytes
        Duration ago{0};
    };
    std::string state;     ///< running, quiet, terminate
    std::string pressure;  ///< how memory stands while nothing is fetched for that; else empty
    JobNeeds used;         ///< by the running jobs
    std::vector<Job> jobs;
    /// The last ones, newest first; at most worker_failures_max.
    std::vector<Failed> failures;
};
inline constexpr std::size_t worker_failures_max = 20;
inline constexpr std::size_t worker_failure_bytes_max = 500;

/// One worker process, as the server sees it. Set it up, then run() it once.
class Worker {
public:
    explicit Worker(WorkerOptions options);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Before run(). A job whose needs the worker never has fails as "NeedsTooMuch". Errors: exists
    /// (the name is taken), invalid (no name or no handler).
    Status add(std::string name, Handler handler, TypeTerms terms = {});
    Status add(const JobType& type) {
        return add(type.name, type.run, {.needs = type.needs, .concurrency_max = 0});
    }

    /// The same, written one after the other: their errors come out of run().
    Worker& handle(std::string name, Handler handler, TypeTerms terms = {});
    /// The handler gets its arguments as a described struct and answers with another one
    /// (typed_handler.h).
    template <Described Args, TypedFunction<Args> Function>
    Worker& handle(std::string name, Function function, TypeTerms terms = {}) {
        return handle(std::move(name), typed_handler<Args>(std::move(function)), std::move(terms));
    }
    template <NamedJob Args, TypedFunction<Args> Function>
    Worker& handle(Function function, TypeTerms terms = {}) {
        return handle<Args>(std::string(Args::job_type), std::move(function), std::move(terms));
    }
    /// Around every handler; the first one is the outermost (middleware.h).
    Worker& use(Middleware middleware);

    /// Works until stopped; returns when every handler has returned and every answer is delivered
    /// (or could not be within the grace). A handler that ignores its token keeps it from
    /// returning. While the server is away it keeps trying. Errors: those of handle(); invalid
    /// (options; a server without the extension), denied (password, certificate). Called once.
    Status run();

    /// Fetches no more; what is held is finished. Any thread.
    void quiet() noexcept;
    /// quiet(), gives back what has not begun, lets the rest finish within the grace, then cancels
    /// it and gives it back. Any thread.
    void stop() noexcept;
    /// stop() without the grace: cancels at once. Any thread.
    void stop_now() noexcept;

    /// A picture that is right to within a few events. Any thread.
    [[nodiscard]] WorkerCounters counters() const;
    /// Asks the worker's own thread. Any thread, while run() runs. Errors: timeout, cancelled (it
    /// has ended).
    [[nodiscard]] Result<WorkerPicture> picture(Instant deadline);
    /// The worker id that the server knows it by.
    [[nodiscard]] const std::string& wid() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace sluice::sdk
