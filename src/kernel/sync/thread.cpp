// SPDX-License-Identifier: Apache-2.0
// The parts of Thread that need the operating system.
#include "kernel/sync/thread.h"

#include <pthread.h>
#include <sched.h>

#include <cstdio>
#include <cstdlib>

namespace sluice {

void interrupt_nobody() noexcept {
    const sched_param none{};
    // 0 is the calling thread, not its process. Only slower without it; there is nobody to tell.
    static_cast<void>(::sched_setscheduler(0, SCHED_BATCH, &none));
}

namespace detail {

void name_this_thread(const std::string& name) noexcept {
    char cut[16] = {};
    name.copy(cut, sizeof cut - 1);
    // A thread without its name still works; there is nobody to tell.
    static_cast<void>(pthread_setname_np(pthread_self(), cut));
}

void thread_entry_threw(const std::string& name) noexcept {
    try {
        throw;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sluice: thread %s ended by an exception: %s\n", name.c_str(),
                     error.what());
    } catch (...) {
        std::fprintf(stderr, "sluice: thread %s ended by an unknown exception\n", name.c_str());
    }
    std::abort();
}

void thread_not_started(const std::string& name) noexcept {
    std::fprintf(stderr,
                 "sluice: cannot start thread %s: the system's limit on threads or memory is "
                 "reached (see ulimit -u)\n",
                 name.c_str());
    std::abort();
}

}  // namespace detail

}  // namespace sluice
