// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/poller.h"

#include "kernel/sync/clock.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

namespace sluice::crawl {

Result<std::unique_ptr<Poller>> Poller::open() {
    OwnedFd epoll(::epoll_create1(EPOLL_CLOEXEC));
    OwnedFd wakeup(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll || !wakeup) return fail(Code::exhausted, "no file descriptor for an event loop");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = wakeup.get();
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wakeup.get(), &event) != 0) {
        return fail(Code::exhausted, "the event loop cannot be made");
    }
    return std::unique_ptr<Poller>(new Poller(std::move(epoll), std::move(wakeup)));
}

void Poller::apply(int fd, std::uint32_t events) {
    auto& watched = watched_[static_cast<std::size_t>(fd)];
    if (watched.registered == events) return;
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    const int act = events == 0               ? EPOLL_CTL_DEL
                    : watched.registered == 0 ? EPOLL_CTL_ADD
                                              : EPOLL_CTL_MOD;
    const int done = ::epoll_ctl(epoll_.get(), act, fd, &event);
    SLUICE_CHECK(done == 0 || act == EPOLL_CTL_DEL);
    watched.registered = events;
}

void Poller::watch(int fd, bool read, bool write) {
    const auto place = static_cast<std::size_t>(fd);
    if (place >= watched_.size()) watched_.resize(place + 64);
    auto& watched = watched_[place];
    watched.wanted = (read ? EPOLLIN : 0u) | (write ? EPOLLOUT : 0u);
    // A socket at rest stays registered; a library that rests often would pay two calls each time.
    if (watched.wanted != 0) apply(fd, watched.wanted);
}

void Poller::forget(int fd) {
    const auto place = static_cast<std::size_t>(fd);
    if (place >= watched_.size()) return;
    apply(fd, 0);
    watched_[place] = {};
}

void Poller::wake() {
    if (!sleeping_.exchange(false)) return;
    const std::uint64_t one = 1;
    // It can only fail when the counter is full, and then the waiter is woken all the same.
    [[maybe_unused]] const auto written = ::write(wakeup_.get(), &one, sizeof one);
}

std::span<const Ready> Poller::poll(Instant deadline) {
    std::array<epoll_event, events_max> events;  // NOLINT: written by the call
    int milliseconds = 0;
    if (deadline == no_deadline) {
        milliseconds = -1;
    } else if (deadline != Instant::min()) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - monotonic_now()).count();
        milliseconds = static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
    }
    const int count = ::epoll_wait(epoll_.get(), events.data(), events_max, milliseconds);
    sleeping_.store(false);
    SLUICE_CHECK(count >= 0 || errno == EINTR);
    ready_.clear();
    if (count >= 0 && count < static_cast<int>(events_max)) ++polls_;
    for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        const int fd = event.data.fd;
        if (fd == wakeup_.get()) {
            std::uint64_t times = 0;
            [[maybe_unused]] const auto got = ::read(fd, &times, sizeof times);
            continue;
        }
        const auto wanted = watched_[static_cast<std::size_t>(fd)].wanted;
        if (wanted == 0) {
            apply(fd, 0);  // at rest, and the peer said or ended something: found when it is used
            continue;
        }
        const bool broken = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
        ready_.push_back({fd, broken || (event.events & EPOLLIN) != 0,
                          broken || (event.events & EPOLLOUT) != 0});
    }
    return ready_;
}

}  // namespace sluice::crawl
