// SPDX-License-Identifier: Apache-2.0
// Which processor a thread runs on.
#include "kernel/sync/sharded_counter.h"

#include <sched.h>

#include <algorithm>
#include <bit>
#include <thread>

namespace sluice::detail {

std::size_t counter_shards() {
    static const std::size_t shards =
        std::bit_ceil(std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 16));
    return shards;
}

std::size_t this_processor() noexcept {
    // One load from memory where the kernel offers restartable sequences, else a vDSO call. -1 is
    // an error; any shard is right, only not as fast.
    const int processor = sched_getcpu();
    return processor < 0 ? 0 : static_cast<std::size_t>(processor);
}

}  // namespace sluice::detail
