// SPDX-License-Identifier: Apache-2.0
// ShardedCounter: a counter that many threads add to at once without fetching each other's cache
// lines. For metrics; reading it is slow and may be a moment old.
#pragma once

#include "kernel/base/atomics.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace sluice {

namespace detail {
/// How many shards a counter has on this machine: a power of two, at least the number of
/// processors, at most 16.
std::size_t counter_shards();
/// The processor that this thread runs on now, or nearly.
std::size_t this_processor() noexcept;
}  // namespace detail

/// A number that only grows: the sum of one number for each processor, each on a line of its own.
/// An add is one atomic add on a line that no other processor writes, as long as there are not more
/// of them than shards. Takes 64 bytes a shard; a counter that one thread writes is better a plain
/// atomic.
template <class Atomics = StdAtomics, std::size_t (*processor)() noexcept = detail::this_processor>
class BasicShardedCounter {
public:
    explicit BasicShardedCounter(std::size_t shards = detail::counter_shards())
        : mask_(shards - 1), shards_(std::make_unique<Shard[]>(shards)) {}

    /// Any thread.
    void add(std::uint64_t n = 1) {
        // Relaxed: the number says nothing about other data. An atomic add, not a plain one: the
        // thread may be moved to another processor between the two lines.
        shards_[processor() & mask_].value.fetch_add(n, std::memory_order_relaxed);
    }
    /// At least what was added before the call by this thread or by one it has synchronised with,
    /// at most what was added by its end. Any thread.
    [[nodiscard]] std::uint64_t value() const {
        std::uint64_t sum = 0;
        for (std::size_t i = 0; i <= mask_; ++i)
            sum += shards_[i].value.load(std::memory_order_relaxed);
        return sum;
    }

private:
    struct alignas(cache_line) Shard {
        typename Atomics::template Atomic<std::uint64_t> value{0};
    };
    const std::size_t mask_;
    const std::unique_ptr<Shard[]> shards_;
};

using ShardedCounter = BasicShardedCounter<>;

}  // namespace sluice
