// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/front/admin_http.h"

#include "kernel/observe/log.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"

#include <functional>
#include <memory>
#include <utility>

namespace sluice::jobs {

namespace {

/// One INFO asked by the admin side; ends with its reply or at its deadline. Lives on one I/O
/// thread, held by its deadline there.
class Inquiry final : public TicketHolder {
public:
    using Done = std::function<void(const InfoReply*)>;  ///< null: the server could not answer

    /// On the thread of `desk`.
    static void start(IoThread& thread, Desk& desk, Duration patience, Done done) {
        auto inquiry = std::make_shared<Inquiry>(desk, std::move(done));
        inquiry->ticket_ = desk.open(*inquiry, 0);
        thread.call_at(thread.now() + patience, [inquiry] { inquiry->give_up(); });
        desk.submit(Info{.ticket = inquiry->ticket_});
    }
    Inquiry(Desk& desk, Done done) : desk_(desk), done_(std::move(done)) {}
    void on_reply(std::uint64_t, ReplyBody&& reply) override {
        std::exchange(done_, nullptr)(std::get_if<InfoReply>(&reply));
    }
    void on_close_asked() override {}

private:
    void give_up() {
        if (!done_) return;
        desk_.close(ticket_);
        std::exchange(done_, nullptr)(nullptr);
    }
    Desk& desk_;
    TicketId ticket_{};
    Done done_;  ///< none: it has ended
};

IoThread& current_thread(Runtime& runtime) {
    for (std::size_t i = 0; i < runtime.size(); ++i) {
        if (runtime.thread(i).is_current()) return runtime.thread(i);
    }
    return runtime.thread(0);
}

HttpResponse unavailable() {
    return HttpResponse::error(fail(Code::busy, "the queue is busy or reloading; try again"));
}

std::string told(const std::vector<Stall>& stalls) {
    std::string text;
    for (const Stall& stall : stalls) text += (text.empty() ? "" : "; ") + stall.text();
    return text;
}

}  // namespace

AdminHttp::AdminHttp(Front& front, Runtime& runtime, AdminHttpOptions options)
    : front_(front),
      runtime_(runtime),
      options_(options),
      pool_({.name = "jobs-admin", .threads = 1, .queue_max = 4}) {}

void AdminHttp::stop() { pool_.drain(); }

void AdminHttp::add_routes(HttpRouter& router) {
    router.add_async("GET", "/stats",
                     [this](HttpRequest, HttpReply reply) { answer_stats(std::move(reply)); });
    router.add_async("GET", "/health",
                     [this](HttpRequest, HttpReply reply) { answer_health(std::move(reply)); });
    router.add_async("POST", "/backup", [this](HttpRequest request, HttpReply reply) {
        answer_backup(request, std::move(reply));
    });
}

void AdminHttp::ask(Duration patience, std::function<void(const InfoReply*)> done) {
    IoThread& thread = current_thread(runtime_);
    Inquiry::start(thread, front_.desks.of(thread), patience, std::move(done));
}

void AdminHttp::answer_stats(HttpReply reply) {
    const auto answer = [front = &front_, reply](const InfoReply* info) {
        if (info == nullptr) return reply(unavailable());
        std::string json;
        append_info(json, *info, front->facts(), wall_now());
        reply(HttpResponse::json(std::move(json)));
    };
    ask(options_.stats_patience, answer);
}

/// Healthy: no thread of the queue is stalled and the queue answers, so it runs and its storage
/// works.
void AdminHttp::answer_health(HttpReply reply) {
    if (const auto stalled = stalls(stall_limit, options_.now()); !stalled.empty()) {
        return reply(HttpResponse::error(fail(Code::busy, told(stalled))));
    }
    const auto answer = [front = &front_, reply](const InfoReply* info) {
        if (info == nullptr) return reply(unavailable());
        std::string json;
        JsonWriter writer(json);
        writer.begin_object();
        writer.key("status").string(front->draining   ? "draining"
                                    : info->disk_full ? "disk_full"
                                                      : "ok");
        writer.key("version").string(front->options.version);
        writer.end_object();
        reply(HttpResponse::json(std::move(json)));
    };
    ask(options_.health_patience, answer);
}

void AdminHttp::answer_backup(const HttpRequest& request, HttpReply reply) {
    JsonParser parser;
    const auto body = parser.parse(request.body);
    const auto member = body && body->is_object() ? body->find("directory") : std::nullopt;
    const auto directory =
        member ? member->as_string() : Result<std::string_view>(fail(Code::invalid, ""));
    if (!directory || directory->empty() || directory->front() != '/') {
        return reply(HttpResponse::error(
            fail(Code::invalid,
                 R"(send {"directory":"/absolute/path"}; the folder must not exist yet)")));
    }
    Front* front = &front_;
    const auto task = [front, reply, folder = std::string(*directory)] {
        const Instant begun = monotonic_now();
        if (const Status made = front->shard->checkpoint(folder); !made) {
            return reply(HttpResponse::error(made.error()));
        }
        log_info("backup made", {{"directory", folder}, {"seconds", monotonic_now() - begun}});
        std::string json;
        JsonWriter(json).begin_object().key("directory").string(folder).end_object();
        reply(HttpResponse::json(std::move(json)));
    };
    if (!pool_.try_submit(task)) reply(unavailable());
}

}  // namespace sluice::jobs
