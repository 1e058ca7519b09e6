// SPDX-License-Identifier: Apache-2.0
// What a thread of the model knows: how far it has seen each other thread (a vector clock, for data
// races) and each atomic (the newest store it has to reckon with, for stale reads).
#pragma once

#include <algorithm>
#include <cstdint>

namespace sluice::interleave {

inline constexpr int threads_max = 6;
inline constexpr int locations_max = 128;

/// One step count per thread.
struct Clock {
    std::uint32_t at[threads_max] = {};

    void join(const Clock& other) {
        for (int i = 0; i < threads_max; ++i) at[i] = std::max(at[i], other.at[i]);
    }
    [[nodiscard]] bool covers(const Clock& other) const {
        for (int i = 0; i < threads_max; ++i) {
            if (at[i] < other.at[i]) return false;
        }
        return true;
    }
};

/// A point in the partial order "happens before", and the coherence that follows from it.
struct View {
    Clock clock;
    /// Per atomic: the index of the oldest store that may still be read.
    std::uint16_t seen[locations_max] = {};

    void join(const View& other) {
        clock.join(other.clock);
        for (int i = 0; i < locations_max; ++i) seen[i] = std::max(seen[i], other.seen[i]);
    }
};

}  // namespace sluice::interleave
