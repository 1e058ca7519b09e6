// SPDX-License-Identifier: Apache-2.0
// LinuxPlatform: what the primitives of this folder stand on — atomics and the futex. They take it
// as a template parameter; tests/interleave puts a model in its place that explores schedules and
// stale reads.
//
// A platform has: Atomic<T>; futex_wait, futex_wait_low and futex_wake; pause(); spins_max; and for
// Mutex pause_briefly() and brief_looks.
//
// The futex in three sentences. futex_wait compares a word of memory with the value that the caller
// saw last and sleeps only if they are the same, and nothing can be lost between the comparison and
// the sleep. futex_wake wakes sleepers by the word's address; it never touches the word, so the
// object may be gone by then (a stranger at the same address would be woken for nothing). Both are
// full barriers inside the kernel, but they give the program no ordering: that is what the memory
// orders of the primitives are for.
#pragma once

#include "kernel/base/atomics.h"
#include "kernel/base/time.h"

#include <cstdint>

namespace sluice::primitives {

/// How a futex_wait ended. woken may also mean nothing at all: always test the condition again.
enum class FutexWait { woken, changed, timeout };

/// futex(2) of Linux, private to the process.
struct LinuxPlatform : StdAtomics {
    /// How often a spinning waiter looks before it goes to sleep.
    static constexpr int spins_max = 64;

    /// Sleeps while `word` is `expected`, until woken or the deadline; Instant::max() is none.
    static FutexWait futex_wait(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                                Instant deadline = Instant::max()) noexcept;
    /// The same for the low half of a 64-bit word.
    static FutexWait futex_wait_low(const Atomic<std::uint64_t>& word, std::uint32_t expected,
                                    Instant deadline = Instant::max()) noexcept;
    /// Wakes up to `count` of those that sleep on the word.
    static void futex_wake(const Atomic<std::uint32_t>& word, std::uint32_t count) noexcept;
    static void futex_wake_low(const Atomic<std::uint64_t>& word, std::uint32_t count) noexcept;
    /// Tells the processor that this is a spinning loop.
    static void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("isb");
#endif
    }
};

/// For locks that several threads take again and again: looks seldom. Each look takes the cache
/// line from the holder, who then works at a fraction of its speed; who looks every few
/// microseconds leaves it alone and still comes before a sleeper would. 4 looks, 64 pauses (2 to 3
/// microseconds) apart, were the best of those tried with ./dev bench sync: 2 to 4 times what a
/// look at each pause gave. At most about 10 microseconds are spent awake.
struct PatientPlatform : LinuxPlatform {
    static constexpr int spins_max = 4;
    static void pause() noexcept {
        for (int i = 0; i < 64; ++i) LinuxPlatform::pause();
    }
    /// For a thread that was woken by the holder itself, who lets go within a fraction of a
    /// microsecond or not soon: three short looks (2, 4 and 8 pauses), since two threads that give
    /// each other turns wait for nothing else.
    static constexpr int brief_looks = 3;
    static void pause_briefly(int look) noexcept {
        for (int i = 0; i < 2 << look; ++i) LinuxPlatform::pause();
    }
};

/// `count` of futex_wake for everybody.
inline constexpr std::uint32_t everybody = 0x7FFFFFFF;

}  // namespace sluice::primitives
