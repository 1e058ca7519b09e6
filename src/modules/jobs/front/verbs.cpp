// SPDX-License-Identifier: Apache-2.0
// The requests of the job port, one function a verb: check, turn into a command, hand to the shard.
// No rule of the queue is decided here.
#include "kernel/observe/log.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/resp.h"
#include "modules/jobs/front/convert.h"
#include "modules/jobs/front/faktory_session.h"
#include "sdk/protocol/reply.h"

#include <algorithm>

namespace sluice::jobs {

namespace {

constexpr std::size_t read_ahead_bytes = std::size_t{128} << 10;

/// One parser an I/O thread: its memory is used again, and no request outlives its line.
JsonParser& thread_parser() {
    static thread_local JsonParser parser;
    return parser;
}

std::vector<LeaseToken> to_tokens(const std::vector<std::uint64_t>& leases) {
    std::vector<LeaseToken> tokens;
    tokens.reserve(leases.size());
    for (const std::uint64_t lease : leases) tokens.emplace_back(lease);
    return tokens;
}

std::shared_ptr<const std::string> shared_text(std::string text) {
    return text.empty() ? nullptr : std::make_shared<const std::string>(std::move(text));
}

FailureReport to_report(sdk::FailItem item) {
    return {.job = to_ref(item.job),
            .errtype = std::move(item.errtype),
            .message = std::move(item.message),
            .backtrace = std::move(item.backtrace),
            .retry_in = item.retry_in,
            .final = item.final};
}

}  // namespace

void FaktorySession::handle(std::string_view line) {
    front_.commands.add();
    if (!greeted_) {
        handle_hello(line);
        return;
    }
    known_read_ = written_;
    const sdk::RequestLine request = sdk::parse_request_line(line);
    if (request.verb == sdk::Verb::end) {
        hang_up();
        return;
    }
    begin(request.verb);
    dispatch(request);
}

void FaktorySession::dispatch(const sdk::RequestLine& request) {
    using sdk::Verb;
    const std::string_view argument = request.argument;
    switch (request.verb) {
        case Verb::push: push(argument); return;
        case Verb::pushb: push_bulk(argument); return;
        case Verb::fetch: fetch(argument); return;
        case Verb::ack: ack(argument); return;
        case Verb::fail: fail_job(argument); return;
        case Verb::beat: beat(argument); return;
        case Verb::info: submit(Info{}); return;
        case Verb::flush: submit(Flush{}); return;
        case Verb::mutate: mutate(argument); return;
        case Verb::queue: queue(argument); return;
        case Verb::requeue: requeue(argument); return;
        case Verb::fetchb: fetch_bulk(argument); return;
        case Verb::ackb: ack_bulk(argument); return;
        case Verb::failb: fail_bulk(argument); return;
        case Verb::extend: extend(argument); return;
        case Verb::cancel: cancel(argument); return;
        case Verb::job: job(argument); return;
        case Verb::wait: wait(argument); return;
        case Verb::hello:
        case Verb::end:
        case Verb::unknown: refuse(sdk::unknown_command_text(request.word)); return;
    }
}

std::optional<JsonView> FaktorySession::read_json(std::string_view argument) {
    auto parsed = thread_parser().parse(argument);
    if (parsed) return *parsed;
    refuse(sdk::invalid_json(parsed.error().message).message);
    return std::nullopt;
}

/// Anything but a well-formed HELLO closes the connection without a word.
void FaktorySession::handle_hello(std::string_view line) {
    const sdk::RequestLine request = sdk::parse_request_line(line);
    const auto parsed = thread_parser().parse(request.argument);
    if (request.verb != sdk::Verb::hello || !parsed || !parsed->is_object()) {
        session_->close();
        return;
    }
    auto hello = sdk::parse_hello(*parsed);
    if (!hello) {
        session_->close();
        return;
    }
    begin(sdk::Verb::hello);
    if (challenge_) {
        prove(std::move(*hello));
    } else {
        accept(std::move(*hello));
    }
}

/// Checks the password on another thread: it costs up to a millisecond, and clients open
/// connections by the dozen.
void FaktorySession::prove(sdk::HelloRequest hello) {
    session_->pause_reading();
    const std::string_view busy_word = hello.extended ? "BUSY" : "ERR";
    // What came behind HELLO in one go waits for the answer; more stays in the kernel's buffers.
    session_->set_read_buffer_max(
        Bytes{front_.options.handshake_line_max.count + read_ahead_bytes});
    const auto check = [this, session = session_->shared_from_this(), hello = std::move(hello),
                        challenge = *challenge_, password = front_.options.password]() mutable {
        const bool right = sdk::is_password_proof(hello.pwdhash, password, challenge, hello.v);
        Session& where = *session;
        where.post([this, right, hello = std::move(hello)](Session&) mutable {
            session_->resume_reading();
            if (right) return accept(std::move(hello));
            front_.bad_passwords.add();
            static LogLimiter limiter;
            log_warning_limited(limiter, monotonic_now(), "wrong password on the job port",
                                {{"remote", session_->remote().host}});
            refuse("Invalid password");
            hang_up();
        });
    };
    if (front_.passwords.try_submit(check)) return;
    front_.refused.add();
    std::string text;
    put_resp_error(text, busy_word, "server is busy, try again");
    answer(std::move(text));
    hang_up();
}

void FaktorySession::accept(sdk::HelloRequest hello) {
    greeted_ = true;
    extended_ = hello.extended;
    session_->clear_deadline();
    // A line that is too long is refused with words, and requests that were read ahead while others
    // wait are no fault; both need room beyond the longest line.
    session_->set_read_buffer_max(Bytes{front_.options.line_max.count + read_ahead_bytes});
    if (!hello.wid.empty()) {
        wid_ = std::make_shared<const std::string>(std::move(hello.wid));
        Hello command{.caller = caller(),
                      .hostname = std::move(hello.hostname),
                      .pid = hello.pid,
                      .labels = std::move(hello.labels),
                      .extended = extended_};
        desk_->submit(std::move(command));
    }
    answer(std::string(sdk::ok_reply));
}

void FaktorySession::push(std::string_view argument) {
    if (front_.draining) return refuse_shutdown();
    const auto json = read_json(argument);
    if (!json) return;
    const auto parts = sdk::parse_job(*json, wall_now());
    if (!parts) return refuse(parts.error().message);
    Push command{.ticket = {}, .jobs = {}, .once = extended_};
    command.jobs.push_back(to_body(*parts));
    submit(std::move(command));
}

void FaktorySession::push_bulk(std::string_view argument) {
    if (front_.draining) return refuse_shutdown();
    const auto json = read_json(argument);
    if (!json) return;
    if (!json->is_array()) return refuse("invalid JSON: PUSHB takes an array of jobs");
    Push command{.ticket = {}, .jobs = {}, .once = extended_};
    std::vector<std::pair<std::string, std::string>> refused;
    const WallTime now = wall_now();
    for (const JsonView element : json->elements()) {
        if (command.jobs.size() + refused.size() >= front_.options.bulk_max) {
            return refuse("too many jobs in one PUSHB; send at most " +
                          std::to_string(front_.options.bulk_max));
        }
        const auto parts = sdk::parse_job(element, now);
        if (parts) {
            command.jobs.push_back(to_body(*parts));
            continue;
        }
        const auto jid = element.find("jid");
        const auto text = jid ? jid->as_string() : Result<std::string_view>(std::string_view());
        refused.emplace_back(text ? std::string(*text) : std::string(),
                             sdk::error_line(parts.error().message));
    }
    std::vector<std::pair<std::string_view, std::string_view>> views(refused.begin(),
                                                                     refused.end());
    std::string map;
    sdk::append_refusals(map, views);
    if (command.jobs.empty()) {
        std::string text;
        put_resp_bulk(text, map);
        return answer(std::move(text));
    }
    requests_.back().detail = std::move(map);
    submit(std::move(command));
}

void FaktorySession::fetch(std::string_view argument) {
    auto request = sdk::parse_fetch(argument);
    if (!request) return refuse(request.error().message);
    if (front_.draining) return answer_no_jobs();
    submit(Fetch{.ticket = {},
                 .caller = caller(),
                 .queues = std::move(request->queues),
                 .max = 1,
                 .wait = request->wait,
                 .mode = LeaseMode::fixed});
}

void FaktorySession::fetch_bulk(std::string_view argument) {
    const auto json = read_json(argument);
    if (!json) return;
    auto request = sdk::parse_fetchb(*json);
    if (!request) return refuse(request.error().message);
    if (front_.draining) return answer_no_jobs();
    submit(Fetch{.ticket = {},
                 .caller = caller(),
                 .queues = std::move(request->queues),
                 .max = request->max,
                 .wait = request->wait,
                 .mode = extended_ && wid_ ? LeaseMode::beat : LeaseMode::fixed});
}

void FaktorySession::ack(std::string_view argument) {
    const auto json = read_json(argument);
    if (!json) return;
    auto item = sdk::parse_ack(*json);
    if (!item) return refuse(item.error().message);
    Ack command{.ticket = {}, .caller = caller(), .jobs = {}};
    command.jobs.push_back({to_ref(item->job), shared_text(std::move(item->result))});
    submit(std::move(command));
}

void FaktorySession::ack_bulk(std::string_view argument) {
    const auto json = read_json(argument);
    if (!json) return;
    auto items = sdk::parse_ackb(*json);
    if (!items) return refuse(items.error().message);
    Ack command{.ticket = {}, .caller = caller(), .jobs = {}};
    command.jobs.reserve(items->size());
    for (sdk::AckItem& item : *items) {
        requests_.back().names.push_back(item.job.jid);
        command.jobs.push_back({to_ref(item.job), shared_text(std::move(item.result))});
    }
    submit(std::move(command));
}

void FaktorySession::fail_job(std::string_view argument) {
    const auto json = read_json(argument);
    if (!json) return;
    auto item = sdk::parse_fail(*json);
    if (!item) return refuse(item.error().message);
    requests_.back().detail = item->job.jid;
    Fail command{.ticket = {}, .caller = caller(), .jobs = {}};
    command.jobs.push_back(to_report(std::move(*item)));
    submit(std::move(command));
}

void FaktorySession::fail_bulk(std::string_view argument) {
    const auto json = read_json(argument);
    if (!json) return;
    auto items = sdk::parse_failb(*json);
    if (!items) return refuse(items.error().message);
    Fail command{.ticket = {}, .caller = caller(), .jobs = {}};
    for (sdk::FailItem& item : *items) {
        requests_.back().names.push_back(item.job.jid);
        command.jobs.push_back(to_report(std::move(item)));
    }
    submit(std::move(command));
}

void FaktorySession::beat(std::string_view argument) {
    const auto json = read_json(argument);
    if (!json) return;
    auto request = sdk::parse_beat(*json);
    if (!request) return refuse(request.error().message);
    requests_.back().detail = request->wid;
    std::optional<WorkerState> state;
    if (request->state) state = to_state(*request->state);
    std::vector<ProgressReport> progress;
    for (sdk::ProgressItem& item : request->progress) {
        progress.push_back({.lease = LeaseToken(item.lease),
                            .percent = item.percent,
                            .note = std::move(item.note)});
    }
    submit(Beat{.ticket = {},
                .caller = caller(),
                .wid = std::move(request->wid),
                .state = state,
                .rss_kb = request->rss_kb,
                .leases = to_tokens(request->leases),
                .progress = std::move(progress)});
}

void FaktorySession::queue(std::string_view argument) {
    auto request = sdk::parse_queue(argument, thread_parser());
    if (!request) return refuse(request.error().message);
    ChangeQueue command{
        .ticket = {}, .action = {}, .all = request->all, .names = std::move(request->names)};
    switch (request->action) {
        case sdk::QueueWord::pause: command.action = QueueAction::pause; break;
        case sdk::QueueWord::resume: command.action = QueueAction::resume; break;
        case sdk::QueueWord::remove: command.action = QueueAction::remove; break;
        case sdk::QueueWord::make_sync: command.action = QueueAction::make_sync; break;
        case sdk::QueueWord::make_async: command.action = QueueAction::make_async; break;
        case sdk::QueueWord::latency:
            requests_.back().names = std::move(command.names);
            return submit(Info{});
    }
    submit(std::move(command));
}

void FaktorySession::mutate(std::string_view argument) {
    const auto json = read_json(argument);
    if (!json) return;
    const auto request = sdk::parse_mutate(*json);
    if (!request) return refuse(request.error().message);
    Sweep command{.ticket = {}, .action = SweepAction::discard, .filter = {}};
    if (request->action != sdk::MutateWord::clear) {
        auto filter = to_filter(request->filter);
        if (!filter) return refuse(filter.error().message);
        command.filter = std::move(*filter);
    }
    if (request->action == sdk::MutateWord::kill) command.action = SweepAction::kill;
    if (request->action == sdk::MutateWord::requeue) command.action = SweepAction::requeue;
    command.filter.states = states_of(request->target);
    submit(std::move(command));
}

void FaktorySession::requeue(std::string_view argument) {
    const auto json = read_json(argument);
    if (!json) return;
    const auto request = sdk::parse_requeue(*json);
    if (!request) return refuse(request.error().message);
    requests_.back().detail = request->job.jid;
    submit(Release{
        .ticket = {}, .caller = caller(), .job = to_ref(request->job), .delay = request->delay});
}

void FaktorySession::extend(std::string_view argument) {
    const auto json = read_json(argument);
    if (!json) return;
    const auto request = sdk::parse_extend(*json);
    if (!request) return refuse(request.error().message);
    requests_.back().detail = request->job.jid;
    submit(Extend{
        .ticket = {}, .caller = caller(), .job = to_ref(request->job), .length = request->length});
}

void FaktorySession::cancel(std::string_view argument) {
    const auto json = read_json(argument);
    if (!json) return;
    const auto request = sdk::parse_cancel(*json);
    if (!request) return refuse(request.error().message);
    auto filter = to_filter(request->filter);
    if (!filter) return refuse(filter.error().message);
    submit(Sweep{.ticket = {}, .action = SweepAction::cancel, .filter = std::move(*filter)});
}

void FaktorySession::job(std::string_view argument) {
    auto request = sdk::parse_job_request(argument, thread_parser());
    if (!request) return refuse(request.error().message);
    if (!request->is_list) return submit(GetJob{.ticket = {}, .jid = std::move(request->jid)});
    auto filter = to_filter(request->list.filter);
    if (!filter) return refuse(filter.error().message);
    submit(ListJobs{.ticket = {},
                    .filter = std::move(*filter),
                    .after = Seq(request->list.after),
                    .limit = request->list.limit});
}

void FaktorySession::wait(std::string_view argument) {
    const auto json = read_json(argument);
    if (!json) return;
    auto request = sdk::parse_wait(*json);
    if (!request) return refuse(request.error().message);
    requests_.back().names = request->jids;
    submit(Wait{.ticket = {},
                .caller = caller(),
                .jids = std::move(request->jids),
                .timeout = front_.draining ? Duration{0} : request->timeout});
}

}  // namespace sluice::jobs
