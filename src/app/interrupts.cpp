// SPDX-License-Identifier: Apache-2.0
#include "app/interrupts.h"

#include <sys/signalfd.h>

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace sluice::app {

Interrupts::Interrupts(std::function<void(unsigned)> heard, std::function<void()> tick,
                       Duration interval, int other_signal, std::function<void()> other)
    : heard_(std::move(heard)),
      tick_(std::move(tick)),
      other_(std::move(other)),
      other_signal_(static_cast<unsigned>(other_signal)),
      poll_ms_(interval == Duration{0} ? -1 : static_cast<int>(interval / Duration{1'000'000})) {
    sigemptyset(&set_);
    for (const int number : {SIGINT, SIGTERM}) sigaddset(&set_, number);
    if (other_) sigaddset(&set_, other_signal);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
    descriptor_ = signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK);
    // Without a descriptor, poll() leaves the entry out: signals are not heard, the work ends all
    // the same.
    thread_ = Thread("app-interrupts", [this] { listen(); });
}

Interrupts::~Interrupts() {
    end_.notify();
    thread_.join();
    if (descriptor_ >= 0) close(descriptor_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interrupts::listen() {
    unsigned count = 0;
    for (;;) {
        std::array<pollfd, 2> entries{};
        entries[0] = {.fd = descriptor_, .events = POLLIN, .revents = 0};
        entries[1] = {.fd = end_.fd(), .events = POLLIN, .revents = 0};
        const int ready = poll(entries.data(), entries.size(), poll_ms_);
        if (ready < 0 && errno != EINTR) return;
        if (entries[1].revents != 0) return;
        signalfd_siginfo info{};
        while (descriptor_ >= 0 &&
               read(descriptor_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
            if (other_ && info.ssi_signo == other_signal_)
                other_();
            else
                heard_(++count);
        }
        if (tick_) tick_();
    }
}

}  // namespace sluice::app
