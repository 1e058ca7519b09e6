// SPDX-License-Identifier: Apache-2.0
// MpmcRing<T>: a bounded lock-free queue for any number of producers and consumers, after Dmitry
// Vyukov's. It never waits and cannot be closed: a thread that must sleep when there is nothing to
// do wants a Channel. Its memory orders are verified by tests/interleave.
#pragma once

#include "kernel/base/atomics.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace sluice {

/// A first-in-first-out queue of at most capacity() items. T may be move-only; its moves and
/// destructor must not throw. A thread that is stopped in the middle of a push or pop makes the
/// cell it has claimed unusable until it goes on: the others then hear "full" or "empty" although
/// there is room, or an item behind it. So "full" and "empty" are certain only while no other call
/// is under way.
///
/// Invariants, for the cell of position p (that is cells_[p % capacity()]):
///  1. sequence == p: free, belongs to whoever moves push_at_ from p to p + 1.
///  2. sequence == p + 1: holds the item of position p, belongs to whoever moves pop_at_ from p to
///     p + 1; that one sets it to p + capacity(), which is rule 1 for the next lap.
///  3. Each position is claimed by exactly one push and one pop, as push_at_ and pop_at_ only grow.
///
/// The ABA question: between reading a cell's sequence and claiming the position others may fill
/// and empty the cell any number of times; then the position has moved on too, and the
/// compare-and-swap fails. It would be fooled only if the position had come round to the same value
/// meanwhile. Positions have 64 bits: at 10^9 operations a second that takes 584 years. (With
/// 8 bits it is quick, and tests/interleave shows the damage.)
template <class T, class Atomics = StdAtomics, class Position = std::uint64_t>
class MpmcRing {
    static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> &&
                  std::is_nothrow_destructible_v<T>);

public:
    /// `capacity` is rounded up to a power of two; at least 2 (with one cell, "filled in this lap"
    /// and "free for the next" would be the same number).
    explicit MpmcRing(std::size_t capacity)
        : mask_(std::bit_ceil(std::max<std::size_t>(capacity, 2)) - 1),
          cells_(std::make_unique<Cell[]>(mask_ + 1)) {
        // Relaxed: the ring is handed to other threads by something that synchronises.
        for (std::size_t i = 0; i <= mask_; ++i)
            cells_[i].sequence.store(static_cast<Position>(i), std::memory_order_relaxed);
    }
    /// Destroys the items left. No other thread may use the ring any more.
    ~MpmcRing() {
        const Position end = push_at_.load(std::memory_order_relaxed);
        for (Position p = pop_at_.load(std::memory_order_relaxed); p != end; ++p)
            std::destroy_at(item(cell(p)));
    }
    MpmcRing(const MpmcRing&) = delete;
    MpmcRing& operator=(const MpmcRing&) = delete;

    /// False when full; the item stays with the caller. Any thread.
    bool try_push(T&& from) {
        Position position;
        Cell* const claimed = claim(push_at_, 0, position);
        if (claimed == nullptr) return false;
        ::new (static_cast<void*>(claimed->bytes)) T(std::move(from));
        // Release: the pop that sees this sequence sees the item.
        claimed->sequence.store(static_cast<Position>(position + 1), std::memory_order_release);
        return true;
    }

    /// False when empty. Any thread.
    bool try_pop(T& out) {
        Position position;
        Cell* const claimed = claim(pop_at_, 1, position);
        if (claimed == nullptr) return false;
        T* const from = item(*claimed);
        out = std::move(*from);
        std::destroy_at(from);
        // Release: the push of the next lap that sees this sequence may overwrite the slot.
        claimed->sequence.store(static_cast<Position>(position + mask_ + 1),
                                std::memory_order_release);
        return true;
    }

    [[nodiscard]] std::size_t capacity() const { return mask_ + 1; }
    /// Items in the ring at some moment during the call; for statistics. Any thread.
    [[nodiscard]] std::size_t depth() const {
        // Relaxed: nothing is read through these. An old push_at_ may lie behind a new pop_at_.
        const Position pops = pop_at_.load(std::memory_order_relaxed);
        const Position pushes = push_at_.load(std::memory_order_relaxed);
        const auto lead =
            static_cast<std::make_signed_t<Position>>(static_cast<Position>(pushes - pops));
        return lead < 0 ? 0 : std::min(static_cast<std::size_t>(lead), capacity());
    }

private:
    using Index = typename Atomics::template Atomic<Position>;
    struct Cell {
        Index sequence{0};
        alignas(T) std::byte bytes[sizeof(T)];
    };

    /// Claims the next position of `at` whose cell has the sequence position + ready. Null when
    /// that cell still belongs to the lap before.
    Cell* claim(Index& at, Position ready, Position& position) {
        // Relaxed: only a guess, the compare-and-swap below decides.
        position = at.load(std::memory_order_relaxed);
        while (true) {
            Cell& wanted = cell(position);
            // Acquire, with the release of whoever had the cell before: what it did to the slot is
            // over.
            const Position sequence = wanted.sequence.load(std::memory_order_acquire);
            const auto lead = static_cast<std::make_signed_t<Position>>(
                static_cast<Position>(sequence - static_cast<Position>(position + ready)));
            if (lead == 0) {
                // Relaxed: the position carries no data; the cell's sequence does.
                if (at.compare_exchange_weak(position, static_cast<Position>(position + 1),
                                             std::memory_order_relaxed, std::memory_order_relaxed))
                    return &wanted;
            } else if (lead < 0) {
                return nullptr;
            } else {
                // The position was taken by another thread.
                position = at.load(std::memory_order_relaxed);
            }
        }
    }

    Cell& cell(Position position) { return cells_[position & mask_]; }
    static T* item(Cell& cell) { return std::launder(reinterpret_cast<T*>(cell.bytes)); }

    const std::size_t mask_;
    const std::unique_ptr<Cell[]> cells_;
    alignas(cache_line) Index push_at_{0};  // The next position to fill.
    alignas(cache_line) Index pop_at_{0};   // The next position to empty.
};

}  // namespace sluice
