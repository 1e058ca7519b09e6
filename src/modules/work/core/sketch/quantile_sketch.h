// SPDX-License-Identifier: Apache-2.0
// Quantiles of a stream of numbers: exact while there are few, then the KLL sketch (Karnin, Lang,
// Liberty, "Optimal quantile approximation in streams", 2016). Pure and deterministic: its coin is
// a fixed sequence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::work {

/// Memory: about 3 × k numbers. Numbers must not be NaN.
class QuantileSketch {
public:
    static constexpr std::size_t default_k = 4096;
    /// Exact up to `k` numbers.
    explicit QuantileSketch(std::size_t k = default_k);

    void add(double number) {
        levels_.front().push_back(number);
        ++count_;
        if (levels_.front().size() >= first_max_) compact();
    }
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] bool is_exact() const { return levels_.size() == 1; }
    /// How far the rank of an answer may be from the asked one, as a share of all numbers: holds
    /// for one question with 99 % probability (2.296 / k^0.9723, the formula that the Apache
    /// DataSketches library fitted); 0 while exact. For the default k: 0.07 %.
    [[nodiscard]] double rank_error() const;
    /// The answers to several shares (0 to 1, ascending) of a sketch that is not empty. Exact ones
    /// are interpolated linearly between neighbours, as spreadsheets and NumPy do; others are one
    /// of the numbers.
    [[nodiscard]] std::vector<double> quantiles(const std::vector<double>& shares) const;

private:
    [[nodiscard]] std::size_t level_max(std::size_t level) const;
    void compact();
    bool coin();

    std::size_t k_;
    std::size_t first_max_;
    std::uint64_t count_ = 0;
    std::uint64_t coin_state_ = 0x9E3779B97F4A7C15;
    /// A number at level i stands for 2^i numbers.
    std::vector<std::vector<double>> levels_;
};

}  // namespace sluice::work
