// SPDX-License-Identifier: Apache-2.0
// The futex system call.
#include "kernel/sync/primitives/platform.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <ctime>
#include <limits>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sluice::primitives {
namespace {

// The kernel is given the address of the atomic's value.
static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
static_assert(sizeof(std::atomic<std::uint64_t>) == sizeof(std::uint64_t));

const void* low_half(const std::atomic<std::uint64_t>& word) {
    constexpr std::size_t offset = std::endian::native == std::endian::little ? 0 : 4;
    return reinterpret_cast<const char*>(&word) + offset;
}

FutexWait wait(const void* word, std::uint32_t expected, Instant deadline) noexcept {
    timespec until{};
    const bool timed = deadline != Instant::max();
    if (timed) {
        // The system call knows no negative times.
        const std::int64_t ns = std::max<std::int64_t>(deadline.time_since_epoch().count(), 0);
        until.tv_sec = static_cast<time_t>(ns / 1'000'000'000);
        until.tv_nsec = static_cast<long>(ns % 1'000'000'000);
    }
    // FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC, which is what an Instant is; the
    // plain FUTEX_WAIT would take a span and grow late with every wake-up for nothing.
    const long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, expected,
                                timed ? &until : nullptr, nullptr, FUTEX_BITSET_MATCH_ANY);
    if (result == 0) return FutexWait::woken;
    // EAGAIN: the value had changed. EINTR, a signal, counts as a wake-up for nothing.
    if (errno == ETIMEDOUT) return FutexWait::timeout;
    return errno == EAGAIN ? FutexWait::changed : FutexWait::woken;
}

void wake(const void* word, std::uint32_t count) noexcept {
    syscall(SYS_futex, word, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, count, nullptr, nullptr, 0);
}

}  // namespace

FutexWait LinuxPlatform::futex_wait(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                                    Instant deadline) noexcept {
    return wait(&word, expected, deadline);
}

FutexWait LinuxPlatform::futex_wait_low(const Atomic<std::uint64_t>& word, std::uint32_t expected,
                                        Instant deadline) noexcept {
    return wait(low_half(word), expected, deadline);
}

void LinuxPlatform::futex_wake(const Atomic<std::uint32_t>& word, std::uint32_t count) noexcept {
    wake(&word, count);
}

void LinuxPlatform::futex_wake_low(const Atomic<std::uint64_t>& word,
                                   std::uint32_t count) noexcept {
    wake(low_half(word), count);
}

}  // namespace sluice::primitives
