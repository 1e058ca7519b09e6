// SPDX-License-Identifier: Apache-2.0
// What a job needs of the machine while it runs, and what a worker has of that. Plain values; who
// may start is decided in capacity.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::sdk {

/// Needs of one running job. Nothing named: it needs a slot only.
struct JobNeeds {
    double cpu = 0;            ///< Processors; fractions down to 0.001.
    std::uint64_t mem_mb = 0;  ///< Memory in MiB.
    std::uint32_t gpu = 0;     ///< Whole graphics processors.
    /// Words that the worker must have ("avx512", "office-network").
    std::vector<std::string> labels{};
};

/// How jobs of one type are let in.
struct TypeTerms {
    JobNeeds needs{};
    /// Most that run at once in this worker; 0: as many as there are slots.
    std::uint32_t concurrency_max = 0;

    /// True when a free slot is all that such a job waits for.
    [[nodiscard]] bool are_none() const {
        return needs.cpu <= 0 && needs.mem_mb == 0 && needs.gpu == 0 && needs.labels.empty() &&
               concurrency_max == 0;
    }
};

/// What a worker has. Processors or memory that are not named are not counted: everything fits.
struct Capacity {
    std::optional<double> cpu{};
    std::optional<std::uint64_t> mem_mb{};
    std::uint32_t gpu = 0;
    std::vector<std::string> labels{};
};

}  // namespace sluice::sdk
