// SPDX-License-Identifier: Apache-2.0
// SpscRing<T>: a bounded lock-free queue from exactly one thread to exactly one other. It never
// waits and cannot be closed: a thread that must sleep when there is nothing to do wants a Channel.
// Its memory orders are verified by tests/interleave; where it pays is in docs/concurrency.md.
#pragma once

#include "kernel/base/atomics.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

namespace sluice {

/// A first-in-first-out queue of at most capacity() items between one producer thread and one
/// consumer thread. T may be move-only; its moves and destructor must not throw.
///
/// Invariants:
///  1. head_ <= tail_ <= head_ + capacity(). Both only grow; slot i % capacity() belongs to the
///     consumer for head_ <= i < tail_ and to the producer otherwise.
///  2. Only the producer writes tail_ and head_seen_; only the consumer writes head_ and
///     tail_seen_.
///  3. head_seen_ <= head_ and tail_seen_ <= tail_: an old index makes the ring look fuller to the
///     producer and emptier to the consumer than it is, never the other way round. So each side
///     reads the other's index, which costs a cache miss, only when its copy says no.
template <class T, class Atomics = StdAtomics>
class SpscRing {
    static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                  std::is_nothrow_destructible_v<T>);

public:
    /// `capacity` is rounded up to a power of two; at least 1.
    explicit SpscRing(std::size_t capacity)
        : mask_(std::bit_ceil(std::max<std::size_t>(capacity, 1)) - 1),
          slots_(std::make_unique_for_overwrite<Slot[]>(mask_ + 1)) {}
    /// Destroys the items left. No other thread may use the ring any more.
    ~SpscRing() {
        // Relaxed: whoever destroys the ring has synchronised with both threads already.
        const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
        for (std::uint64_t i = head_.load(std::memory_order_relaxed); i != tail; ++i)
            std::destroy_at(item(i));
    }
    SpscRing(const SpscRing&) = delete;
    SpscRing& operator=(const SpscRing&) = delete;

    /// Producer only. False when full; the item stays with the caller.
    bool try_push(T&& item) { return try_push_many(std::span<T>(&item, 1)) == 1; }

    /// Producer only. Moves as many as there is room for out of `items`, in order, and publishes
    /// them at once; returns how many.
    std::size_t try_push_many(std::span<T> items) {
        // Relaxed: only this thread writes tail_.
        const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
        if (capacity() - (tail - head_seen_) < items.size()) {
            // Acquire, with the consumer's release: it has moved its items out of the slots that
            // are written below.
            head_seen_ = head_.load(std::memory_order_acquire);
        }
        const std::size_t count = std::min(items.size(), capacity() - (tail - head_seen_));
        if (count == 0) return 0;
        for (std::size_t i = 0; i < count; ++i)
            ::new (static_cast<void*>(slot(tail + i).bytes)) T(std::move(items[i]));
        // Release: who sees the new tail sees the items.
        tail_.store(tail + count, std::memory_order_release);
        return count;
    }

    /// Consumer only. False when empty.
    bool try_pop(T& out) { return try_pop_many(std::span<T>(&out, 1)) == 1; }

    /// Consumer only. Moves the oldest items into `out`, in order; returns how many.
    std::size_t try_pop_many(std::span<T> out) {
        // Relaxed: only this thread writes head_.
        const std::uint64_t head = head_.load(std::memory_order_relaxed);
        if (tail_seen_ - head < out.size()) {
            // Acquire, with the producer's release: the items below this tail are complete.
            tail_seen_ = tail_.load(std::memory_order_acquire);
        }
        const std::size_t count = std::min<std::size_t>(out.size(), tail_seen_ - head);
        if (count == 0) return 0;
        for (std::size_t i = 0; i < count; ++i) {
            T* const from = item(head + i);
            out[i] = std::move(*from);
            std::destroy_at(from);
        }
        // Release: who sees the new head may overwrite the slots.
        head_.store(head + count, std::memory_order_release);
        return count;
    }

    [[nodiscard]] std::size_t capacity() const { return mask_ + 1; }
    /// Items in the ring at some moment during the call; for statistics. Any thread.
    [[nodiscard]] std::size_t depth() const {
        // Relaxed: nothing is read through these. head_ first, so that it is never the newer one;
        // in between both may move on, hence the bounds.
        const std::uint64_t head = head_.load(std::memory_order_relaxed);
        const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
        return tail < head ? 0 : std::min<std::size_t>(tail - head, capacity());
    }

private:
    struct Slot {
        alignas(T) std::byte bytes[sizeof(T)];
    };
    using Index = typename Atomics::template Atomic<std::uint64_t>;

    Slot& slot(std::uint64_t index) { return slots_[index & mask_]; }
    T* item(std::uint64_t index) { return std::launder(reinterpret_cast<T*>(slot(index).bytes)); }

    const std::size_t mask_;
    const std::unique_ptr<Slot[]> slots_;
    // The producer's line, then the consumer's: neither writes into what the other spins over.
    alignas(cache_line) Index tail_{0};  // Items ever pushed; 64 bits do not wrap in a lifetime.
    std::uint64_t head_seen_ = 0;
    alignas(cache_line) Index head_{0};  // Items ever popped.
    std::uint64_t tail_seen_ = 0;
};

}  // namespace sluice
