// SPDX-License-Identifier: Apache-2.0
// Planted bugs of cancellation, pools, pipelines and counters: what planted_scenarios.cpp is for
// the parts below them.
#include "scenario.h"

#include "kernel/sync/cancel.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/sharded_counter.h"
#include "kernel/sync/task.h"

#include <memory>
#include <utility>

namespace sluice::interleave {
namespace {

/// Ends a registration without waiting for the callback that runs.
void callback_not_waited_for() {
    Mutex mutex;
    bool registered = true;
    auto used = std::make_unique<Var<int>>(0);
    const auto take = [&] {
        MutexLock lock(mutex);
        return std::exchange(registered, false);
    };
    together(
        [&, item = used.get()] {
            if (!take()) return;
            engine().step();
            item->set(1);
        },
        [&] {
            take();
            used.reset();
        });
}

/// A pool whose thread looks at the token before it pops, and leaves what waits without an answer.
void pool_leaves_tasks() {
    const BasicCancelSource<ModelSync> source;
    BasicChannel<int, ModelSync> queue(2);
    detail::TaskState<int, ModelSync> answers[2];
    together(
        [&, token = source.token()] {
            int task = 0;
            while (!token.is_cancelled() && queue.pop(task) == ChannelStatus::ok)
                answers[task].set(1);
        },
        [&] {
            source.cancel();
            queue.close();
        },
        [&] {
            for (int task = 0; task < 2; ++task) {
                int item = task;
                if (queue.push(std::move(item)) == ChannelStatus::ok)
                    MODEL_CHECK(answers[task].take().has_value());
            }
        });
}

/// A stage of two threads whose output is closed by the first of them to end.
void stage_closed_by_the_first() {
    BasicChannel<int, ModelSync> out(2);
    const auto put = [&] {
        int item = 1;
        MODEL_CHECK(out.push(std::move(item)) == ChannelStatus::ok);
        out.close();
    };
    together(put, put);
}

/// Adds by a load and a store, as if a thread kept its processor.
struct TornAdd {
    template <class T>
    class Atomic : public interleave::Atomic<T> {
    public:
        using interleave::Atomic<T>::Atomic;
        T fetch_add(T by, Order order) {
            const T before = this->load(order);
            this->store(before + by, order);
            return before;
        }
    };
};
std::size_t one_processor() noexcept { return 0; }

void counter_adds_in_two_steps() {
    BasicShardedCounter<TornAdd, one_processor> counter(1);
    const auto add = [&] { counter.add(); };
    together(add, add);
    MODEL_CHECK(counter.value() == 2);
}

}  // namespace

std::vector<Scenario> planted_worker_scenarios() {
    return {
        {"planted.callback_not_waited_for", callback_not_waited_for, {}, "data race: destroying"},
        {"planted.pool_leaves_tasks", pool_leaves_tasks, {}, "everybody waits"},
        {"planted.stage_closed_by_the_first", stage_closed_by_the_first, {}, "check failed"},
        {"planted.counter_adds_in_two_steps", counter_adds_in_two_steps, {}, "check failed"},
    };
}

}  // namespace sluice::interleave
