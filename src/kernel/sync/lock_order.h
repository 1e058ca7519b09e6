// SPDX-License-Identifier: Apache-2.0
// Lock-order checking: remembers which lock was taken while which other was held, and reports the
// first acquisition that closes a circle, with the stacks of both sides, before anybody blocks: the
// deadlock need not happen to be found. In debug builds only (SLUICE_SYNC_CHECKS); elsewhere every
// function here is empty.
#pragma once

#include "kernel/sync/site_name.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#if !defined(SLUICE_SYNC_CHECKS)
#define SLUICE_SYNC_CHECKS 0
#endif

namespace sluice::lock_order {

/// What is wrong.
enum class Fault {
    cycle,              ///< two or more threads can wait for each other for ever
    relock,             ///< a thread takes a lock that it holds
    destroyed_held,     ///< a lock goes while the destroying thread holds it
    too_many_held,      ///< more than 32 locks are held at once: nobody can think that through
    unlocked_not_held,  ///< a thread gives back a lock that it does not hold
};

/// A finding, ready to print: lock names, threads, and the stack of every acquisition involved.
struct Report {
    Fault fault;
    std::string text;
};

/// Called on the thread at fault, before it blocks. The default prints the text to stderr and
/// aborts.
using Handler = void (*)(const Report&);
/// For tests; null restores the default. Gives back the one before. With a handler that returns,
/// the acquisition goes on and the faulty order is not remembered.
Handler set_handler(Handler handler) noexcept;

/// The size of the graph. Limits: 8,192 locks that were ever nested and are alive, and 32,768
/// orders between them; what comes past them is not checked, only counted.
struct Size {
    std::size_t locks = 0;
    std::size_t orders = 0;
    std::size_t left_out = 0;
};
Size size();

#if SLUICE_SYNC_CHECKS

/// The checker's part of one lock. The lock calls it at each step; all calls are on the thread that
/// locks.
class Mark {
public:
    constexpr Mark() = default;
    ~Mark();
    Mark(const Mark&) = delete;
    Mark& operator=(const Mark&) = delete;

    /// Before an acquisition that may block: judges it. `name` is what reports call the lock.
    void before_lock(SiteName name);
    /// After an acquisition, by lock or by a successful try. A try never blocks, so it is not
    /// judged and makes no order; but what is taken while it is held is.
    void locked(SiteName name);
    /// Before the lock is let go: afterwards the lock may be gone.
    void before_unlock();

private:
    friend class Graph;
    std::atomic<std::uint64_t> id_{0};  ///< 0: never nested. Never used again for another lock.
};

#else

class Mark {
public:
    static void before_lock(SiteName) {}
    static void locked(SiteName) {}
    static void before_unlock() {}
};

#endif

}  // namespace sluice::lock_order
