// SPDX-License-Identifier: Apache-2.0
#include "kernel/observe/pulse.h"

#include "kernel/observe/process.h"

#include <unistd.h>

#include <cstdio>
#include <mutex>

namespace sluice {
namespace {

struct Pulses {
    std::mutex mutex;
    std::vector<const Pulse*> all;

    static Pulses& instance() {
        static Pulses& pulses = *new Pulses;  // never destroyed: pulses may outlast main()
        return pulses;
    }
};

int this_thread() noexcept {
    thread_local const int id = gettid();
    return id;
}

}  // namespace

Pulse::Pulse(SiteName name) : name_(name) {
    Pulses& pulses = Pulses::instance();
    const std::lock_guard lock(pulses.mutex);
    pulses.all.push_back(this);
}

Pulse::~Pulse() {
    Pulses& pulses = Pulses::instance();
    const std::lock_guard lock(pulses.mutex);
    std::erase(pulses.all, this);
}

void Pulse::beat() noexcept {
    thread_.store(this_thread(), std::memory_order_relaxed);
    // Release: who sees the turn sees whose it is.
    since_.store(monotonic_now().time_since_epoch().count(), std::memory_order_release);
}

std::vector<Stall> stalls(Duration longer_than, Instant now) {
    std::vector<Stall> found;
    {
        Pulses& pulses = Pulses::instance();
        const std::lock_guard lock(pulses.mutex);
        for (const Pulse* pulse : pulses.all) {
            const Duration::rep since = pulse->since_.load(std::memory_order_acquire);
            if (since == Pulse::resting) continue;
            const Instant begun{Duration(since)};
            if (now - begun <= longer_than) continue;
            found.push_back({.site = pulse->name_.text(),
                             .thread = {},
                             .id = pulse->thread_.load(std::memory_order_relaxed),
                             .since = begun,
                             .lasts = now - begun});
        }
    }
    for (Stall& stall : found) stall.thread = thread_name(stall.id);
    return found;
}

std::string Stall::text() const {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.1f s", to_seconds(lasts));
    return "thread " + thread + " has been in " + site + " for " + seconds;
}

}  // namespace sluice
