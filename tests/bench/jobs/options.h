// SPDX-License-Identifier: Apache-2.0
// What the command line of bench_jobs says, and the figures that every group prints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::bench {

struct Options {
    std::string program;
    std::string folder;
    double seconds = 3;
    int rounds = 3;
    std::uint64_t backlog = 1'000'000;
    std::uint64_t memory_backlog = 0;
    std::uint32_t waiting_workers = 10'000;
    int workers = 10;  ///< of the 20 connections of "end to end, plain verbs"
    std::string only;
};

/// 0 without values; of an even number the upper one.
double median(std::vector<double> values);
/// Sorts the values. 0 without any.
double quantile(std::vector<double>& values, double q);

}  // namespace sluice::bench
