// SPDX-License-Identifier: Apache-2.0
#include "sdk/patience.h"

#include "kernel/sync/clock.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>

namespace sluice::sdk {

Status wait_for(int descriptor, short events, Patience patience) {
    for (;;) {
        std::array<pollfd, 2> entries{};
        entries[0] = {.fd = descriptor, .events = events, .revents = 0};
        entries[1] = {.fd = patience.wake != nullptr ? patience.wake->fd() : -1,
                      .events = POLLIN,
                      .revents = 0};
        const int ready =
            poll(entries.data(), entries.size(), poll_timeout(patience.deadline, monotonic_now()));
        if (ready < 0 && errno != EINTR) {
            std::array<char, 128> text{};
            return fail(Code::io,
                        std::string("poll: ") + strerror_r(errno, text.data(), text.size()));
        }
        if (ready > 0 && entries[0].revents != 0) return {};
        if (ready > 0) return fail(Code::cancelled, "the wait was ended");
        if (monotonic_now() >= patience.deadline) {
            return fail(Code::timeout, "the server did not answer in time");
        }
    }
}

}  // namespace sluice::sdk
