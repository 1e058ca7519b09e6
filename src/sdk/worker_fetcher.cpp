// SPDX-License-Identifier: Apache-2.0
// Redial and the fetcher of worker_threads.h.
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "sdk/protocol/fields.h"
#include "sdk/worker_threads.h"

namespace sluice::sdk {

namespace {

/// After the fetch was ended from our side: for the server to close, or to finish what it was
/// writing.
constexpr Duration farewell = 2s;
constexpr Duration timeout_most = 366 * 24h;

ConnectionOptions connection_options(const WorkerOptions& options) {
    ConnectionOptions how{.server = options.server,
                          .trust = options.trust,
                          .identity = options.identity,
                          .needs_extension = true};
    how.identity.slots = options.concurrency;
    return how;
}

std::string fetch_line(const WorkerOptions& options, std::uint32_t max) {
    std::string line = "FETCHB ";
    JsonWriter json(line);
    json.begin_object().key("queues").begin_array();
    for (const std::string& queue : options.queues) json.string(queue);
    json.end_array();
    json.key("max").unsigned_integer(max);
    json.key("wait_ms").integer(
        std::chrono::ceil<std::chrono::milliseconds>(options.fetch_wait).count());
    json.end_object();
    return line + "\r\n";
}

/// custom.sluice.timeout_s; zero where there is none.
Duration timeout_in(JsonView custom) {
    const auto options = custom.find("sluice");
    const auto timeout = options ? options->find("timeout_s") : std::nullopt;
    Duration out{0};
    if (timeout && !read_seconds(*timeout, "timeout_s", timeout_most, out)) out = Duration{0};
    return out;
}

Status read_delivery(JsonView value, HeldJob& job) {
    std::int64_t attempt = 1;
    Status read = each_member(value, "a job", [&](std::string_view key, JsonView member) -> Status {
        if (key == "jid") return read_text(member, key, job.delivery.jid);
        if (key == "queue") return read_text(member, key, job.delivery.queue);
        if (key == "jobtype") return read_text(member, key, job.delivery.type);
        if (key == "lease") return read_lease(member, job.lease);
        if (key == "attempt") return read_int(member, key, attempt);
        if (key == "args") job.delivery.args = member.raw();
        if (key == "custom" && member.is_object()) {
            job.delivery.custom = member.raw();
            job.delivery.timeout = timeout_in(member);
        }
        return {};
    });
    job.delivery.attempt = static_cast<int>(attempt);
    if (read && (job.lease == 0 || job.delivery.jid.empty())) {
        return fail(Code::invalid, "the server delivered a job without jid or lease");
    }
    return read;
}

/// One FETCHB. A reply that the wake cut short is still waited for, as it may hold jobs.
Result<Reply> fetch_once(Connection& connection, const std::string& line,
                         const WorkerOptions& options, const Wake& wake) {
    const Instant deadline = deadline_after(options.fetch_wait + options.reply_timeout);
    SLUICE_TRY_STATUS(connection.write(line, {.deadline = deadline}));
    auto reply = connection.read({.deadline = deadline, .wake = &wake});
    if (reply || reply.error().code != Code::cancelled) return reply;
    connection.finish_sending();
    return connection.read({.deadline = deadline_after(farewell)});
}

}  // namespace

Connection* Redial::open(const Wake& wake, Instant deadline) {
    if (connection_) return connection_.get();
    if (failures_ > 0) {
        // A pause that was ended early goes on with the next call; else nothing would be dialled
        // while there is always something new.
        if (!pause_until_) {
            pause_until_ = deadline_after(exponential_delay(
                options_.backoff_base, options_.backoff_max, failures_, random_.next()));
        }
        const Instant until = std::min(deadline, *pause_until_);
        if (wake.wait_until(until) && monotonic_now() < until) return nullptr;
        if (until == deadline) return nullptr;
        pause_until_.reset();
    }
    const Instant give_up = std::min(deadline, deadline_after(options_.connect_timeout));
    auto opened =
        Connection::open(connection_options(options_), {.deadline = give_up, .wake = &wake});
    if (!opened) {
        const Code code = opened.error().code;
        if (code == Code::cancelled) return nullptr;
        // What worked once works again some day: only a first refusal is final.
        hopeless_ = !has_connected_ever_ && (code == Code::denied || code == Code::invalid);
        ++failures_;
        report(opened.error(), hopeless_);
        return nullptr;
    }
    connection_ = std::make_unique<Connection>(std::move(opened).value());
    if (has_connected_ever_) events_.push(Reconnected{});
    has_connected_ever_ = true;
    return connection_.get();
}

void Redial::drop(const Error& error) {
    connection_.reset();
    ++failures_;
    report(error, false);
}

void Redial::report(const Error& error, bool fatal) {
    events_.push(Trouble{.error = error, .fatal = fatal});
}

Result<std::vector<HeldJob>> read_deliveries(JsonView reply) {
    std::vector<HeldJob> jobs;
    SLUICE_TRY_STATUS(each_element(reply, "the reply to FETCHB", [&](JsonView value) {
        return read_delivery(value, jobs.emplace_back());
    }));
    return jobs;
}

void run_fetcher(const WorkerOptions& options, FetchOrders& orders, WorkerEvents& events,
                 const Wake& wake) {
    Redial redial(options, events,
                  static_cast<std::uint64_t>(monotonic_now().time_since_epoch().count()));
    JsonParser parser;
    FetchOrder order;
    while (orders.pop(order) == ChannelStatus::ok) {
        Fetched fetched;
        Connection* connection = redial.open(wake, no_deadline);
        if (redial.is_hopeless()) return;
        if (connection != nullptr) {
            auto jobs = [&]() -> Result<std::vector<HeldJob>> {
                SLUICE_TRY(const Reply reply,
                           fetch_once(*connection, fetch_line(options, order.max), options, wake));
                if (reply.kind != ReplyKind::bulk) return error_of(reply);
                SLUICE_TRY(const JsonView json, parser.parse(reply.text));
                return read_deliveries(json);
            }();
            const bool is_leaving = wake.wait_until(Instant{});
            if (jobs) {
                redial.praise();
                fetched.jobs = std::move(jobs).value();
            } else if (!is_leaving) {
                redial.drop(jobs.error());
            }
        }
        events.push(std::move(fetched));
    }
}

}  // namespace sluice::sdk
