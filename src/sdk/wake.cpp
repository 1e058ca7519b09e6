// SPDX-License-Identifier: Apache-2.0
#include "sdk/wake.h"

#include "kernel/base/check.h"
#include "kernel/sync/clock.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace sluice::sdk {

Wake::Wake() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    // Out of descriptors at the very start: nothing can work.
    SLUICE_CHECK(fd_ >= 0);
}

Wake::~Wake() { close(fd_); }

void Wake::notify() noexcept {
    const std::uint64_t one = 1;
    // It can only fail when it is full, and then it is notified anyway.
    [[maybe_unused]] const auto written = write(fd_, &one, sizeof one);
}

void Wake::clear() noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = read(fd_, &count, sizeof count);
}

bool Wake::wait_until(Instant deadline) const {
    for (;;) {
        pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
        const Instant now = monotonic_now();
        const int ready = poll(&entry, 1, poll_timeout(deadline, now));
        if (ready > 0) return true;
        if (ready == 0 && monotonic_now() >= deadline) return false;
        if (ready < 0 && errno != EINTR) return false;
    }
}

int poll_timeout(Instant deadline, Instant now) {
    if (deadline == no_deadline) return -1;
    if (deadline <= now) return 0;
    constexpr Duration longest = 24h;
    const Duration left = std::min(deadline - now, longest);
    return static_cast<int>((left + 999'999ns) / 1ms);
}

}  // namespace sluice::sdk
