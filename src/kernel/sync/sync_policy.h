// SPDX-License-Identifier: Apache-2.0
// Which lock a class of kernel/sync is built on. The product uses StdSync; tests put in a policy
// whose locks are steps of a deterministic scheduler, and so see the very same code in every order.
#pragma once

#include "kernel/base/atomics.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/wait_accounting.h"

#include <type_traits>

namespace sluice {

/// The policy of the product. Another one gives the same names: a Mutex with lock, unlock and
/// try_lock; a MutexLock over it that may be unlocked and locked again; a CondVar with notify_one,
/// notify_all, wait(Mutex&) and wait_until(Mutex&, Instant); an Atomic like std::atomic; and now(),
/// the clock of those deadlines; a ThreadId and this_thread(). Where threads are started, a Thread
/// made of a name and an entry, joined by its end (thread.h).
struct StdSync : StdAtomics {
    using Mutex = sluice::Mutex;
    using MutexLock = sluice::MutexLock;
    using CondVar = sluice::CondVar;
    static Instant now() { return monotonic_now(); }
    /// Unlike that of any other thread that runs.
    using ThreadId = const void*;
    static ThreadId this_thread() noexcept {
        thread_local char mine = 0;
        return &mine;
    }
};

namespace detail {
struct UncountedWait {
    explicit UncountedWait(WaitSite) {}
};
}  // namespace detail

/// Counts a wait where threads are real. Under another policy nobody waits, and nothing outside the
/// model may be touched.
template <class Sync>
using CountedWait =
    std::conditional_t<std::is_same_v<Sync, StdSync>, ScopedWait, detail::UncountedWait>;

/// record_wait() where threads are real.
template <class Sync>
void count_wait(WaitSite site, Duration waited) noexcept {
    if constexpr (std::is_same_v<Sync, StdSync>) record_wait(site, waited);
}

/// A condition variable whose waits are counted at the site where its policy counts any.
template <class CondVar>
CondVar make_counted(WaitSite site) {
    if constexpr (std::is_constructible_v<CondVar, WaitSite>) {
        return CondVar(site);
    } else {
        return CondVar();
    }
}

/// A lock that carries a name where its policy knows names.
template <class Mutex>
Mutex make_named(SiteName name) {
    if constexpr (std::is_constructible_v<Mutex, SiteName>) {
        return Mutex(name);
    } else {
        return Mutex();
    }
}

}  // namespace sluice
