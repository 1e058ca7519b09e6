// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/runtime.h"

#include "kernel/net/session.h"
#include "kernel/net/session_io.h"
#include "kernel/sync/clock.h"

#include <algorithm>
#include <csignal>

namespace sluice {

namespace {

constexpr std::size_t spare_buffers_max = 64;
constexpr std::size_t spare_buffer_bytes_max = 64 * 1024;

// Which I/O thread this is, so that is_current() needs no lock.
thread_local const IoThread* current_thread = nullptr;

}  // namespace

IoThread::IoThread(std::size_t index, std::string name)
    : index_(index), name_(std::move(name)), scratch_(std::make_unique<char[]>(scratch_bytes)) {
    thread_ = Thread(name_, [this] { run(); });
}

IoThread::~IoThread() {
    // Runtime::stop has joined the thread; tasks dropped here must not find a lock held.
    thread_.join();
}

bool IoThread::is_current() const { return current_thread == this; }

void IoThread::run() {
    current_thread = this;
    while (!stopped_) take_turn();
    // Cut off at the deadline: whatever is left is closed without waiting.
    now_ = monotonic_now();
    while (!sessions_.empty()) {
        sessions_.back()->close(CloseReason::stopping);
        end_turn();
    }
    std::vector<Task> dropped;
    {
        const MutexLock lock(inbox_mutex_);
        inbox_closed_ = true;
        dropped.swap(inbox_);
    }
    dropped.clear();
    calls_.clear();
    current_thread = nullptr;
}

bool IoThread::post(Task task) {
    bool wake = false;
    {
        const MutexLock lock(inbox_mutex_);
        if (inbox_closed_) return false;
        inbox_.push_back(std::move(task));
        wake = std::exchange(asleep_, false);
    }
    if (wake) poller_.wake();
    return true;
}

/// Waits, then does all that is ready, and sends what it wrote at the end: in one send for each
/// session, however many requests and replies came together.
void IoThread::take_turn() {
    const auto ready = poller_.wait(fall_asleep());
    now_ = monotonic_now();
    {
        const MutexLock lock(inbox_mutex_);
        asleep_ = false;
    }
    for (const epoll_event& event : ready) {
        auto* watcher = static_cast<Watcher*>(event.data.ptr);
        if (watcher != nullptr) watcher->on_ready(event.events);
    }
    read_on();
    run_posted();
    expire();
    end_turn();
}

/// Until when to wait; from here on a post wakes the thread.
Instant IoThread::fall_asleep() {
    if (!again_.empty()) return Instant::min();
    Instant until = draining_ ? drain_deadline_ : no_deadline;
    if (!deadlines_.empty()) until = std::min(until, deadlines_.begin()->first);
    if (!calls_.empty()) until = std::min(until, calls_.begin()->first);
    const MutexLock lock(inbox_mutex_);
    if (!inbox_.empty()) return Instant::min();
    asleep_ = true;
    return until;
}

/// Sessions of which there was more to read than one turn reads.
void IoThread::read_on() {
    for (const auto& session : std::exchange(again_, {})) {
        session->again_ = false;
        session->on_readable();
    }
}

/// What was posted by now, by this turn too; what these tasks post comes in the next turn.
void IoThread::run_posted() {
    {
        const MutexLock lock(inbox_mutex_);
        batch_.swap(inbox_);
    }
    for (Task& task : batch_) task();
    batch_.clear();
}

void IoThread::begin_drain(Instant deadline) {
    draining_ = true;
    drain_deadline_ = std::max(deadline, now_);
    for (const auto& session : sessions_) {
        session->close_reason_ = CloseReason::stopping;
        session->close_after_flush();
    }
}

void IoThread::finish_if_drained() {
    if (!draining_ || stop_posted_ || !sessions_.empty()) return;
    stop_posted_ = true;
    // Behind everything that was posted already, so that nothing of it is dropped.
    post([this] { stopped_ = true; });
}

void IoThread::end_turn() {
    // A session's end of turn may touch other sessions; they join the same list.
    for (std::size_t i = 0; i < dirty_.size(); ++i) {
        const std::shared_ptr<Session> session = std::move(dirty_[i]);
        session->finish_turn();
    }
    dirty_.clear();
    finish_if_drained();
}

void IoThread::add_session(std::shared_ptr<Session> session) {
    session->place_ = sessions_.size();
    sessions_.push_back(std::move(session));
    session_count_.store(sessions_.size(), std::memory_order_relaxed);
}

void IoThread::remove_session(Session& session) {
    const std::size_t place = session.place_;
    std::swap(sessions_[place], sessions_.back());
    sessions_[place]->place_ = place;
    sessions_.pop_back();
    session_count_.store(sessions_.size(), std::memory_order_relaxed);
}

void IoThread::mark_dirty(Session& session) { dirty_.push_back(session.shared_from_this()); }

void IoThread::come_again(Session& session) { again_.push_back(session.shared_from_this()); }

void IoThread::expire() {
    if (draining_ && now_ >= drain_deadline_) {
        stopped_ = true;
        return;
    }
    while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
        Session& session = *deadlines_.begin()->second;
        session.is_armed_ = false;
        deadlines_.erase(deadlines_.begin());
        session.on_deadline();
    }
    while (!calls_.empty() && calls_.begin()->first <= now_) {
        auto call = calls_.extract(calls_.begin());
        call.mapped()();
    }
}

std::string IoThread::take_buffer() {
    if (buffers_.empty()) return {};
    std::string buffer = std::move(buffers_.back());
    buffers_.pop_back();
    return buffer;
}

void IoThread::give_buffer(std::string buffer) {
    if (buffers_.size() >= spare_buffers_max || buffer.capacity() > spare_buffer_bytes_max) return;
    buffer.clear();
    buffers_.push_back(std::move(buffer));
}

Result<std::unique_ptr<Runtime>> Runtime::start(Options options) {
    if (options.io_threads < 1 || options.io_threads > 64) {
        return fail(Code::invalid, "the number of I/O threads must be from 1 to 64");
    }
    struct sigaction current{};
    if (::sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
        ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes with write(2), which raises it.
    }
    std::unique_ptr<Runtime> runtime(new Runtime());
    for (unsigned i = 0; i < options.io_threads; ++i) {
        runtime->threads_.push_back(
            std::make_unique<IoThread>(i, options.name + "-" + std::to_string(i)));
    }
    return runtime;
}

Runtime::~Runtime() { stop(Instant::min()); }

IoThread& Runtime::next() {
    return *threads_[next_.fetch_add(1, std::memory_order_relaxed) % threads_.size()];
}

std::size_t Runtime::session_count() const {
    std::size_t count = 0;
    for (const auto& thread : threads_) count += thread->session_count();
    return count;
}

void Runtime::stop(Instant deadline) {
    if (stopped_) return;
    stopped_ = true;
    for (const auto& thread : threads_) {
        SLUICE_CHECK(!thread->is_current());
        thread->post([&io = *thread, deadline] { io.begin_drain(deadline); });
    }
    for (const auto& thread : threads_) thread->thread_.join();
}

}  // namespace sluice
