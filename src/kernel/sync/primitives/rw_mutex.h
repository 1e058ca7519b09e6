// SPDX-License-Identifier: Apache-2.0
// RwMutex on a futex: many readers or one writer, phase-fair. The counters are those of Brandenburg
// and Anderson, "Spin-Based Reader-Writer Synchronization for Multiprocessor Real-Time Systems"
// (2010), PF-T; the sleeping is ours. To learn from; the product uses kernel/sync (README.md).
#pragma once

#include "kernel/base/annotations.h"
#include "kernel/sync/primitives/platform.h"

#include <cstdint>

namespace sluice::primitives {

/// A lock for many readers or one writer. Phase-fair: readers and writers take turns, so a reader
/// waits for at most one writer, however many queue; writers come in the order of their arrival.
/// A thread that holds it as a reader must not lock it again, either way.
///
/// Invariants:
///  1. Writers draw tickets from arrived_; the one whose ticket is turn_ is the writer.
///  2. The writer sets present, and the parity of its ticket, in readers_in_: readers that arrive
///     from then on wait for that mark to go (or for another parity: then they have been let in
///     between). It holds the lock when all who came before have left: readers_out_ has caught up
///     with what readers_in_ was.
///  3. On leaving it takes the mark away first, which lets all waiting readers in, and then passes
///     the turn on; the next writer finds them counted and waits for them.
///  4. Who goes to sleep on a word first sets `asleep` in that very word. So either the change it
///     waits for sees the bit, and wakes, or the kernel sees the change, and does not let it sleep.
///  Counters wrap; only differences below 2^24 matter.
template <class Platform = LinuxPlatform>
class SLUICE_CAPABILITY("mutex") RwMutex {
public:
    RwMutex() = default;
    RwMutex(const RwMutex&) = delete;
    RwMutex& operator=(const RwMutex&) = delete;

    void lock_shared() noexcept SLUICE_ACQUIRE_SHARED() {
        // Acquire, with the release in unlock(): this reads what the last writer wrote.
        std::uint32_t seen = readers_in_.fetch_add(one, std::memory_order_acquire);
        const std::uint32_t mark = seen & writer_mark;
        if (mark == 0) return;
        seen += one;
        while ((seen & writer_mark) == mark) sleep_on(readers_in_, seen);
    }

    /// False if a writer has the lock or waits for the readers to leave.
    [[nodiscard]] bool try_lock_shared() noexcept SLUICE_TRY_ACQUIRE_SHARED(true) {
        // Relaxed: a guess, the compare-and-swap decides; its acquire is that of lock_shared().
        std::uint32_t seen = readers_in_.load(std::memory_order_relaxed);
        while ((seen & writer_mark) == 0) {
            if (readers_in_.compare_exchange_weak(seen, seen + one, std::memory_order_acquire,
                                                  std::memory_order_relaxed))
                return true;
        }
        return false;
    }

    /// The object is not touched once a waiting writer can have it.
    void unlock_shared() noexcept SLUICE_RELEASE_SHARED() {
        // Release: the writer must not overwrite what this reader still reads.
        const std::uint32_t before = readers_out_.fetch_add(one, std::memory_order_release);
        if ((before & asleep) != 0) Platform::futex_wake(readers_out_, 1);
    }

    void lock() noexcept SLUICE_ACQUIRE() {
        // Relaxed: a ticket carries no data.
        const std::uint32_t ticket = arrived_.fetch_add(one, std::memory_order_relaxed);
        // Acquire, with pass_turn(): this sees what the writer before wrote.
        std::uint32_t turn = turn_.load(std::memory_order_acquire);
        while ((turn & count_mask) != ticket) sleep_on(turn_, turn);
        // Relaxed: the mark publishes nothing.
        const std::uint32_t in =
            readers_in_.fetch_or(mark_of(ticket), std::memory_order_relaxed) & count_mask;
        // Acquire, with unlock_shared(): the readers are done reading.
        std::uint32_t out = readers_out_.load(std::memory_order_acquire);
        while ((out & count_mask) != in) sleep_on(readers_out_, out);
        // Relaxed: takes back what sleep_on() may have set; no reader is inside to see it.
        if ((out & asleep) != 0) readers_out_.fetch_and(count_mask, std::memory_order_relaxed);
    }

    /// Takes the lock if nobody has it or is before us. May fail when one has just left.
    [[nodiscard]] bool try_lock() noexcept SLUICE_TRY_ACQUIRE(true) {
        // Acquire, with pass_turn(), as in lock().
        const std::uint32_t ticket = turn_.load(std::memory_order_acquire) & count_mask;
        std::uint32_t next = ticket;
        // Relaxed: a ticket carries no data. If nobody had it, its turn is now and stays.
        if (!arrived_.compare_exchange_strong(next, ticket + one, std::memory_order_relaxed,
                                              std::memory_order_relaxed))
            return false;
        // Acquire, with unlock_shared(), as in lock().
        const std::uint32_t out = readers_out_.load(std::memory_order_acquire) & count_mask;
        std::uint32_t in = out;
        // Relaxed: as in lock(). Fails if a reader is inside.
        if (readers_in_.compare_exchange_strong(in, in | mark_of(ticket), std::memory_order_relaxed,
                                                std::memory_order_relaxed))
            return true;
        pass_turn();
        return false;
    }

    /// Still touches the object when the readers have it already.
    void unlock() noexcept SLUICE_RELEASE() {
        // Release, with lock_shared(): the readers see what was written under the lock.
        const std::uint32_t before = readers_in_.fetch_and(count_mask, std::memory_order_release);
        if ((before & asleep) != 0) Platform::futex_wake(readers_in_, everybody);
        pass_turn();
    }

private:
    using Word = typename Platform::template Atomic<std::uint32_t>;

    // Each word: a count in the high 24 bits; below it `asleep`, and in readers_in_ the mark of the
    // writer: `present`, and `odd` if its ticket is.
    static constexpr std::uint32_t one = 1u << 8, count_mask = ~(one - 1);
    static constexpr std::uint32_t odd = 1, present = 2, writer_mark = present | odd, asleep = 4;

    static std::uint32_t mark_of(std::uint32_t ticket) {
        return present | ((ticket & one) != 0 ? odd : 0);
    }

    void pass_turn() noexcept {
        // Relaxed: only the one whose turn it is moves the count.
        const std::uint32_t turn = turn_.load(std::memory_order_relaxed) & count_mask;
        // Release: the next writer sees what was written under the lock. Clears `asleep` as well.
        const std::uint32_t before = turn_.exchange(turn + one, std::memory_order_release);
        // Everybody, as the kernel does not know which of them has the next ticket.
        if ((before & asleep) != 0) Platform::futex_wake(turn_, everybody);
    }

    /// Sleeps while `word` is `seen`, and reads it anew.
    static void sleep_on(Word& word, std::uint32_t& seen) noexcept {
        std::uint32_t guess = seen;
        // Relaxed: only adds the bit, to exactly what was seen.
        if ((seen & asleep) != 0 ||
            word.compare_exchange_strong(guess, seen | asleep, std::memory_order_relaxed,
                                         std::memory_order_relaxed))
            Platform::futex_wait(word, seen | asleep);
        // Acquire: the caller goes on with this reading.
        seen = word.load(std::memory_order_acquire);
    }

    Word readers_in_{0};   // Readers that ever arrived; the mark of the writer.
    Word readers_out_{0};  // Readers that ever left.
    Word arrived_{0};      // Tickets that writers ever drew.
    Word turn_{0};         // The ticket that is served.
};

/// Holds an RwMutex as a reader for a scope.
template <class Lock>
class SLUICE_SCOPED_CAPABILITY SharedGuard {
public:
    explicit SharedGuard(Lock& lock) SLUICE_ACQUIRE_SHARED(lock) : lock_(lock) {
        lock_.lock_shared();
    }
    ~SharedGuard() SLUICE_RELEASE_GENERIC() { lock_.unlock_shared(); }
    SharedGuard(const SharedGuard&) = delete;
    SharedGuard& operator=(const SharedGuard&) = delete;

private:
    Lock& lock_;
};

}  // namespace sluice::primitives
