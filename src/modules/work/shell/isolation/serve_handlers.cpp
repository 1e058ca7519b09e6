// SPDX-License-Identifier: Apache-2.0
// The handler process's side of handler_process.h. The main thread reads the socket; one other
// thread runs the handlers. Only that one writes, so neither side ever waits for the other to read.
#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/thread.h"
#include "modules/work/shell/isolation/frames.h"
#include "modules/work/shell/isolation/handler_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <utility>

namespace sluice::work {

namespace {

struct Order {
    sdk::Delivery job;
    CancelToken token;
};

/// A handler's view; what it asks goes through the socket to the worker's own context.
class Context final : public sdk::JobContext {
public:
    Context(int socket, const Order& order, Channel<Frame>& answers)
        : socket_(socket), order_(order), answers_(answers) {}

    [[nodiscard]] const sdk::Delivery& job() const override { return order_.job; }
    [[nodiscard]] const CancelToken& cancel() const override { return order_.token; }
    void progress(int percent, std::string_view note) override {
        constexpr Duration interval = 100ms;
        const Instant now = monotonic_now();
        if (now < next_report_) return;
        next_report_ = now + interval;
        send({.kind = FrameKind::progress, .body = encode_progress(percent, note)});
    }
    Result<std::vector<sdk::Refusal>> push(std::span<sdk::JobSpec> jobs) override {
        const std::string answer = ask({.kind = FrameKind::push, .body = encode_jobs(jobs)});
        return decode_refusals(answer, jobs);
    }
    Result<std::vector<sdk::JobEnd>> ends(std::span<const std::string> jids) override {
        return decode_job_ends(ask({.kind = FrameKind::ends, .body = encode_texts(jids)}));
    }

private:
    void send(const Frame& frame) {
        // Without its worker this process is of no use.
        if (!send_frame(socket_, frame)) ::_exit(1);
    }
    std::string ask(const Frame& frame) {
        send(frame);
        Frame answer;
        if (answers_.pop(answer) != ChannelStatus::ok) ::_exit(1);
        return std::move(answer.body);
    }

    int socket_;
    const Order& order_;
    Channel<Frame>& answers_;
    Instant next_report_{};
};

using Handlers = std::map<std::string_view, const sdk::Handler*>;

sdk::Outcome call(const Handlers& handlers, Context& context) {
    const auto handler = handlers.find(context.job().type);
    if (handler == handlers.end()) {
        return sdk::Failure{"UnknownType",
                            "the handler process does not know \"" + context.job().type + '"',
                            false,
                            {}};
    }
    try {
        return (*handler->second)(context);
    } catch (const std::exception& thrown) {
        return sdk::Failure{"Exception", thrown.what(), false, {}};
    } catch (...) {
        return sdk::Failure{"Exception", "the handler threw something unknown", false, {}};
    }
}

/// When memory runs out, better this process than the worker. It is only a wish.
void offer_to_the_out_of_memory_killer() {
    const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0) return;
    [[maybe_unused]] const ssize_t written = ::write(fd, "500", 3);
    ::close(fd);
}

}  // namespace

void serve_handlers(int socket, const std::vector<sdk::JobType>& types) {
    ::fcntl(socket, F_SETFD, FD_CLOEXEC);
    offer_to_the_out_of_memory_killer();
    Handlers handlers;
    for (const sdk::JobType& type : types) handlers.emplace(type.name, &type.run);
    Channel<Order> orders(1, "handlers.orders");
    Channel<Frame> answers(1, "handlers.answers");
    Thread runner("isolated-run", [&] {
        Order order;
        while (orders.pop(order) == ChannelStatus::ok) {
            Context context(socket, order, answers);
            const sdk::Outcome outcome = call(handlers, context);
            if (!send_frame(socket, {.kind = FrameKind::done, .body = encode_outcome(outcome)})) {
                ::_exit(1);
            }
        }
    });
    FrameReader reader(socket);
    std::unique_ptr<CancelSource> source;
    for (;;) {
        const auto filled = reader.fill();
        // The worker has gone, and with it whoever would take an answer.
        if (filled && !*filled) ::_exit(0);
        if (!filled) {
            std::fprintf(stderr, "handler process: %s\n", filled.error().message.c_str());
            ::_exit(1);
        }
        while (auto frame = reader.next()) {
            if (frame->kind == FrameKind::job) {
                Duration left{0};
                auto job = decode_delivery(frame->body, left);
                if (!job) ::_exit(1);
                source = std::make_unique<CancelSource>(left > Duration{0} ? deadline_after(left)
                                                                           : no_deadline);
                orders.push({.job = *std::move(job), .token = source->token()});
            } else if (frame->kind == FrameKind::cancel) {
                if (source) source->cancel(decode_error(frame->body));
            } else {
                answers.push(*std::move(frame));
            }
        }
    }
}

}  // namespace sluice::work
