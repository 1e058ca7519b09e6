// SPDX-License-Identifier: Apache-2.0
// Poller: epoll for one thread that owns many sockets, and a way for others to wake it. Calls
// nobody: wait() gives what is ready. Made for libraries that say which sockets they watch.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/net/owned_fd.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sluice::crawl {

/// A socket that is ready. Errors and hang-ups count as both.
struct Ready {
    int fd = -1;
    bool readable = false;
    bool writable = false;
};

/// One owner thread; only wake() may be called by others.
class Poller {
public:
    /// Errors: exhausted.
    static Result<std::unique_ptr<Poller>> open();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// What is wanted of the socket from now on. Wanting nothing costs nothing: the kernel is told
    /// when something happens all the same, so a socket that rests between two uses is free.
    void watch(int fd, bool read, bool write);
    /// To be called before the socket is closed.
    void forget(int fd);

    /// Waits for a socket, a wake-up or the deadline. `may_sleep` is asked after wake-ups count: if
    /// it says no, only what is ready now is given. Valid until the next call.
    template <class MaySleep>
    std::span<const Ready> wait(Instant deadline, MaySleep may_sleep) {
        sleeping_.store(true);
        const bool sleeps = may_sleep();
        return poll(sleeps ? deadline : Instant::min());
    }
    /// How often everything that was ready has been given.
    [[nodiscard]] std::uint64_t polls() const { return polls_; }
    /// Ends a wait, also one that begins later unless its `may_sleep` sees why. Any thread.
    void wake();

private:
    static constexpr std::size_t events_max = 256;

    Poller(OwnedFd epoll, OwnedFd wakeup) : epoll_(std::move(epoll)), wakeup_(std::move(wakeup)) {}
    std::span<const Ready> poll(Instant deadline);
    void apply(int fd, std::uint32_t events);

    struct Watched {
        std::uint32_t registered = 0;
        std::uint32_t wanted = 0;
    };
    OwnedFd epoll_;
    OwnedFd wakeup_;
    std::vector<Watched> watched_;  ///< by descriptor
    std::vector<Ready> ready_;
    std::uint64_t polls_ = 0;
    std::atomic<bool> sleeping_ = false;
};

}  // namespace sluice::crawl
