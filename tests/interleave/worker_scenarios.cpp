// SPDX-License-Identifier: Apache-2.0
// CancelToken, WorkerPool, Pipeline and ShardedCounter under the model, and who waits with a token.
#include "scenario.h"

#include "kernel/sync/cancel.h"
#include "kernel/sync/pipeline.h"
#include "kernel/sync/select.h"
#include "kernel/sync/semaphore.h"
#include "kernel/sync/sharded_counter.h"
#include "kernel/sync/worker_pool.h"

#include <memory>
#include <optional>

namespace sluice::interleave {
namespace {

using Source = BasicCancelSource<ModelSync>;
using Token = BasicCancelToken<ModelSync>;
using Registration = BasicCancelCallback<ModelSync>;
using Pool = BasicWorkerPool<ModelSync>;
using Chain = BasicPipeline<ModelSync>;

Error reason() { return {Code::busy, "the reason"}; }

/// Who finds the token cancelled sees what was done before.
void cancel_publishes() {
    const Source source;
    Var<int> cause(0);
    together(
        [&] {
            cause.set(1);
            source.cancel(reason());
        },
        [&, token = source.token()] {
            if (!token.is_cancelled()) return;
            MODEL_CHECK(cause.get() == 1);
            MODEL_CHECK(token.check().error().code == Code::busy);
        });
}

/// One of two cancels, and a callback that is registered meanwhile runs once.
void cancel_runs_once() {
    const Source source;
    int winners = 0, runs = 0;
    std::optional<Registration> kept;
    const auto cancel = [&] {
        if (source.cancel()) ++winners;
    };
    together(cancel, cancel, [&] { kept.emplace(source.token().on_cancel([&] { ++runs; })); });
    MODEL_CHECK(winners == 1 && runs == 1);
}

/// What a callback uses may be destroyed after the end of its registration.
void cancel_waits_for_callback() {
    const Source source;
    auto used = std::make_unique<Var<int>>(0);
    std::optional<Registration> kept(source.token().on_cancel([&] {
        // A place to be preempted.
        engine().step();
        used->set(1);
    }));
    together([&] { source.cancel(); },
             [&] {
                 kept.reset();
                 used.reset();
             });
}

/// A child that is made while its parent is cancelled hears of it, and why.
void cancel_reaches_a_new_child() {
    const Source parent;
    std::optional<Source> child;
    bool heard = false;
    std::optional<Registration> kept;
    together([&] { parent.cancel(reason()); },
             [&] {
                 child.emplace(parent.token());
                 kept.emplace(child->token().on_cancel([&] { heard = true; }));
             });
    MODEL_CHECK(heard && child->token().check().error().code == Code::busy);
}

/// A child, or the parent, may go while the parent cancels.
void cancel_families_end() {
    auto parent = std::make_unique<Source>();
    auto child = std::make_unique<Source>(parent->token());
    together(
        [&] {
            parent->cancel();
            parent.reset();
        },
        [&] { child.reset(); });
}

void permits_cancelled() {
    BasicSemaphore<ModelSync> permits(1);
    const Source source;
    const auto take = [&] {
        const Status status = permits.acquire(1, no_deadline, source.token());
        MODEL_CHECK(status.has_value() || status.error().code == Code::busy);
    };
    together(take, take, [&] { source.cancel(reason()); });
    MODEL_CHECK(permits.counters().waiting == 0);
}

void select_cancelled() {
    BasicChannel<int, ModelSync> never(1);
    const Source source;
    together(
        [&, token = source.token()] {
            MODEL_CHECK(select(no_deadline, token, never).outcome == SelectOutcome::cancelled);
        },
        [&] { source.cancel(); });
}

/// The answer comes after everything that the task did.
void worker_pool_answers() {
    Pool pool({.name = "model", .threads = 2, .queue_max = 1});
    Var<int> first(0), second(0);
    auto one = pool.submit([&] {
        first.set(1);
        return 10;
    });
    auto two = pool.submit([&] { second.set(2); });
    MODEL_CHECK(std::move(*one).wait().value() == 10 && first.get() == 1);
    MODEL_CHECK(std::move(*two).wait().has_value() && second.get() == 2);
}

/// Everybody who waits for one task hears of its end.
void worker_pool_two_wait_for_one() {
    Pool pool({.name = "model", .threads = 1, .queue_max = 1});
    Var<int> done(0);
    auto task = pool.submit([&] { done.set(1); });
    const auto wait = [&] {
        MODEL_CHECK(task->wait_until(no_deadline));
        MODEL_CHECK(done.get() == 1);
    };
    together(wait, wait);
}

/// A task that was taken is answered: run or cancelled, by whomever.
void worker_pool_cancelled() {
    const Source server;
    Pool pool({.name = "model", .threads = 1, .queue_max = 1}, server.token());
    Var<int> runs(0);
    const auto submit = [&] {
        auto task = pool.submit([&] { runs.set(runs.get() + 1); });
        if (!task) return;
        const auto answer = std::move(*task).wait();
        MODEL_CHECK(answer.has_value() || answer.error().code == Code::busy);
    };
    together(submit, submit, [&] { server.cancel(reason()); });
}

/// Drained in time: everything ran. Else: everything is answered.
void worker_pool_drained_until() {
    Pool pool({.name = "model", .threads = 1, .queue_max = 2});
    Var<int> runs(0);
    const auto act = [&] { runs.set(runs.get() + 1); };
    auto one = pool.submit(act);
    auto two = pool.submit(act);
    const bool in_time = pool.drain_until(soon());
    const bool ran = std::move(*one).wait().has_value() && std::move(*two).wait().has_value();
    MODEL_CHECK(!in_time || (ran && runs.get() == 2));
    MODEL_CHECK(!pool.submit(act).has_value());
}

/// 1 to `count`, as long as anybody wants them.
auto numbers(int count) {
    return [count](Chain::Channel<int>& out, const Token&) -> Status {
        for (int i = 1; i <= count; ++i) {
            int item = i;
            if (out.push(std::move(item)) != ChannelStatus::ok) break;
        }
        return {};
    };
}

/// Two threads in the middle: the output ends with the last of them.
void pipeline_runs() {
    Chain chain;
    Var<int> sum(0);
    auto& in = chain.source<int>({"in", 1, 1}, numbers(2));
    auto& twice =
        chain.stage<int>({"twice", 2, 1}, in, [](int&& item) -> Result<int> { return 2 * item; });
    chain.sink({"out", 1, 1}, twice, [&](int&& item) -> Status {
        sum.set(sum.get() + item);
        return {};
    });
    MODEL_CHECK(chain.wait().has_value() && sum.get() == 6);
}

/// An error in the middle ends both sides, and is what wait() says.
void pipeline_fails() {
    Chain chain;
    int seen = 0;
    auto& in = chain.source<int>({"in", 1, 1}, numbers(3));
    auto& same = chain.stage<int>({"same", 1, 1}, in, [](int&& item) -> Result<int> {
        if (item == 2) return reason();
        return item;
    });
    chain.sink({"out", 1, 1}, same, [&](int&& item) -> Status {
        seen += item;
        return {};
    });
    const Status status = chain.wait();
    MODEL_CHECK(!status && status.error().code == Code::busy && seen == 1);
}

/// Whatever is under way, all stages end.
void pipeline_cancelled() {
    Chain chain;
    auto& in = chain.source<int>({"in", 1, 1}, numbers(2));
    chain.sink({"out", 1, 1}, in, [](int&&) -> Status { return {}; });
    Thread canceller([&] { chain.cancel(reason()); });
    const Status status = chain.wait();
    canceller.join();
    MODEL_CHECK(status.has_value() || status.error().code == Code::busy);
}

/// Threads 1 and 3 have one processor, 2 another.
std::size_t processor_of_model() noexcept { return static_cast<std::size_t>(engine().current()); }

void sharded_counter_loses_nothing() {
    BasicShardedCounter<ModelSync, processor_of_model> counter(2);
    const auto add = [&] {
        counter.add();
        counter.add(2);
    };
    together(
        add,
        [&] {
            counter.add(4);
            const std::uint64_t value = counter.value();
            MODEL_CHECK(value >= 4 && value <= 10);
        },
        add);
    MODEL_CHECK(counter.value() == 10);
}

}  // namespace

std::vector<Scenario> worker_scenarios() {
    const std::string cancel = "sync/cancel_state.h", task = "sync/task.h";
    Limits fewer;
    fewer.preemptions = 1;
    fewer.stale = 1;
    return {
        {"cancel.publishes", cancel_publishes, {}, "", cancel},
        {"cancel.runs_once", cancel_runs_once, {}, "", cancel},
        {"cancel.waits_for_callback", cancel_waits_for_callback, {}, "", cancel},
        {"cancel.reaches_a_new_child", cancel_reaches_a_new_child, {}, "", cancel},
        {"cancel.families_end", cancel_families_end, {}, "", cancel},
        {"permits.cancelled", permits_cancelled, {}, "", "sync/semaphore.h"},
        {"select.cancelled", select_cancelled, {}, "", "sync/select.h"},
        {"worker_pool.answers", worker_pool_answers, fewer, "", task},
        {"worker_pool.two_wait_for_one", worker_pool_two_wait_for_one, fewer, "", task},
        {"worker_pool.cancelled", worker_pool_cancelled, fewer, "", task},
        {"worker_pool.drained_until", worker_pool_drained_until, fewer, "", task},
        {"pipeline.runs", pipeline_runs, fewer},
        {"pipeline.fails", pipeline_fails, fewer},
        {"pipeline.cancelled", pipeline_cancelled, fewer},
        {"sharded_counter.loses_nothing", sharded_counter_loses_nothing},
    };
}

}  // namespace sluice::interleave
