// SPDX-License-Identifier: Apache-2.0
#include "sdk/worker.h"

#include "kernel/sync/thread.h"
#include "sdk/job_spec.h"
#include "sdk/protocol/job_json.h"
#include "sdk/worker_owner.h"
#include "sdk/worker_signals.h"
#include "sdk/worker_threads.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice::sdk {

namespace {

Status check_options(const WorkerOptions& options) {
    if (options.concurrency < 1 || options.concurrency > worker_concurrency_max) {
        return fail(Code::invalid, "worker: concurrency must be 1 to 1024");
    }
    if (options.prefetch > worker_prefetch_max) {
        return fail(Code::invalid, "worker: prefetch must be at most 10000");
    }
    if (options.queues.empty()) return fail(Code::invalid, "worker: no queue is named");
    for (const std::string& queue : options.queues) {
        if (!is_queue_name(queue)) {
            return fail(Code::invalid, "worker: not a queue name: \"" + queue + '"');
        }
    }
    if (options.beat_interval < 1ms || options.fetch_wait < Duration{0} ||
        options.fetch_wait > wait_max) {
        return fail(Code::invalid,
                    "worker: beat_interval must be positive and fetch_wait 0 to 60 seconds");
    }
    return {};
}

WorkerOptions completed(WorkerOptions options) {
    if (options.identity.wid.empty()) options.identity.wid = new_jid();
    return options;
}

}  // namespace

struct Worker::State {
    explicit State(WorkerOptions given) : options(completed(std::move(given))), channels(options) {}

    WorkerOptions options;
    HandlerSet set;
    HandlerTable handlers;
    WorkerChannels channels;
    SharedCounters counters;
};

Worker::Worker(WorkerOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Worker::~Worker() = default;

Status Worker::add(std::string name, Handler handler, TypeTerms terms) {
    return state_->set.add(std::move(name), {.run = std::move(handler), .terms = std::move(terms)});
}

Worker& Worker::handle(std::string name, Handler handler, TypeTerms terms) {
    state_->set.handle(std::move(name), {.run = std::move(handler), .terms = std::move(terms)});
    return *this;
}

Worker& Worker::use(Middleware middleware) {
    state_->set.use(std::move(middleware));
    return *this;
}

Status Worker::run() {
    State& state = *state_;
    SLUICE_TRY_STATUS(check_options(state.options));
    SLUICE_TRY(state.handlers, state.set.finish());
    WorkerChannels& channels = state.channels;
    std::optional<BlockedSignals> blocked;
    if (state.options.handles_signals) blocked.emplace();
    // Whatever can fail comes before the first thread, which would have to be told to end.
    std::optional<Spool> spool;
    if (!state.options.spool_folder.empty()) {
        SLUICE_TRY(Spool opened, Spool::open({.folder = state.options.spool_folder,
                                              .server = state.options.server.text(),
                                              .bytes_max = state.options.spool_max}));
        spool.emplace(std::move(opened));
    }
    Wake signals_end;
    Thread signals;
    if (blocked) {
        signals = Thread("sdk-signals",
                         [&] { run_signals(blocked->set(), signals_end, channels.events); });
    }
    Wake memory_end;
    Thread memory;
    if (!state.options.pressure.are_none()) {
        memory = Thread("sdk-memory",
                        [&] { run_memory_watch(state.options, channels.events, memory_end); });
    }
    Thread sender("sdk-sender", [&] {
        run_sender(state.options, {.orders = channels.sends,
                                   .asks = channels.asks,
                                   .events = channels.events,
                                   .hurry = channels.hurry,
                                   .spool = spool});
    });
    Thread fetcher("sdk-fetcher", [&] {
        run_fetcher(state.options, channels.fetches, channels.events, channels.leave);
    });
    std::vector<Thread> handlers;
    for (std::uint32_t i = 0; i < state.options.concurrency; ++i) {
        handlers.emplace_back("sdk-handler-" + std::to_string(i), [&, i] {
            run_handler(state.options, state.handlers,
                        {.tasks = channels.tasks,
                         .events = channels.events,
                         .asks = channels.asks,
                         .slot = channels.slots[i]});
        });
    }
    Status verdict = WorkerOwner(state.options, state.handlers, channels, state.counters).run();
    // Whoever still has something to tell finds the channel closed and goes on to its end.
    channels.events.close();
    channels.tasks.close();
    channels.fetches.close();
    channels.leave.notify();
    signals_end.notify();
    memory_end.notify();
    for (Thread& handler : handlers) handler.join();
    fetcher.join();
    sender.join();
    memory.join();
    signals.join();
    return verdict;
}

void Worker::quiet() noexcept { state_->channels.events.push(Wish::quiet); }
void Worker::stop() noexcept { state_->channels.events.push(Wish::stop); }
void Worker::stop_now() noexcept { state_->channels.events.push(Wish::stop_now); }

WorkerCounters Worker::counters() const { return state_->counters.read(); }
Result<WorkerPicture> Worker::picture(Instant deadline) {
    auto place = std::make_shared<PicturePlace>();
    if (state_->channels.events.push_until(Inspect{place}, deadline) != ChannelStatus::ok) {
        return fail(Code::cancelled, "the worker has ended");
    }
    WorkerPicture picture;
    if (place->reply.pop_until(picture, deadline) != ChannelStatus::ok) {
        return fail(Code::timeout, "the worker does not answer");
    }
    return picture;
}

const std::string& Worker::wid() const { return state_->options.identity.wid; }

}  // namespace sluice::sdk
