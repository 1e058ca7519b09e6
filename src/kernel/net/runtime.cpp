// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/runtime.h"

#include "kernel/net/session.h"
#include "kernel/net/session_io.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <csignal>

namespace sluice {

namespace {

constexpr std::size_t spare_buffers_max = 64;
constexpr std::size_t spare_buffer_bytes_max = 64 * 1024;

// Which I/O thread this is, so that is_current() needs no lock.
thread_local const IoThread* current_thread = nullptr;

std::chrono::steady_clock::time_point to_steady(Instant at) {
    return std::chrono::steady_clock::time_point(at.time_since_epoch());
}

}  // namespace

IoThread::IoThread(std::size_t index, std::string name)
    : index_(index),
      name_(std::move(name)),
      reactor_(std::make_unique<Reactor>()),
      scratch_(std::make_unique<char[]>(scratch_bytes)) {
    thread_ = Thread(name_, [this] { run(); });
}

IoThread::~IoThread() {
    // Runtime::stop has joined the thread; tasks dropped here must not find a lock held.
    thread_.join();
}

boost::asio::io_context& IoThread::context() { return reactor_->context; }

bool IoThread::is_current() const { return current_thread == this; }

void IoThread::run() {
    current_thread = this;
    reactor_->context.run();
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
    current_thread = nullptr;
}

bool IoThread::post(Task task) {
    bool wake = false;
    {
        const MutexLock lock(inbox_mutex_);
        if (inbox_closed_) return false;
        wake = inbox_.empty();
        inbox_.push_back(std::move(task));
    }
    if (wake) asio::post(reactor_->context, [this] { drain_inbox(); });
    return true;
}

void IoThread::drain_inbox() {
    {
        const MutexLock lock(inbox_mutex_);
        batch_.swap(inbox_);
    }
    begin_turn();
    for (Task& task : batch_) task();
    batch_.clear();
    end_turn();
    finish_if_drained();
}

void IoThread::begin_drain(Instant deadline) {
    draining_ = true;
    drain_deadline_ = std::max(deadline, now_);
    for (const auto& session : sessions_) {
        session->close_reason_ = CloseReason::stopping;
        session->close_after_flush();
    }
    arm_timer();
}

void IoThread::finish_if_drained() {
    if (!draining_ || stop_posted_ || !sessions_.empty()) return;
    stop_posted_ = true;
    // Behind everything that is already queued, so that nothing posted before is dropped.
    asio::post(reactor_->context, [this] { reactor_->context.stop(); });
}

void IoThread::begin_turn() { now_ = monotonic_now(); }

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

void IoThread::arm_timer() {
    Instant next = draining_ ? drain_deadline_ : Instant::max();
    if (!deadlines_.empty()) next = std::min(next, deadlines_.begin()->first);
    if (next >= timer_at_) return;  // It fires early enough; on_timer arms it again.
    timer_at_ = next;
    reactor_->timer.expires_at(to_steady(next));
    reactor_->timer.async_wait([this](const boost::system::error_code& error) {
        if (!error) on_timer();
    });
}

void IoThread::on_timer() {
    begin_turn();
    timer_at_ = Instant::max();
    if (draining_ && now_ >= drain_deadline_) {
        reactor_->context.stop();
        return;
    }
    while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
        Session& session = *deadlines_.begin()->second;
        session.is_armed_ = false;
        deadlines_.erase(deadlines_.begin());
        session.on_deadline();
    }
    end_turn();
    arm_timer();
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
