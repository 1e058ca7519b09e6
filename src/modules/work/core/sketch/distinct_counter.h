// SPDX-License-Identifier: Apache-2.0
// How many different values there were: exact up to a number, then an estimate by HyperLogLog
// (Flajolet et al. 2007) with the estimator of Ertl ("New cardinality estimation algorithms for
// HyperLogLog sketches", 2017), which needs no correction tables. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::work {

/// Fed with 64-bit hashes; two values with one hash count as one. Memory: 16 bytes for each
/// remembered hash up to `exact_max`, then 16 KiB.
class DistinctCounter {
public:
    explicit DistinctCounter(std::size_t exact_max = 10'000) : exact_max_(exact_max) {}

    void add(std::uint64_t hash);
    /// Forgets the hashes and estimates from here on.
    void estimate();
    [[nodiscard]] bool is_exact() const { return registers_.empty(); }
    [[nodiscard]] std::uint64_t count() const;
    /// Hashes held in memory.
    [[nodiscard]] std::size_t remembered() const { return used_; }
    /// Of an estimate: one standard deviation as a share of the true number (1.04 / sqrt(16384)).
    static constexpr double standard_error = 0.0081;

private:
    static constexpr unsigned index_bits = 14;

    void add_register(std::uint64_t hash);
    bool insert(std::uint64_t hash);
    void grow();

    std::size_t exact_max_;
    std::size_t used_ = 0;
    std::vector<std::uint64_t> table_;  ///< Open addressing; 0 is free.
    std::vector<std::uint8_t> registers_;
};

}  // namespace sluice::work
