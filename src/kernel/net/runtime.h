// SPDX-License-Identifier: Apache-2.0
// The I/O threads: each runs one reactor and owns the sessions on it. What happens on one thread
// within one event is a "turn"; everything written in a turn leaves in one send per session.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/net/poller.h"
#include "kernel/net/task.h"
#include "kernel/observe/metrics.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/thread.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sluice {

class Session;

/// One I/O thread. post() and session_count() may be used by any thread, the rest only by code that
/// runs on it.
class IoThread {
public:
    IoThread(std::size_t index, std::string name);
    ~IoThread();
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    /// Runs `task` on this thread, in order of posting; many tasks posted together cost one wake-up
    /// and end in one turn. False (and the task is dropped) once the thread has stopped. The inbox
    /// has no limit of its own: callers post answers to work that was limited when it was accepted.
    bool post(Task task);
    /// Runs `task` on this thread in the first turn from `at` on; never, if the thread stops
    /// before.
    void call_at(Instant at, Task task) { calls_.emplace(at, std::move(task)); }
    /// Calls the watcher whenever the descriptor is ready for `events`, until it is unwatched or
    /// closed. False when the kernel takes no more.
    [[nodiscard]] bool watch(int descriptor, std::uint32_t events, Watcher& watcher) {
        return poller_.add(descriptor, events, watcher);
    }
    void unwatch(int descriptor) { poller_.remove(descriptor); }
    [[nodiscard]] std::size_t index() const { return index_; }
    [[nodiscard]] bool is_current() const;
    [[nodiscard]] std::size_t session_count() const {
        return session_count_.load(std::memory_order_relaxed);
    }

    /// The time at the start of this turn.
    [[nodiscard]] Instant now() const { return now_; }

private:
    friend class Runtime;
    friend class Session;
    using Deadlines = std::multimap<Instant, Session*>;

    void run();
    void take_turn();
    Instant fall_asleep();
    void read_on();
    void run_posted();
    void expire();
    void begin_drain(Instant deadline);
    void finish_if_drained();
    void end_turn();
    void add_session(std::shared_ptr<Session> session);
    void remove_session(Session& session);
    void mark_dirty(Session& session);
    void come_again(Session& session);
    std::string take_buffer();
    void give_buffer(std::string buffer);

    const std::size_t index_;
    const std::string name_;
    Poller poller_;

    Mutex inbox_mutex_{"net.inbox"};
    std::vector<Task> inbox_ SLUICE_GUARDED_BY(inbox_mutex_);
    bool inbox_closed_ SLUICE_GUARDED_BY(inbox_mutex_) = false;
    bool asleep_ SLUICE_GUARDED_BY(inbox_mutex_) = false;  ///< whoever posts must wake it

    // Everything below belongs to the thread itself.
    std::vector<Task> batch_;
    std::vector<std::shared_ptr<Session>> sessions_;
    std::atomic<std::size_t> session_count_{0};
    std::vector<std::shared_ptr<Session>> dirty_;
    std::vector<std::shared_ptr<Session>> again_;  ///< with input that was not read to its end
    Deadlines deadlines_;
    std::multimap<Instant, Task> calls_;
    Instant now_{};
    Instant drain_deadline_ = Instant::max();
    bool draining_ = false;
    bool stop_posted_ = false;
    bool stopped_ = false;
    std::vector<std::string> buffers_;
    std::unique_ptr<char[]> scratch_;

    Thread thread_;
};

/// All I/O threads of the server. Must outlive its listeners and everybody who posts to it.
class Runtime {
public:
    struct Options {
        /// 1 to 64.
        unsigned io_threads = 1;
        /// Threads are called NAME-0, NAME-1, …
        std::string name = "io";
    };
    /// Starts the threads. SIGPIPE is ignored from here on if nobody handles it. Errors: invalid.
    static Result<std::unique_ptr<Runtime>> start(Options options);
    /// Stops without waiting for sessions.
    ~Runtime();
    Runtime(const Runtime&) = delete;
    Runtime& operator=(const Runtime&) = delete;

    [[nodiscard]] std::size_t size() const { return threads_.size(); }
    [[nodiscard]] IoThread& thread(std::size_t index) { return *threads_[index]; }
    /// The next thread, round robin. Any thread.
    IoThread& next();
    [[nodiscard]] std::size_t session_count() const;

    /// Flushes and closes every session, runs what was posted, and joins the threads; sessions that
    /// are still there at the deadline are cut off. Idempotent. Not from an I/O thread.
    void stop(Instant deadline);

private:
    Runtime() = default;
    std::vector<std::unique_ptr<IoThread>> threads_;
    std::atomic<std::size_t> next_{0};
    bool stopped_ = false;
};

}  // namespace sluice
