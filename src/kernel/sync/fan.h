// SPDX-License-Identifier: Apache-2.0
// fan_in and fan_out: one named thread that moves items between one channel and several. Where any
// consumer may take any item no helper is needed: several threads pop one channel.
#pragma once

#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

namespace detail {

/// Moves what is in `from` into `to`; false when `to` is closed. `batch` is memory to use again.
template <class T>
bool move_batch(Channel<T>& from, Channel<T>& to, std::vector<T>& batch) {
    batch.clear();
    if (from.try_pop_all(batch, to.capacity()) != ChannelStatus::ok) return true;
    return to.push_all(batch) == ChannelStatus::ok;
}

}  // namespace detail

/// Moves the items of all `sources` into `to`, each source in its order, none starved. Ends, and
/// closes `to`, when every source is closed and empty; when `to` is closed by its reader or the
/// token is cancelled it closes the sources too, so that their writers hear of it, and items under
/// way are dropped. The channels must outlive the thread. Bounded: it holds at most as many items
/// as `to` may.
template <class T>
[[nodiscard]] Thread fan_in(std::string name, std::vector<Channel<T>*> sources, Channel<T>& to,
                            const CancelToken& cancel = {}) {
    return Thread(std::move(name), [sources = std::move(sources), &to, cancel]() mutable {
        // A wait for room in `to` must end too.
        const CancelCallback closer = cancel.on_cancel([&to] { to.close(); });
        std::vector<T> batch;
        bool open = true;
        std::vector<Channel<T>*> alive = sources;
        while (open && !alive.empty()) {
            Selector selector({alive.begin(), alive.end()});
            bool all_alive = true;
            while (open && all_alive) {
                const Selected selected = selector.wait_until(no_deadline, cancel);
                if (selected.outcome != SelectOutcome::ready) {
                    open = false;
                    break;
                }
                Channel<T>& from = *alive[selected.index];
                const bool ended = from.is_closed();
                open = detail::move_batch(from, to, batch);
                if (ended && from.counters().depth == 0) {
                    all_alive = false;
                    std::erase(alive, &from);
                }
            }
        }
        for (Channel<T>* source : sources) source->close();
        to.close();
    });
}

/// Moves each item of `from` to the channel number choose(item), so that a target sees its items in
/// order (by key: the items of one key stay in order). `choose` must give a number below the number
/// of targets. Ends, and closes the targets, when `from` is closed and empty; when a target is
/// closed by its reader or the token is cancelled it closes `from` too, and the item under way is
/// dropped. A full target holds up the others: that is back-pressure. The channels must outlive the
/// thread.
template <class T, class Choose>
[[nodiscard]] Thread fan_out(std::string name, Channel<T>& from, std::vector<Channel<T>*> targets,
                             Choose choose, const CancelToken& cancel = {}) {
    return Thread(std::move(name), [&from, targets = std::move(targets), choose = std::move(choose),
                                    cancel]() mutable {
        const auto close_all = [&] {
            from.close();
            for (Channel<T>* target : targets) target->close();
        };
        const CancelCallback closer = cancel.on_cancel(close_all);
        T item;
        while (!cancel.is_cancelled() &&
               from.pop_until(item, cancel.deadline()) == ChannelStatus::ok) {
            const std::size_t number = choose(std::as_const(item));
            SLUICE_CHECK(number < targets.size());
            if (targets[number]->push_until(std::move(item), cancel.deadline()) !=
                ChannelStatus::ok)
                break;
        }
        close_all();
    });
}

}  // namespace sluice
