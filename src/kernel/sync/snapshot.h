// SPDX-License-Identifier: Apache-2.0
// Snapshot<T>: a value that is read all the time and replaced now and then (settings, tables).
// Readers see one whole version, wait for nobody, and write no cache line that other processors
// write. Hazard pointers: each reading says in a slot of its own which version it looks at.
#pragma once

#include "kernel/base/check.h"
#include "kernel/sync/sharded_counter.h"
#include "kernel/sync/sync_policy.h"

#include <bit>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace sluice {

/// A cell that holds one version of a T. A replaced version lives until the last reading of it has
/// ended; it is destroyed by a later store() or by the cell, never by a reader.
///
/// Why no version is destroyed under a reader: the reader writes the version into its slot and then
/// reads the cell again; the writer changes the cell and then reads the slots. All four are
/// sequentially consistent, so they have one order. If the reader's second look still found the old
/// version, it came before the writer's change; then its slot was written before the writer looked,
/// and the writer saw it. With release and acquire alone both could miss each other (each in its
/// processor's store buffer).
template <class T, class Sync = StdSync>
class BasicSnapshot {
    using MutexLock = typename Sync::MutexLock;
    template <class U>
    using Atomic = typename Sync::template Atomic<U>;

    struct alignas(cache_line) Slot {
        Atomic<const T*> held{nullptr};  // Null: free. Written by the reading that has claimed it.
    };

public:
    /// One version, kept while this lives. For a scope of the thread that made it; keep it short,
    /// as it keeps its slot and its version.
    class [[nodiscard]] Reading {
    public:
        ~Reading() {
            // Release, with the writer's look: what this reading did is over before the version is
            // destroyed.
            slot_.held.store(nullptr, std::memory_order_release);
        }
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        const T& operator*() const { return *version_; }
        const T* operator->() const { return version_; }

    private:
        friend class BasicSnapshot;
        Reading(Slot& slot, const T* version) : slot_(slot), version_(version) {}
        Slot& slot_;
        const T* const version_;
    };

    /// `readings_max` is rounded up to a power of two; each takes 64 bytes.
    explicit BasicSnapshot(T first, std::size_t readings_max = 64)
        : current_(std::make_unique<const T>(std::move(first)).release()),
          mask_(std::bit_ceil(readings_max) - 1),
          slots_(std::make_unique<Slot[]>(mask_ + 1)) {}
    /// No reading may be left.
    ~BasicSnapshot() {
        for (std::size_t i = 0; i <= mask_; ++i)
            SLUICE_CHECK(slots_[i].held.load(std::memory_order_acquire) == nullptr);
        // Relaxed: whoever destroys the cell has synchronised with its writers.
        std::unique_ptr<const T>(current_.load(std::memory_order_relaxed));
    }
    BasicSnapshot(const BasicSnapshot&) = delete;
    BasicSnapshot& operator=(const BasicSnapshot&) = delete;

    /// The version of now. Any thread. Only if `readings_max` readings are under way, waits until
    /// one has ended; only while versions are being replaced, looks more than once.
    Reading read() const {
        // Relaxed: a guess, checked in claim().
        const T* version = current_.load(std::memory_order_relaxed);
        Slot& slot = claim(version);
        while (true) {
            // Sequentially consistent: see above. It also acquires what the writer put there.
            const T* const now = current_.load(std::memory_order_seq_cst);
            if (now == version) return Reading(slot, version);
            version = now;
            slot.held.store(version, std::memory_order_seq_cst);
        }
    }

    /// Replaces the version. Any thread; writers take turns, readers do not hold them up. Old
    /// versions that nobody reads any more are destroyed here, on this thread; at most
    /// `readings_max` others stay.
    void store(T next) SLUICE_EXCLUDES(writers_) {
        auto fresh = std::make_unique<const T>(std::move(next));
        std::vector<std::unique_ptr<const T>> unread;  // Destroyed after the lock is gone.
        MutexLock lock(writers_);
        replaced_.emplace_back(current_.exchange(fresh.release(), std::memory_order_seq_cst));
        for (auto& old : replaced_) {
            if (!is_read(old.get())) unread.push_back(std::move(old));
        }
        std::erase(replaced_, nullptr);
        lock.unlock();
    }

    /// Replaced versions that wait for their readers.
    [[nodiscard]] std::size_t replaced_kept() const SLUICE_EXCLUDES(writers_) {
        MutexLock lock(writers_);
        return replaced_.size();
    }

private:
    Slot& claim(const T* version) const {
        const std::size_t first = detail::this_processor() * (slots_per_processor);
        while (true) {
            for (std::size_t i = 0; i <= mask_; ++i) {
                Slot& slot = slots_[(first + i) & mask_];
                const T* expected = nullptr;
                if (slot.held.load(std::memory_order_relaxed) == nullptr &&
                    slot.held.compare_exchange_strong(expected, version, std::memory_order_seq_cst,
                                                      std::memory_order_relaxed))
                    return slot;
            }
            std::this_thread::yield();
        }
    }
    [[nodiscard]] bool is_read(const T* version) const {
        for (std::size_t i = 0; i <= mask_; ++i) {
            if (slots_[i].held.load(std::memory_order_seq_cst) == version) return true;
        }
        return false;
    }

    // Threads of one processor that are preempted while they read find the next slot free.
    static constexpr std::size_t slots_per_processor = 4;

    Atomic<const T*> current_;
    const std::size_t mask_;
    const std::unique_ptr<Slot[]> slots_;
    mutable typename Sync::Mutex writers_;
    std::vector<std::unique_ptr<const T>> replaced_ SLUICE_GUARDED_BY(writers_);
};

template <class T>
using Snapshot = BasicSnapshot<T>;

}  // namespace sluice
