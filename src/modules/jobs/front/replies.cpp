// SPDX-License-Identifier: Apache-2.0
// The replies of the job port: what the engine decided, as bytes.
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "kernel/wire/resp.h"
#include "modules/jobs/front/convert.h"
#include "modules/jobs/front/faktory_session.h"
#include "sdk/protocol/reply.h"

#include <algorithm>

namespace sluice::jobs {

namespace {

constexpr std::size_t deliveries_max = 64;

/// Memory for a reply's JSON, used again by every reply of the thread.
std::string& scratch() {
    static thread_local std::string text;
    text.clear();
    return text;
}

void append_waited(std::string& out, const WaitReply& reply, const std::vector<std::string>& jids) {
    std::vector<sdk::WaitedView> views;
    views.reserve(reply.jobs.size());
    for (std::size_t i = 0; i < reply.jobs.size(); ++i) {
        const std::optional<JobHead>& head = reply.jobs[i];
        sdk::WaitedView view{
            .jid = jids[i], .state = "unknown", .result = {}, .errtype = {}, .message = {}};
        if (head) {
            view.state = to_string(head->state);
            if (head->result) view.result = *head->result;
            if (head->failure) {
                view.errtype = head->failure->errtype;
                view.message = head->failure->message;
            }
        }
        views.push_back(view);
    }
    sdk::append_wait_answer(out, reply.complete, views);
}

void append_list(std::string& out, const ListReply& reply) {
    out += R"({"jobs":[)";
    for (std::size_t i = 0; i < reply.jobs.size(); ++i) {
        if (i > 0) out += ',';
        append_job(out, reply.jobs[i], JobShape::status);
    }
    out += ']';
    if (reply.next) out += R"(,"next":")" + std::to_string(reply.next.value()) + '"';
    out += '}';
}

}  // namespace

void FaktorySession::render(Request& request, ReplyBody&& reply) {
    std::string& out = request.text;
    if (auto* jobs = std::get_if<JobsReply>(&reply)) {
        render_jobs(request, std::move(*jobs));
    } else if (std::holds_alternative<OkReply>(reply)) {
        if (request.verb == sdk::Verb::pushb)
            put_resp_bulk(out, request.detail);
        else
            out = sdk::ok_reply;
    } else if (const auto* refused = std::get_if<RefusedReply>(&reply)) {
        front_.refused.add();
        // Some plain clients know no word but ERR.
        put_resp_error(out, extended_ ? std::string_view(refused->word) : std::string_view("ERR"),
                       refused->message);
    } else if (const auto* verdicts = std::get_if<VerdictReply>(&reply)) {
        render_verdicts(request, *verdicts);
    } else if (const auto* beat = std::get_if<BeatReply>(&reply)) {
        render_beat(request, *beat);
    } else if (const auto* count = std::get_if<CountReply>(&reply)) {
        std::string& json = scratch();
        sdk::append_count(json, count->count);
        if (request.verb == sdk::Verb::mutate)
            out = sdk::ok_reply;
        else
            put_resp_bulk(out, json);
    } else if (const auto* info = std::get_if<InfoReply>(&reply)) {
        std::string& json = scratch();
        if (request.verb == sdk::Verb::queue)
            append_latency(json, *info, request.names, wall_now());
        else
            append_info(json, *info, front_.facts(), wall_now());
        put_resp_bulk(out, json);
    } else if (const auto* job = std::get_if<JobReply>(&reply)) {
        std::string& json = scratch();
        if (job->found) append_job(json, job->job, JobShape::status, job->why);
        if (job->found)
            put_resp_bulk(out, json);
        else
            put_resp_null(out);
    } else if (const auto* waited = std::get_if<WaitReply>(&reply)) {
        std::string& json = scratch();
        append_waited(json, *waited, request.names);
        put_resp_bulk(out, json);
    } else if (const auto* list = std::get_if<ListReply>(&reply)) {
        std::string& json = scratch();
        append_list(json, *list);
        put_resp_bulk(out, json);
    }
}

void FaktorySession::render_jobs(Request& request, JobsReply&& reply) {
    const Instant now = monotonic_now();
    if (now + front_.options.send_margin > reply.send_by) {
        front_.late.add(reply.jobs.size());
        desk_->submit(Disconnect{.caller = {}, .undelivered = handed_out(reply)});
        reply.jobs.clear();
    }
    const JobShape shape = extended_ ? JobShape::extended : JobShape::plain;
    std::string& json = scratch();
    if (request.verb == sdk::Verb::fetchb) {
        json += '[';
        for (std::size_t i = 0; i < reply.jobs.size(); ++i) {
            if (i > 0) json += ',';
            append_job(json, reply.jobs[i], shape);
        }
        json += ']';
        put_resp_bulk(request.text, json);
    } else if (reply.jobs.empty()) {
        put_resp_null(request.text);
    } else {
        append_job(json, reply.jobs.front(), shape);
        put_resp_bulk(request.text, json);
    }
    if (reply.jobs.empty()) return;
    // The reply's place in the stream is known exactly only if nothing else is before it; at worst
    // it is placed too early, and then the lease stands until it runs out.
    deliveries_.push_back(
        {.end = written_ + request.text.size(), .jobs = handed_out(reply), .at = now});
    if (deliveries_.size() > deliveries_max) deliveries_.pop_front();
}

void FaktorySession::render_verdicts(Request& request, const VerdictReply& reply) {
    std::string& out = request.text;
    const Verdict first = reply.verdicts.empty() ? Verdict::done : reply.verdicts.front();
    switch (request.verb) {
        case sdk::Verb::ackb:
        case sdk::Verb::failb: {
            std::vector<std::pair<std::string_view, std::string_view>> refused;
            for (std::size_t i = 0; i < reply.verdicts.size(); ++i) {
                if (reply.verdicts[i] != Verdict::done)
                    refused.emplace_back(request.names[i], sdk::word_stale);
            }
            std::string& json = scratch();
            sdk::append_refusals(json, refused);
            put_resp_bulk(out, json);
            break;
        }
        case sdk::Verb::ack: out = sdk::ok_reply; break;  // also for an unknown job
        default:
            if (first == Verdict::done)
                out = sdk::ok_reply;
            else if (first == Verdict::stale && extended_)
                put_resp_error(out, sdk::word_stale, sdk::error_line(request.detail));
            else
                put_resp_error(out, "ERR", sdk::error_line("Job not found " + request.detail));
    }
}

void FaktorySession::render_beat(Request& request, const BeatReply& reply) {
    if (!reply.known) {
        put_resp_error(request.text, "ERR", sdk::error_line("Unknown worker " + request.detail));
        return;
    }
    if (!extended_ && reply.state == WorkerState::running) {
        request.text = sdk::ok_reply;
        return;
    }
    std::string& json = scratch();
    if (!extended_) {
        JsonWriter(json)
            .begin_object()
            .key("state")
            .string(sdk::to_string(to_word(reply.state)))
            .end_object();
        put_resp_bulk(request.text, json);
        return;
    }
    sdk::BeatAnswer answer{.state = to_word(reply.state), .cancel = reply.cancel, .lost = {}};
    for (const LeaseToken token : reply.lost) answer.lost.push_back(token.value());
    sdk::append_beat_answer(json, answer);
    put_resp_bulk(request.text, json);
}

}  // namespace sluice::jobs
