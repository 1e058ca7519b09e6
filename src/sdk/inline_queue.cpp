// SPDX-License-Identifier: Apache-2.0
#include "sdk/inline_queue.h"

#include "kernel/algo/backoff.h"
#include "kernel/base/random.h"
#include "kernel/sync/cancel.h"
#include "kernel/wire/json_text.h"
#include "sdk/protocol/job_json.h"

#include <algorithm>
#include <deque>
#include <set>
#include <tuple>
#include <unordered_map>

namespace sluice::sdk {

namespace {

struct Entry {
    InlineJob job;
    std::int32_t retry = retry_default;
    BackoffParts backoff;
    Duration timeout{0};
};

/// The attempt under way.
struct Run {
    std::size_t index = 0;
    CancelSource source;
    WallTime deadline = WallTime::max();
    bool is_late = false;
    bool is_cancelled = false;
};

class InlineContext final : public JobContext {
public:
    InlineContext(Delivery delivery, const Run& run, InlineJob& job, InlineQueue& queue)
        : delivery_(std::move(delivery)), token_(run.source.token()), job_(job), queue_(queue) {}

    [[nodiscard]] const Delivery& job() const override { return delivery_; }
    [[nodiscard]] const CancelToken& cancel() const override { return token_; }
    void progress(int percent, std::string_view note) override {
        job_.progress.emplace_back(std::clamp(percent, 0, 100), note);
    }
    Result<std::vector<Refusal>> push(std::span<JobSpec> jobs) override {
        if (jobs.size() > context_push_max) return fail(Code::exhausted, "too many jobs at once");
        pass_trace_on(*this, jobs);
        return queue_.push_bulk(jobs);
    }
    Result<std::vector<JobEnd>> ends(std::span<const std::string> jids) override {
        std::vector<JobEnd> out;
        for (const std::string& jid : jids) {
            JobEnd& end = out.emplace_back(JobEnd{.jid = jid, .state = "unknown"});
            const InlineJob* job = queue_.find(jid);
            if (job == nullptr) continue;
            end.state = job->state;
            end.result = job->result;
            if (!job->failure) continue;
            end.errtype = job->failure->errtype;
            end.message = job->failure->message;
        }
        return out;
    }

private:
    Delivery delivery_;
    CancelToken token_;
    InlineJob& job_;
    InlineQueue& queue_;
};

/// `count` earlier failures. As the server does it (docs/protocol.md, "Options").
Duration retry_delay(const BackoffParts& backoff, std::int32_t count, Random& random) {
    Duration delay = std::min(backoff.base, backoff.max);
    switch (backoff.kind) {
        case BackoffWord::faktory:
            return faktory_delay(static_cast<std::uint32_t>(count), random.next());
        case BackoffWord::none: return Duration{0};
        case BackoffWord::exponential:
            for (std::int32_t i = 0; i < count && delay < backoff.max; ++i) delay *= 2;
            delay = std::min(delay, backoff.max);
            break;
        case BackoffWord::constant: break;
    }
    const double extra = static_cast<double>(delay.count()) * random.unit();
    return delay + Duration(static_cast<Duration::rep>(extra * backoff.jitter_percent / 100.0));
}

}  // namespace

struct InlineQueue::State {
    State(InlineQueue& self, const InlineOptions& given)
        : queue(self), options(given), now(given.start), random(given.seed) {}

    Status prepare();
    Result<std::string> keep(const JobSpec& spec);
    void make_ready(std::size_t index);
    void wait_until(std::size_t index, WallTime due, std::string_view state);
    void move_clock(WallTime to);
    void run_one(std::size_t index);
    void settle(const Run& run, Outcome outcome);
    void settle_failure(const Run& run, Failure failure);
    Result<std::size_t> run_until(WallTime end);

    InlineQueue& queue;
    InlineOptions options;
    WallTime now;
    Random random;
    HandlerSet set;
    HandlerTable handlers;
    bool is_prepared = false;
    std::deque<Entry> entries;
    std::unordered_map<std::string, std::size_t> latest;
    std::set<std::tuple<int, std::uint64_t, std::size_t>> ready;  ///< -priority, order, index
    std::set<std::pair<WallTime, std::size_t>> waiting;
    std::uint64_t order = 0;
    Run* running = nullptr;
};

/// Takes over handlers and middleware added since; jobs that waited for one of them become ready.
Status InlineQueue::State::prepare() {
    if (is_prepared || running != nullptr) return {};
    SLUICE_TRY(handlers, set.finish());
    is_prepared = true;
    ready.clear();
    for (std::size_t index = 0; index < entries.size(); ++index) {
        if (entries[index].job.state == "enqueued") make_ready(index);
    }
    return {};
}

Result<std::string> InlineQueue::State::keep(const JobSpec& spec) {
    SLUICE_TRY_STATUS(prepare());
    if (entries.size() >= inline_jobs_max) {
        return fail(Code::exhausted, "the testing mode keeps no more than 10,000 jobs");
    }
    std::string text;
    SLUICE_TRY_STATUS(append_push_json(text, spec));
    JsonParser parser;
    SLUICE_TRY(const JsonView json, parser.parse(text));
    SLUICE_TRY(const JobParts parts, parse_job(json, now));
    std::string jid(parts.jid);
    if (const auto known = latest.find(jid); known != latest.end()) {
        // A repeat of a push whose job still waits is the same job.
        const InlineJob& job = entries[known->second].job;
        const bool waits =
            job.state == "enqueued" || job.state == "scheduled" || job.state == "retrying";
        if (waits && job.type == parts.type && job.queue == parts.queue && job.args == parts.args) {
            return jid;
        }
    }
    Entry entry;
    entry.job.jid = jid;
    entry.job.type = parts.type;
    entry.job.queue = parts.queue;
    entry.job.args = parts.args;
    entry.job.custom = parts.custom;
    entry.job.priority = parts.priority;
    entry.retry = parts.retry;
    entry.backoff = parts.backoff;
    entry.timeout = parts.timeout > Duration{0} ? parts.timeout : options.timeout_default;
    const std::size_t index = entries.size();
    entries.push_back(std::move(entry));
    latest.insert_or_assign(jid, index);
    if (parts.at > now) {
        wait_until(index, parts.at, "scheduled");
    } else {
        make_ready(index);
    }
    return jid;
}

void InlineQueue::State::make_ready(std::size_t index) {
    InlineJob& job = entries[index].job;
    job.state = "enqueued";
    job.due = now;
    if (handlers.contains(job.type)) ready.emplace(-job.priority, ++order, index);
}

void InlineQueue::State::wait_until(std::size_t index, WallTime due, std::string_view state) {
    InlineJob& job = entries[index].job;
    job.state = state;
    job.due = due;
    waiting.emplace(due, index);
}

void InlineQueue::State::move_clock(WallTime to) {
    now = std::max(now, to);
    while (!waiting.empty() && waiting.begin()->first <= now) {
        const std::size_t index = waiting.begin()->second;
        waiting.erase(waiting.begin());
        make_ready(index);
    }
    if (running != nullptr && !running->is_late && now >= running->deadline) {
        running->is_late = true;
        running->source.cancel(fail(Code::timeout, "the job ran longer than it may"));
    }
}

void InlineQueue::State::run_one(std::size_t index) {
    Entry& entry = entries[index];
    InlineJob& job = entry.job;
    job.state = "running";
    ++job.attempts;
    Run run;
    run.index = index;
    if (entry.timeout > Duration{0}) run.deadline = now + entry.timeout;
    InlineContext context({.jid = job.jid,
                           .queue = job.queue,
                           .type = job.type,
                           .args = job.args,
                           .custom = job.custom,
                           .attempt = job.attempts,
                           .timeout = entry.timeout},
                          run, job, queue);
    running = &run;
    Outcome outcome = call_guarded(handlers.at(job.type).run, context);
    running = nullptr;
    settle(run, std::move(outcome));
}

void InlineQueue::State::settle(const Run& run, Outcome outcome) {
    InlineJob& job = entries[run.index].job;
    if (auto* failure = std::get_if<Failure>(&outcome)) {
        settle_failure(run, std::move(*failure));
        return;
    }
    job.result = std::move(std::get<std::string>(outcome));
    if (job.result.empty() || is_valid_json(job.result)) {
        job.state = "succeeded";
        return;
    }
    job.result.clear();
    settle_failure(
        run, {.errtype = "InvalidResult", .message = "the result is not JSON", .final = true});
}

void InlineQueue::State::settle_failure(const Run& run, Failure failure) {
    Entry& entry = entries[run.index];
    const bool final = failure.final;
    const auto retry_in = failure.retry_in;
    if (run.is_cancelled) {
        failure.errtype = "Cancelled";
    } else if (run.is_late) {
        failure.errtype = "Timeout";
        failure.message = "ran longer than it may: " + failure.message;
    }
    entry.job.failure = std::move(failure);
    const std::int32_t failures_before = entry.job.attempts - 1;
    if (run.is_cancelled) {
        entry.job.state = "cancelled";
    } else if (!final && entry.retry != 0 && failures_before < entry.retry) {
        const Duration delay =
            retry_in ? *retry_in : retry_delay(entry.backoff, failures_before, random);
        if (delay > Duration{0}) {
            wait_until(run.index, now + delay, "retrying");
        } else {
            make_ready(run.index);
        }
    } else {
        entry.job.state = entry.retry == 0 && !final ? "discarded" : "dead";
    }
}

/// Every job that is or becomes due until then, each at its time.
Result<std::size_t> InlineQueue::State::run_until(WallTime end) {
    SLUICE_TRY_STATUS(prepare());
    std::size_t runs = 0;
    for (;;) {
        while (!ready.empty()) {
            if (++runs > inline_runs_max) {
                return fail(Code::exhausted, "10,000 runs and no end: do jobs push each other?");
            }
            const std::size_t index = std::get<2>(*ready.begin());
            ready.erase(ready.begin());
            run_one(index);
        }
        if (waiting.empty() || waiting.begin()->first > end) break;
        move_clock(waiting.begin()->first);
    }
    move_clock(end);
    return runs;
}

InlineQueue::InlineQueue(InlineOptions options) : state_(std::make_unique<State>(*this, options)) {}
InlineQueue::~InlineQueue() = default;

Status InlineQueue::add(std::string name, Handler handler) {
    state_->is_prepared = false;
    return state_->set.add(std::move(name), {.run = std::move(handler)});
}

InlineQueue& InlineQueue::handle(std::string name, Handler handler) {
    state_->is_prepared = false;
    state_->set.handle(std::move(name), {.run = std::move(handler)});
    return *this;
}

InlineQueue& InlineQueue::use(Middleware middleware) {
    state_->is_prepared = false;
    state_->set.use(std::move(middleware));
    return *this;
}

Result<std::string> InlineQueue::push(JobSpec job) {
    SLUICE_TRY(std::string jid, state_->keep(job));
    if (state_->options.runs_at_once && state_->running == nullptr) {
        SLUICE_TRY_STATUS(run_due());
    }
    return jid;
}

Result<std::vector<Refusal>> InlineQueue::push_bulk(std::span<JobSpec> jobs) {
    std::vector<Refusal> refused;
    for (JobSpec& job : jobs) {
        if (job.jid.empty()) job.jid = new_jid();
        const auto kept = state_->keep(job);
        if (!kept) refused.push_back({.jid = job.jid, .text = kept.error().message});
    }
    if (state_->options.runs_at_once && state_->running == nullptr) {
        SLUICE_TRY_STATUS(run_due());
    }
    return refused;
}

Result<std::optional<JobStatus>> InlineQueue::status(std::string_view jid) {
    const InlineJob* job = find(jid);
    if (job == nullptr) return std::optional<JobStatus>{};
    JobStatus status;
    status.jid = job->jid;
    status.type = job->type;
    status.queue = job->queue;
    status.state = job->state;
    status.attempt = job->attempts;
    status.result = job->result;
    if (job->failure) {
        status.errtype = job->failure->errtype;
        status.message = job->failure->message;
    }
    return std::optional(std::move(status));
}

bool InlineQueue::cancel(std::string_view jid) {
    State& state = *state_;
    const auto found = state.latest.find(std::string(jid));
    if (found == state.latest.end()) return false;
    const std::size_t index = found->second;
    if (state.running != nullptr && state.running->index == index) {
        state.running->is_cancelled = true;
        state.running->source.cancel(fail(Code::cancelled, "cancelled on request"));
        return true;
    }
    InlineJob& job = state.entries[index].job;
    const bool was_waiting = state.waiting.erase({job.due, index}) > 0;
    const bool was_ready =
        std::erase_if(state.ready, [&](const auto& one) { return std::get<2>(one) == index; }) > 0;
    if (!was_waiting && !was_ready && job.state != "enqueued") return false;
    job.state = "cancelled";
    return true;
}

WallTime InlineQueue::now() const { return state_->now; }

Result<std::size_t> InlineQueue::advance(Duration time) {
    const WallTime end = state_->now + std::max(time, Duration{0});
    if (state_->running == nullptr) return state_->run_until(end);
    state_->move_clock(end);
    return std::size_t{0};
}

Result<std::size_t> InlineQueue::run_due() {
    if (state_->running != nullptr) return std::size_t{0};
    return state_->run_until(state_->now);
}

std::vector<const InlineJob*> InlineQueue::jobs() const {
    std::vector<const InlineJob*> out;
    for (const Entry& entry : state_->entries) out.push_back(&entry.job);
    return out;
}

std::vector<const InlineJob*> InlineQueue::jobs(std::string_view type) const {
    std::vector<const InlineJob*> out = jobs();
    std::erase_if(out, [type](const InlineJob* job) { return job->type != type; });
    return out;
}

const InlineJob* InlineQueue::find(std::string_view jid) const {
    const auto found = state_->latest.find(std::string(jid));
    return found == state_->latest.end() ? nullptr : &state_->entries[found->second].job;
}

}  // namespace sluice::sdk
