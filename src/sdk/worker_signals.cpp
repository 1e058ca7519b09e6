// SPDX-License-Identifier: Apache-2.0
#include "sdk/worker_signals.h"

#include <array>
#include <cerrno>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace sluice::sdk {

BlockedSignals::BlockedSignals() {
    sigemptyset(&set_);
    for (const int number : {SIGTSTP, SIGTERM, SIGINT}) sigaddset(&set_, number);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
}

BlockedSignals::~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void run_signals(const sigset_t& set, const Wake& end, WorkerEvents& events) {
    const int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) {
        events.push(Trouble{.error = fail(Code::io, "signalfd failed; signals are not heard")});
        return;
    }
    bool has_stopped = false;
    for (;;) {
        std::array<pollfd, 2> entries{};
        entries[0] = {.fd = fd, .events = POLLIN, .revents = 0};
        entries[1] = {.fd = end.fd(), .events = POLLIN, .revents = 0};
        if (poll(entries.data(), entries.size(), -1) < 0 && errno != EINTR) break;
        if (entries[1].revents != 0) break;
        signalfd_siginfo info{};
        while (read(fd, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            if (info.ssi_signo == SIGTSTP) {
                events.push(Wish::quiet);
            } else {
                events.push(has_stopped ? Wish::stop_now : Wish::stop);
                has_stopped = true;
            }
        }
    }
    close(fd);
}

}  // namespace sluice::sdk
