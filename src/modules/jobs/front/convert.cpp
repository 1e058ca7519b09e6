// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/front/convert.h"

#include "kernel/base/text.h"

namespace sluice::jobs {

namespace {

BackoffKind to_kind(sdk::BackoffWord word) {
    switch (word) {
        case sdk::BackoffWord::faktory: return BackoffKind::faktory;
        case sdk::BackoffWord::constant: return BackoffKind::constant;
        case sdk::BackoffWord::exponential: return BackoffKind::exponential;
        case sdk::BackoffWord::none: return BackoffKind::none;
    }
    return BackoffKind::faktory;
}

/// Matches a glob against the job's canonical compact JSON, as MUTATE's regexp does.
class GlobMatcher final : public JobMatcher {
public:
    explicit GlobMatcher(std::string glob) : glob_(std::move(glob)) {}
    [[nodiscard]] bool matches(const JobRecord& job) const override {
        std::string text;
        append_job(text, job, JobShape::plain);
        return glob_match(glob_, sdk::compact_json(text));
    }

private:
    std::string glob_;
};

sdk::FailureView view_of(const JobFailure& failure) {
    return {.retry_count = failure.retry_count,
            .remaining = failure.remaining,
            .failed_at = failure.failed_at,
            .next_at = failure.next_at,
            .message = failure.message,
            .errtype = failure.errtype,
            .backtrace = failure.backtrace};
}

}  // namespace

std::shared_ptr<const JobBody> to_body(const sdk::JobParts& parts) {
    JobPolicy policy;
    policy.retry = parts.retry;
    policy.priority = parts.priority;
    policy.wait_when_worker_lost = parts.wait_when_worker_lost;
    policy.reserve_for = parts.reserve_for;
    policy.timeout = parts.timeout;
    policy.keep = parts.keep;
    policy.at = parts.at;
    policy.created_at = parts.created_at;
    policy.backoff = {.kind = to_kind(parts.backoff.kind),
                      .base = parts.backoff.base,
                      .max = parts.backoff.max,
                      .jitter_percent = parts.backoff.jitter_percent};
    return std::make_shared<const JobBody>(JobBody::Texts{.jid = parts.jid,
                                                          .type = parts.type,
                                                          .queue = parts.queue,
                                                          .args = parts.args,
                                                          .custom = parts.custom,
                                                          .extra = parts.extra},
                                           policy);
}

void append_job(std::string& out, const JobRecord& job, JobShape shape,
                std::span<const std::string> why) {
    const JobBody& body = *job.body;
    const JobHead& head = job.head;
    sdk::FailureView failure;
    sdk::ProgressView progress;
    sdk::StatusView status;
    sdk::JobView view{.jid = body.jid(),
                      .type = body.type(),
                      .queue = body.queue(),
                      .args = body.args(),
                      .custom = body.custom(),
                      .extra = body.extra(),
                      .retry = body.policy().retry,
                      .priority = body.policy().priority,
                      .reserve_for = body.policy().reserve_for,
                      .created_at = body.policy().created_at,
                      .enqueued_at = head.enqueued_at,
                      .at = body.policy().at};
    if (head.failure) {
        failure = view_of(*head.failure);
        view.failure = &failure;
    }
    if (shape != JobShape::plain) {
        view.attempt = head.attempt;
        if (head.state == JobState::running) view.lease = head.lease.token.value();
    }
    if (shape == JobShape::status) {
        const bool running = head.state == JobState::running;
        status = {.state = to_string(head.state),
                  .seq = head.seq.value(),
                  .changed_at = head.changed_at,
                  .due_at = head.due_at,
                  .lease_expires_at = running ? head.lease.expires_at : WallTime{},
                  .worker = head.lease.holder(),
                  .cancel_requested = head.cancel_requested,
                  .progress = nullptr,
                  .result = head.result ? std::string_view(*head.result) : std::string_view(),
                  .why = why};
        if (running && head.progress) {
            progress = {.percent = head.progress->percent,
                        .note = head.progress->note,
                        .at = head.progress->at};
            status.progress = &progress;
        }
        view.status = &status;
    }
    sdk::append_job_json(out, view);
}

Result<JobFilter> to_filter(const sdk::FilterParts& parts) {
    JobFilter filter;
    for (const std::string& word : parts.states) {
        const auto state = job_state_from(word);
        // Without it the filter would mean other jobs, or all.
        if (!state) {
            return fail(Code::invalid, sdk::error_line("filter: no such state: " +
                                                       std::string(truncate_utf8(word, 100))));
        }
        filter.states.push_back(*state);
    }
    filter.jids = parts.jids;
    filter.type = parts.type;
    filter.queue = parts.queue;
    if (!parts.glob.empty()) filter.matcher = std::make_shared<GlobMatcher>(parts.glob);
    return filter;
}

std::vector<JobState> states_of(sdk::MutateTarget target) {
    switch (target) {
        case sdk::MutateTarget::scheduled: return {JobState::scheduled};
        case sdk::MutateTarget::retries: return {JobState::retrying};
        case sdk::MutateTarget::dead: return {JobState::dead};
    }
    return {};
}

JobRef to_ref(const sdk::JobName& name) { return {name.jid, LeaseToken(name.lease)}; }

WorkerState to_state(sdk::WorkerWord word) {
    switch (word) {
        case sdk::WorkerWord::running: return WorkerState::running;
        case sdk::WorkerWord::quiet: return WorkerState::quiet;
        case sdk::WorkerWord::terminate: return WorkerState::terminate;
    }
    return WorkerState::running;
}

sdk::WorkerWord to_word(WorkerState state) {
    switch (state) {
        case WorkerState::running: return sdk::WorkerWord::running;
        case WorkerState::quiet: return sdk::WorkerWord::quiet;
        case WorkerState::terminate: return sdk::WorkerWord::terminate;
    }
    return sdk::WorkerWord::running;
}

}  // namespace sluice::jobs
