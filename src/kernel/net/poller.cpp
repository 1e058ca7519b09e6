// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/poller.h"

#include "kernel/base/check.h"
#include "kernel/sync/clock.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace sluice {

namespace {

/// For epoll_wait: rounded up, so that the time has come when it returns; -1 is for ever.
int milliseconds_until(Instant until) {
    if (until == no_deadline) return -1;
    if (until == Instant::min()) return 0;
    const Duration left = until - monotonic_now();
    if (left <= Duration::zero()) return 0;
    constexpr std::int64_t longest = 3'600'000;
    return static_cast<int>(std::min(
        longest, std::int64_t{std::chrono::ceil<std::chrono::milliseconds>(left).count()}));
}

}  // namespace

Poller::Poller()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    SLUICE_CHECK(epoll_ && wake_);  // threads are started once, and cannot work without them
    epoll_event event{};
    // Edge-triggered: each write is an event, nobody needs to read the count.
    event.events = EPOLLIN | EPOLLET;
    SLUICE_CHECK(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0);
}

bool Poller::add(int descriptor, std::uint32_t events, Watcher& watcher) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &watcher;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Poller::remove(int descriptor) {
    epoll_event ignored{};
    (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, &ignored);
}

std::span<const epoll_event> Poller::wait(Instant until) {
    const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()),
                                   milliseconds_until(until));
    SLUICE_CHECK(count >= 0 || errno == EINTR);
    return {events_.data(), static_cast<std::size_t>(std::max(count, 0))};
}

void Poller::wake() const {
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);  // full is awake, too
}

}  // namespace sluice
