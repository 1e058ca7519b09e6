// SPDX-License-Identifier: Apache-2.0
// DeadlineHeap: values ordered by a deadline, any of which can be removed or moved by its handle.
// An indexed 4-ary heap: fewer levels than a binary one and neighbours in one cache line.
#pragma once

#include "kernel/base/check.h"
#include "kernel/base/time.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace sluice {

/// Names one pushed value. A handle whose value is gone is recognised, also after its place was
/// used again. Default-constructed: none.
struct DeadlineHandle {
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
    explicit operator bool() const { return generation != 0; }
    friend bool operator==(DeadlineHandle, DeadlineHandle) = default;
};

/// Values by deadline; equal deadlines leave in the order in which they were pushed (or last
/// rescheduled), so histories repeat exactly. At most 2^32 - 1 values; the owner sets the real
/// limit. `Time` is WallTime or Instant.
template <class T, class Time = WallTime>
class DeadlineHeap {
public:
    struct Item {
        Time deadline;
        T value;
    };

    /// O(log n).
    DeadlineHandle push(Time deadline, T value) {
        const std::uint32_t slot = take_slot(std::move(value));
        heap_.push_back(Entry{deadline, next_order_++, slot});
        rise(heap_.size() - 1);
        return {slot, slots_[slot].generation};
    }

    /// Takes the value out; nothing if it is gone already. O(log n).
    std::optional<T> remove(DeadlineHandle handle) {
        if (!contains(handle)) return std::nullopt;
        return erase_at(slots_[handle.slot].place);
    }

    /// Gives the value another deadline. False if it is gone. O(log n).
    bool reschedule(DeadlineHandle handle, Time deadline) {
        if (!contains(handle)) return false;
        const std::size_t place = slots_[handle.slot].place;
        heap_[place].deadline = deadline;
        heap_[place].order = next_order_++;
        settle(place);
        return true;
    }

    [[nodiscard]] bool contains(DeadlineHandle handle) const {
        return handle.slot < slots_.size() && handle.generation != 0 &&
               slots_[handle.slot].generation == handle.generation &&
               slots_[handle.slot].value.has_value();
    }
    /// The value, or null if it is gone. Valid until the heap changes.
    [[nodiscard]] T* find(DeadlineHandle handle) {
        return contains(handle) ? &*slots_[handle.slot].value : nullptr;
    }
    [[nodiscard]] const T* find(DeadlineHandle handle) const {
        return contains(handle) ? &*slots_[handle.slot].value : nullptr;
    }
    [[nodiscard]] std::optional<Time> deadline_of(DeadlineHandle handle) const {
        if (!contains(handle)) return std::nullopt;
        return heap_[slots_[handle.slot].place].deadline;
    }

    /// The soonest deadline; nothing when empty. O(1).
    [[nodiscard]] std::optional<Time> next_deadline() const {
        if (heap_.empty()) return std::nullopt;
        return heap_.front().deadline;
    }
    /// The soonest value; null when empty.
    [[nodiscard]] const T* front() const {
        return heap_.empty() ? nullptr : &*slots_[heap_.front().slot].value;
    }
    /// Takes the soonest value if its deadline is at or before `now`. O(log n).
    std::optional<Item> pop_due(Time now) {
        if (heap_.empty() || heap_.front().deadline > now) return std::nullopt;
        const Time deadline = heap_.front().deadline;
        return Item{deadline, erase_at(0)};
    }

    [[nodiscard]] std::size_t size() const { return heap_.size(); }
    [[nodiscard]] bool empty() const { return heap_.empty(); }
    /// Removes everything; old handles stay recognised as gone.
    void clear() {
        while (!heap_.empty()) {
            release_slot(heap_.back().slot);
            heap_.pop_back();
        }
    }

private:
    struct Entry {
        Time deadline;
        std::uint64_t order;
        std::uint32_t slot;
        [[nodiscard]] bool before(const Entry& other) const {
            return deadline != other.deadline ? deadline < other.deadline : order < other.order;
        }
    };
    struct Slot {
        std::optional<T> value;
        std::uint32_t place = 0;  ///< In the heap; the next free slot while free.
        std::uint32_t generation = 1;
    };
    static constexpr std::uint32_t no_slot = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::size_t fan = 4;

    std::uint32_t take_slot(T value) {
        if (free_ == no_slot) {
            SLUICE_CHECK(slots_.size() < no_slot);
            slots_.emplace_back();
            slots_.back().value.emplace(std::move(value));
            return static_cast<std::uint32_t>(slots_.size() - 1);
        }
        const std::uint32_t slot = free_;
        free_ = slots_[slot].place;
        slots_[slot].value.emplace(std::move(value));
        return slot;
    }

    void release_slot(std::uint32_t slot) {
        slots_[slot].value.reset();
        if (++slots_[slot].generation == 0) slots_[slot].generation = 1;
        slots_[slot].place = free_;
        free_ = slot;
    }

    T erase_at(std::size_t place) {
        const std::uint32_t slot = heap_[place].slot;
        T value = std::move(*slots_[slot].value);
        release_slot(slot);
        const Entry last = heap_.back();
        heap_.pop_back();
        if (place < heap_.size()) {
            put(place, last);
            settle(place);
        }
        return value;
    }

    void put(std::size_t place, const Entry& entry) {
        heap_[place] = entry;
        slots_[entry.slot].place = static_cast<std::uint32_t>(place);
    }

    void settle(std::size_t place) {
        if (place > 0 && heap_[place].before(heap_[(place - 1) / fan])) {
            rise(place);
        } else {
            sink(place);
        }
    }

    void rise(std::size_t place) {
        const Entry entry = heap_[place];
        while (place > 0) {
            const std::size_t parent = (place - 1) / fan;
            if (!entry.before(heap_[parent])) break;
            put(place, heap_[parent]);
            place = parent;
        }
        put(place, entry);
    }

    void sink(std::size_t place) {
        const Entry entry = heap_[place];
        while (true) {
            const std::size_t first = place * fan + 1;
            if (first >= heap_.size()) break;
            std::size_t least = first;
            const std::size_t end = std::min(first + fan, heap_.size());
            for (std::size_t child = first + 1; child < end; ++child) {
                if (heap_[child].before(heap_[least])) least = child;
            }
            if (!heap_[least].before(entry)) break;
            put(place, heap_[least]);
            place = least;
        }
        put(place, entry);
    }

    std::vector<Entry> heap_;
    std::vector<Slot> slots_;
    std::uint32_t free_ = no_slot;
    std::uint64_t next_order_ = 0;
};

}  // namespace sluice
