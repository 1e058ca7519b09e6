// SPDX-License-Identifier: Apache-2.0
// Pipeline: stages with named threads, bounded channels between them. Ends by close from the front
// to the back; an error stops what is before it and lets what is behind it finish.
#pragma once

#include "kernel/base/result.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sluice {

/// How a stage is built.
struct StageOptions {
    std::string name;            ///< Its threads are called name-0, name-1, …
    std::size_t threads = 1;     ///< With one the order of the items is kept; at least 1.
    std::size_t capacity = 256;  ///< Items that wait in its output channel.
};

/// Builds and runs a chain (or tree) of stages. One thread builds it and waits for it; the stage
/// functions run on the stages' threads, concurrently if a stage has several.
///
/// How it ends:
/// - The source returns: its channel is closed, each stage finishes what is in its input and closes
///   its output.
/// - A function fails (or throws): the first error is kept; the stage closes its input, so that
///   everything before it stops at its next push, and its output, so that everything behind it
///   finishes with the items that came before the error.
/// - cancel(), the parent token, or its deadline at the next item: all channels are closed, what
///   waits in them is dropped.
template <class Sync = StdSync>
class BasicPipeline {
    using CancelToken = BasicCancelToken<Sync>;
    using MutexLock = typename Sync::MutexLock;

public:
    template <class T>
    using Channel = BasicChannel<T, Sync>;

    explicit BasicPipeline(const CancelToken& parent = {})
        : source_(parent),
          token_(source_.token()),
          closer_(token_.on_cancel([this] { close_all(); })) {}
    /// Cancels and joins.
    ~BasicPipeline() {
        cancel();
        threads_.clear();
        closer_.reset();
    }
    BasicPipeline(const BasicPipeline&) = delete;
    BasicPipeline& operator=(const BasicPipeline&) = delete;

    /// The start: `produce(channel, token)` pushes items until it is done or a push says closed,
    /// and returns a Status. Runs once, whatever `threads` says.
    template <class Out, class F>
    Channel<Out>& source(StageOptions options, F produce) {
        Channel<Out>& out = add_channel<Out>(options.capacity);
        options.threads = 1;
        add_stage(
            options,
            [this, &out, produce = std::move(produce)]() mutable {
                return guarded([&] { return produce(out, std::as_const(token_)); });
            },
            [] {}, [&out] { out.close(); });
        return out;
    }
    /// In the middle: `transform(In&&)` returns a Result<Out>, or a Result<std::optional<Out>> of
    /// which nothing means that the item goes no further.
    template <class Out, class In, class F>
    Channel<Out>& stage(StageOptions options, Channel<In>& in, F transform) {
        Channel<Out>& out = add_channel<Out>(options.capacity);
        add_stage(
            options,
            [this, &in, &out, transform]() mutable {
                return each(in, [&](In&& item) -> Result<bool> {
                    SLUICE_TRY(auto made, transform(std::move(item)));
                    return put(out, std::move(made));
                });
            },
            [&in] { in.close(); }, [&out] { out.close(); });
        return out;
    }
    /// The end: `consume(In&&)` returns a Status.
    template <class In, class F>
    void sink(StageOptions options, Channel<In>& in, F consume) {
        add_stage(
            options,
            [this, &in, consume]() mutable {
                return each(in, [&](In&& item) -> Result<bool> {
                    SLUICE_TRY_STATUS(consume(std::move(item)));
                    return true;
                });
            },
            [&in] { in.close(); }, [] {});
    }

    /// Waits for the end of all stages. The first error of a stage, else the reason of a
    /// cancellation, else success. May be called again.
    Status wait() SLUICE_EXCLUDES(mutex_) {
        for (auto& thread : threads_) thread.join();
        MutexLock lock(mutex_);
        if (first_error_) return *first_error_;
        return {};
    }
    /// Stops everything at the next item. Returns at once. Any thread.
    void cancel(Error reason = Error{Code::cancelled, "the pipeline was cancelled"}) {
        source_.cancel(std::move(reason));
    }

private:
    struct AnyChannel {
        virtual ~AnyChannel() = default;
        virtual void close() = 0;
    };
    template <class T>
    struct Owned final : AnyChannel {
        explicit Owned(std::size_t capacity) : channel(capacity) {}
        void close() override { channel.close(); }
        Channel<T> channel;
    };

    template <class T>
    Channel<T>& add_channel(std::size_t capacity) {
        auto owned = std::make_unique<Owned<T>>(capacity);
        Channel<T>& channel = owned->channel;
        keep_channel(std::move(owned));
        return channel;
    }
    /// Each thread of the stage runs `body`; an error is kept and `stop_input` called; the last
    /// one to end calls `end_output`.
    template <class Body, class StopInput, class EndOutput>
    void add_stage(const StageOptions& options, Body body, StopInput stop_input,
                   EndOutput end_output) {
        const std::size_t count = std::max<std::size_t>(options.threads, 1);
        const auto running = std::make_shared<typename Sync::template Atomic<std::size_t>>(count);
        for (std::size_t i = 0; i < count; ++i) {
            threads_.emplace_back(options.name + "-" + std::to_string(i),
                                  [this, running, body, stop_input, end_output]() mutable {
                                      if (Status status = body(); !status)
                                          failed(std::move(status).error());
                                      // Also after a closed output: nobody reads on, so nobody need
                                      // write on.
                                      stop_input();
                                      // Relaxed: who counts last closes; what the others put out is
                                      // ordered before that by the channel's own lock.
                                      if (running->fetch_sub(1, std::memory_order_relaxed) == 1)
                                          end_output();
                                  });
        }
    }
    template <class In, class F>
    Status each(Channel<In>& in, const F& act) {
        In item;
        while (in.pop_until(item, token_.deadline()) == ChannelStatus::ok) {
            SLUICE_TRY_STATUS(token_.check());
            auto go_on = guarded([&] { return act(std::move(item)); });
            if (!go_on) return std::move(go_on).error();
            if (!*go_on) break;
        }
        return token_.check();
    }
    template <class Out>
    Result<bool> put(Channel<Out>& out, Out made) {
        return out.push_until(std::move(made), token_.deadline()) == ChannelStatus::ok;
    }
    template <class Out>
    Result<bool> put(Channel<Out>& out, std::optional<Out>&& made) {
        return !made || put(out, std::move(*made));
    }
    template <class F>
    static auto guarded(const F& act) noexcept -> decltype(act()) {
        try {
            return act();
        } catch (const std::exception& error) {
            return fail(Code::internal, std::string("the stage threw: ") + error.what());
        } catch (...) {
            return fail(Code::internal, "the stage threw something unknown");
        }
    }
    void keep_channel(std::unique_ptr<AnyChannel> channel) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (closed_) channel->close();
        channels_.push_back(std::move(channel));
    }
    void failed(Error error) SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        if (!first_error_) first_error_ = std::move(error);
    }
    void close_all() SLUICE_EXCLUDES(mutex_) {
        MutexLock lock(mutex_);
        closed_ = true;
        for (const auto& channel : channels_) channel->close();
    }

    BasicCancelSource<Sync> source_;
    const CancelToken token_;
    typename Sync::Mutex mutex_;
    std::vector<std::unique_ptr<AnyChannel>> channels_ SLUICE_GUARDED_BY(mutex_);
    std::optional<Error> first_error_ SLUICE_GUARDED_BY(mutex_);
    bool closed_ SLUICE_GUARDED_BY(mutex_) = false;
    BasicCancelCallback<Sync> closer_;
    std::vector<ThreadOf<Sync>> threads_;
};

using Pipeline = BasicPipeline<>;

}  // namespace sluice
