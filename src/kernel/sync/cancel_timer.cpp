// SPDX-License-Identifier: Apache-2.0
// The thread of CancelTimer and its table of deadlines.
#include "kernel/sync/cancel_timer.h"

#include "kernel/base/check.h"

#include <thread>

namespace sluice {

CancelTimer::Watch& CancelTimer::Watch::operator=(Watch&& other) noexcept {
    if (this == &other) return *this;
    reset();
    timer_ = std::exchange(other.timer_, nullptr);
    key_ = other.key_;
    return *this;
}

void CancelTimer::Watch::reset() noexcept {
    if (timer_ != nullptr) std::exchange(timer_, nullptr)->forget(key_);
}

CancelTimer::CancelTimer(std::string thread_name)
    : thread_(std::move(thread_name), [this] { serve(); }) {}

CancelTimer::~CancelTimer() {
    {
        MutexLock lock(mutex_);
        SLUICE_CHECK(sources_.empty());
        ending_ = true;
        changed_.notify_one();
    }
    thread_.join();
}

CancelTimer::Watch CancelTimer::watch(const CancelSource& source) {
    const Instant deadline = source.token().deadline();
    if (deadline == no_deadline) return {};
    MutexLock lock(mutex_);
    const Watch::Key key{deadline, next_++};
    sources_.emplace(key, source);
    if (sources_.begin()->first == key) changed_.notify_one();
    return {*this, key};
}

std::size_t CancelTimer::watched() const {
    MutexLock lock(mutex_);
    return sources_.size();
}

void CancelTimer::forget(Watch::Key key) noexcept {
    MutexLock lock(mutex_);
    sources_.erase(key);
    if (std::this_thread::get_id() == thread_.id()) return;
    while (firing_ == key) fired_.wait(mutex_);
}

void CancelTimer::serve() {
    MutexLock lock(mutex_);
    while (!ending_) {
        if (sources_.empty()) {
            changed_.wait(mutex_);
            continue;
        }
        const auto first = sources_.begin();
        if (first->first.first > monotonic_now()) {
            changed_.wait_until(mutex_, first->first.first);
            continue;
        }
        firing_ = first->first;
        const CancelSource source = std::move(first->second);
        sources_.erase(first);
        lock.unlock();
        source.cancel(Error{Code::timeout, "the deadline has passed"});
        lock.lock();
        firing_ = {no_deadline, 0};
        fired_.notify_all();
    }
}

}  // namespace sluice
