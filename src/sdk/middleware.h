// SPDX-License-Identifier: Apache-2.0
// Middleware: what is done around every handler of a worker. Ready ones: log_jobs, trace_jobs, and
// JobMetrics (job_metrics.h). And the set of handlers that a worker runs, with their middleware.
#pragma once

#include "kernel/base/result.h"
#include "sdk/handler.h"
#include "sdk/needs.h"
#include "sdk/tracer.h"

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::sdk {

/// Is called instead of the handler, and calls `next` (the handler, or the middleware after this
/// one), mostly once: not at all to answer by itself. Called from several threads at once. What it
/// throws fails the job like what the handler throws; what the handler throws comes out of `next`
/// as a Failure.
using Middleware = std::function<Outcome(JobContext&, const Handler& next)>;

/// Calls the handler; what it throws becomes a Failure, whose errtype is the type of the exception
/// ("std::runtime_error").
Outcome call_guarded(const Handler& handler, JobContext& context);

/// The handler with the middleware around it; the first of them is the outermost.
Handler with_middleware(Handler handler, std::span<const Middleware> middleware);

/// Says one line when a job ends: type, jid, attempt, outcome and time. `say` may be called from
/// several threads at once.
Middleware log_jobs(std::function<void(std::string_view)> say);

/// A span around each job, a child of the trace that the job carries (its custom members
/// `traceparent` and `tracestate`), else of a new one. The handler finds it in JobContext::span().
/// The tracer must outlive the worker.
Middleware trace_jobs(const Tracer& tracer);

/// Jobs that a handler pushes belong to its trace: that of its span, else the one its job carries.
/// Those that name a trace keep it.
void pass_trace_on(const JobContext& context, std::span<JobSpec> jobs);

/// A handler and how its jobs are let in.
struct HandlerEntry {
    Handler run;
    TypeTerms terms{};
};
using HandlerTable = std::map<std::string, HandlerEntry, std::less<>>;

/// Handlers by job type, and their middleware. Filled before a worker runs. The first thing that
/// was wrong is kept for finish(), so that the calls can be written one after the other.
class HandlerSet {
public:
    /// Errors: exists (the name is taken), invalid (no name or no handler).
    Status add(std::string name, HandlerEntry entry);
    void use(Middleware middleware);
    /// add(), with its error kept for finish().
    void handle(std::string name, HandlerEntry entry);
    /// Everything that was added, with the middleware around it. Errors: those kept.
    Result<HandlerTable> finish() const;

private:
    HandlerTable handlers_;
    std::vector<Middleware> middleware_;
    Status status_;
};

}  // namespace sluice::sdk
