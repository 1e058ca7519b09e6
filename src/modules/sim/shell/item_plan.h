// SPDX-License-Identifier: Apache-2.0
// ItemPlan: what happens to each item of a threaded run, decided by the seed and the item's number
// alone, so that threads may interleave as they like.
#pragma once

#include "modules/sim/core/dist.h"
#include "modules/sim/core/dist_stream.h"

#include <cstdint>
#include <utility>

namespace sluice::sim {

/// Answers are the same for the same seed on every machine. Any thread; immutable.
class ItemPlan {
public:
    ItemPlan(std::uint64_t seed, Distribution service, double failure_rate)
        : seed_(seed), service_(std::move(service)), failure_rate_(failure_rate) {}

    /// How long this attempt works.
    [[nodiscard]] Duration work_time(std::uint64_t item, std::uint32_t attempt) const {
        Stream stream(seed_, item, purpose_of("work") + attempt);
        return service_.sample(stream);
    }
    /// Whether this attempt fails at its end.
    [[nodiscard]] bool fails(std::uint64_t item, std::uint32_t attempt) const {
        return Stream(seed_, item, purpose_of("failure") + attempt).chance(failure_rate_);
    }
    /// Which of `lanes` the item goes through, each as likely.
    [[nodiscard]] std::uint32_t lane(std::uint64_t item, std::uint32_t lanes) const {
        return static_cast<std::uint32_t>(Stream(seed_, item, purpose_of("priority")).below(lanes));
    }

private:
    std::uint64_t seed_;
    Distribution service_;
    double failure_rate_;
};

}  // namespace sluice::sim
