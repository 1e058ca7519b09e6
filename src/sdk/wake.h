// SPDX-License-Identifier: Apache-2.0
// Wake: what lets one thread end another one's wait in poll(). An eventfd with a name for its acts.
#pragma once

#include "kernel/base/time.h"

namespace sluice::sdk {

/// Any thread may notify; one thread waits, alone or together with a socket. Once notified it stays
/// so until clear().
class Wake {
public:
    Wake();
    ~Wake();
    Wake(const Wake&) = delete;
    Wake& operator=(const Wake&) = delete;

    void notify() noexcept;
    void clear() noexcept;
    /// Until notified or the deadline; true when notified. Does not clear.
    bool wait_until(Instant deadline) const;
    /// For poll(): readable when notified.
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

/// The time from `now` to the deadline for poll(): rounded up to milliseconds, -1 for no deadline.
int poll_timeout(Instant deadline, Instant now);

}  // namespace sluice::sdk
