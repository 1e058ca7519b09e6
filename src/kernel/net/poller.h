// SPDX-License-Identifier: Apache-2.0
// Poller: what an I/O thread waits for: descriptors, a time, or another thread's call. epoll, where
// every descriptor is registered once for its whole life (edge-triggered), so that waiting for the
// next request of a connection costs no system call of its own. An inner part of the runtime.
#pragma once

#include "kernel/base/time.h"
#include "kernel/net/owned_fd.h"

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

namespace sluice {

/// Waits for a descriptor on an I/O thread.
class Watcher {
public:
    /// What is ready (EPOLLIN, EPOLLOUT, …). On the I/O thread, inside a turn.
    virtual void on_ready(std::uint32_t events) = 0;

protected:
    ~Watcher() = default;
};

/// Used by one thread, but for wake().
class Poller {
public:
    Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// The watcher must live until remove(), or until the descriptor is closed. False when the
    /// kernel takes no more (fs.epoll.max_user_watches, memory).
    [[nodiscard]] bool add(int descriptor, std::uint32_t events, Watcher& watcher);
    void remove(int descriptor);

    /// Waits until something is ready, wake() was called, or the time has come; a time that has
    /// passed only looks. Events of which data.ptr is null are wake-ups. Valid until the next call.
    std::span<const epoll_event> wait(Instant until);
    /// Ends a wait() that is under way, or the next one. Any thread.
    void wake() const;

private:
    /// More are given by the next call.
    static constexpr std::size_t events_max = 128;

    OwnedFd epoll_;
    OwnedFd wake_;
    std::array<epoll_event, events_max> events_{};
};

}  // namespace sluice
