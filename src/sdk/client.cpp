// SPDX-License-Identifier: Apache-2.0
#include "sdk/client.h"

#include "kernel/algo/backoff.h"
#include "kernel/base/random.h"
#include "kernel/base/text.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "sdk/client_text.h"
#include "sdk/error_codes.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <unordered_map>
#include <utility>

#include <openssl/rand.h>

namespace sluice::sdk {

namespace {

/// Longer waits are asked for in slices, so that a dead server is noticed in between.
constexpr Duration wait_slice = 20s;

std::uint64_t random_seed() {
    std::array<unsigned char, 8> bytes{};
    std::uint64_t seed = 1;
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1) {
        std::memcpy(&seed, bytes.data(), bytes.size());
    }
    return seed;
}

/// Worth another try over a new connection. Busy is what the server said to HELLO, before the
/// command was sent.
bool is_passing(const Error& error) {
    return error.code == Code::io || error.code == Code::timeout || error.code == Code::not_found ||
           error.code == Code::busy;
}

/// The names are those of OpenTelemetry's conventions for messaging.
void describe_push(Span& span, std::string_view queue) {
    span.set("messaging.system", "sluice");
    span.set("messaging.operation.type", "send");
    span.set("messaging.destination.name", queue);
}

void tell(Span& span, const Error& error) {
    span.fail(to_string(error.code), error.message);
    span.set("sluice.error.code", text_of(error_code(error)));
}

}  // namespace

bool JobEnd::is_final() const {
    return state != "scheduled" && state != "enqueued" && state != "running" &&
           state != "retrying" && state != "blocked";
}

struct Client::State {
    explicit State(ClientOptions given) : options(std::move(given)), random(random_seed()) {}

    Status connect() {
        if (connection) return {};
        const ConnectionOptions how{.server = options.server,
                                    .trust = options.trust,
                                    .identity = options.identity,
                                    .needs_extension = options.needs_extension,
                                    .reply_bytes_max = options.reply_bytes_max};
        auto opened = Connection::open(how, {.deadline = deadline_after(options.connect_timeout)});
        if (!opened) return std::move(opened).error();
        connection = std::make_unique<Connection>(std::move(opened).value());
        return {};
    }

    /// Write and read once over the connection there is.
    Result<Reply> exchange(std::string_view lines, Duration wait) {
        SLUICE_TRY_STATUS(connect());
        const Patience patience{.deadline = deadline_after(options.reply_timeout + wait)};
        SLUICE_TRY_STATUS(connection->write(lines, patience));
        return connection->read(patience);
    }

    void drop() {
        connection.reset();
        under_way = 0;
        unsent.clear();
    }

    ClientOptions options;
    Random random;
    std::unique_ptr<Connection> connection;
    std::string unsent;
    std::size_t under_way = 0;
    JsonParser parser;
};

Client::Client(ClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

Result<Client> Client::at(std::string_view url) {
    ClientOptions options;
    SLUICE_TRY(options.server,
               parse_server_url(url.empty() ? server_url_from_environment() : std::string(url)));
    return Client(std::move(options));
}

Status Client::connect() { return state_->connect(); }

Result<Reply> Client::call(std::string_view line, Duration wait) {
    if (state_->under_way > 0) {
        return fail(Code::invalid, "pipelined replies must be received before the next command");
    }
    const std::string lines = std::string(line) + "\r\n";
    const std::uint32_t attempts = std::max<std::uint32_t>(state_->options.attempts_max, 1);
    const Wake pause;
    for (std::uint32_t attempt = 1;; ++attempt) {
        auto reply = state_->exchange(lines, wait);
        if (reply) return reply;
        state_->drop();
        if (!is_passing(reply.error()) || attempt >= attempts) return reply;
        pause.wait_until(deadline_after(exponential_delay(state_->options.backoff_base,
                                                          state_->options.backoff_max, attempt,
                                                          state_->random.next())));
    }
}

Status Client::send(std::string_view line) {
    if (state_->under_way >= pipeline_max) {
        return fail(Code::exhausted, "too many requests under way; receive some replies");
    }
    ((state_->unsent += line) += "\r\n");
    ++state_->under_way;
    return {};
}

Result<Reply> Client::receive() {
    if (state_->under_way == 0) return fail(Code::invalid, "no request is under way");
    const auto exchange = [&]() -> Result<Reply> {
        const std::string lines = std::exchange(state_->unsent, {});
        SLUICE_TRY_STATUS(state_->connect());
        const Patience patience{.deadline = deadline_after(state_->options.reply_timeout)};
        SLUICE_TRY_STATUS(state_->connection->write(lines, patience));
        return state_->connection->read(patience);
    };
    auto reply = exchange();
    if (reply) {
        --state_->under_way;
    } else {
        state_->drop();
    }
    return reply;
}

// ---------------------------------------------------------------------------- pushing

Status Client::push_one(const JobSpec& job) {
    std::string line = "PUSH ";
    SLUICE_TRY_STATUS(append_push_json(line, job));
    SLUICE_TRY(const Reply reply, call(line));
    return reply.kind == ReplyKind::simple ? Status() : Status(error_of(reply));
}

Result<std::string> Client::push(JobSpec job) {
    if (job.jid.empty()) job.jid = new_jid();
    if (state_->options.tracer == nullptr) {
        SLUICE_TRY_STATUS(push_one(job));
        return std::move(job.jid);
    }
    const Tracer& tracer = *state_->options.tracer;
    const std::string name = "send " + job.type;
    Span span = job.trace ? tracer.child(*job.trace, name, SpanKind::producer)
                          : tracer.root(name, SpanKind::producer);
    describe_push(span, job.queue);
    span.set("messaging.message.id", job.jid);
    job.trace = span.context();
    const Status pushed = push_one(job);
    if (!pushed) {
        tell(span, pushed.error());
        return pushed.error();
    }
    return std::move(job.jid);
}

Result<std::vector<Refusal>> Client::push_bulk(std::span<JobSpec> jobs) {
    if (state_->options.tracer == nullptr || jobs.empty()) return push_all(jobs);
    Span span = state_->options.tracer->root("send", SpanKind::producer);
    describe_push(span, jobs[0].queue);
    span.set("messaging.batch.message_count", static_cast<std::int64_t>(jobs.size()));
    for (JobSpec& job : jobs) {
        if (!job.trace) job.trace = span.context();
    }
    auto refused = push_all(jobs);
    if (!refused) tell(span, refused.error());
    return refused;
}

Result<std::vector<Refusal>> Client::push_all(std::span<JobSpec> jobs) {
    std::vector<Refusal> refused;
    while (!jobs.empty()) {
        SLUICE_TRY(const PushChunk chunk, push_chunk(jobs));
        jobs = jobs.subspan(chunk.jobs);
        SLUICE_TRY(const Reply reply, call(chunk.line));
        if (reply.kind != ReplyKind::bulk) return error_of(reply);
        SLUICE_TRY(const JsonView json, state_->parser.parse(reply.text));
        SLUICE_TRY(auto some, parse_refusals(json));
        std::move(some.begin(), some.end(), std::back_inserter(refused));
    }
    return refused;
}

// ---------------------------------------------------------------------------- asking

Result<std::optional<JobStatus>> Client::status(std::string_view jid) {
    SLUICE_TRY(const Reply reply, call("JOB GET {\"jid\":" + json_escape(jid) + '}'));
    if (reply.kind == ReplyKind::null) return std::optional<JobStatus>{};
    if (reply.kind != ReplyKind::bulk) return error_of(reply);
    SLUICE_TRY(const JsonView json, state_->parser.parse(reply.text));
    SLUICE_TRY(JobStatus status, read_job_status(json));
    status.json = reply.text;
    return std::optional(std::move(status));
}

Result<std::optional<std::string>> Client::result(std::string_view jid) {
    SLUICE_TRY(auto status, this->status(jid));
    if (!status || status->result.empty()) return std::optional<std::string>{};
    return std::optional(std::move(status->result));
}

Result<WaitOutcome> Client::wait(std::span<const std::string> jids, Duration timeout) {
    std::unordered_map<std::string, JobEnd> ends;
    std::vector<std::string> open(jids.begin(), jids.end());
    const Instant deadline = deadline_after(timeout);
    bool in_time = true;
    std::size_t names_max = push_chunk_jobs_max;
    while (!open.empty() && in_time) {
        const Duration left = std::max(deadline - monotonic_now(), Duration{0});
        in_time = left > Duration{0};
        // The server limits the names in one request. It waits for the first ones; the others are
        // only asked about.
        for (std::size_t at = 0; at < open.size();) {
            const auto some = std::span(open).subspan(at);
            const auto names = some.first(std::min(some.size(), names_max));
            const Duration slice = at == 0 ? std::min(left, wait_slice) : Duration{0};
            auto reply = call(wait_line(names, slice), slice);
            // The results come with it, so of some jobs a thousand are too much.
            if (names.size() > 1 && is_too_much(reply)) {
                names_max = names.size() / 2;
                continue;
            }
            if (!reply) return std::move(reply).error();
            if (reply->kind != ReplyKind::bulk) return error_of(*reply);
            SLUICE_TRY(const JsonView json, state_->parser.parse(reply->text));
            SLUICE_TRY(auto answered, read_wait_answer(json));
            for (JobEnd& end : answered) ends.insert_or_assign(end.jid, std::move(end));
            at += names.size();
        }
        // What is settled is not asked for again.
        std::erase_if(open, [&](const std::string& jid) {
            const auto found = ends.find(jid);
            return found != ends.end() && found->second.is_final();
        });
    }
    WaitOutcome outcome{.complete = open.empty(), .jobs = {}};
    for (const std::string& jid : jids) {
        const auto found = ends.find(jid);
        outcome.jobs.push_back(found == ends.end() ? JobEnd{.jid = jid, .state = "unknown"}
                                                   : found->second);
    }
    return outcome;
}

Result<std::uint64_t> Client::cancel(std::string_view jid, std::string_view reason) {
    FilterParts filter;
    filter.jids.emplace_back(jid);
    return cancel(filter, reason);
}

Result<std::uint64_t> Client::cancel(const FilterParts& filter, std::string_view reason) {
    SLUICE_TRY(const Reply reply, call(cancel_line(filter, reason)));
    if (reply.kind == ReplyKind::integer) return static_cast<std::uint64_t>(reply.integer);
    if (reply.kind != ReplyKind::bulk) return error_of(reply);
    SLUICE_TRY(const JsonView json, state_->parser.parse(reply.text));
    return read_count(json);
}

Result<std::string> Client::list(const ListRequest& request) {
    SLUICE_TRY(Reply reply, call(list_line(request)));
    if (reply.kind != ReplyKind::bulk) return error_of(reply);
    return std::move(reply.text);
}

Result<std::string> Client::info() {
    SLUICE_TRY(Reply reply, call("INFO"));
    if (reply.kind != ReplyKind::bulk) return error_of(reply);
    return std::move(reply.text);
}

Result<std::vector<QueueSize>> Client::queues() {
    SLUICE_TRY(const std::string text, info());
    SLUICE_TRY(const JsonView json, state_->parser.parse(text));
    return read_queue_sizes(json);
}

// ---------------------------------------------------------------------------- acting

Status Client::mutate(const MutateRequest& request) {
    SLUICE_TRY(const Reply reply, call(mutate_line(request)));
    return reply.kind == ReplyKind::simple ? Status() : Status(error_of(reply));
}

Status Client::change_queues(const QueueRequest& request) {
    SLUICE_TRY(const std::string line, queue_line(request));
    SLUICE_TRY(const Reply reply, call(line));
    return reply.kind == ReplyKind::simple ? Status() : Status(error_of(reply));
}

Status Client::flush() {
    SLUICE_TRY(const Reply reply, call("FLUSH"));
    return reply.kind == ReplyKind::simple ? Status() : Status(error_of(reply));
}

}  // namespace sluice::sdk
