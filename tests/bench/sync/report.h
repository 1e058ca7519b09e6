// SPDX-License-Identifier: Apache-2.0
// What the benchmarks of kernel/sync measured, and how it is printed: a table for each group, or
// JSON. A cell is the median of its rounds, and its ratio to the first row of the group.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {

struct Options {
    int rounds = 5;
    std::uint64_t items = 2'000'000;  ///< through a queue in each round
    std::string only;                 ///< one group; empty: all
    bool json = false;
};

/// Where a sample belongs.
struct Cell {
    std::string_view group;
    std::string row;
    std::string column;
};

class Report {
public:
    /// What the numbers of a group are ("million items/s").
    void describe(std::string_view group, std::string_view unit);
    void add(const Cell& cell, double sample);
    void print_tables() const;
    void print_json() const;

private:
    struct Series {
        std::string row;
        std::string column;
        std::vector<double> samples;
    };
    struct Group {
        std::string name;
        std::string unit;
        std::vector<Series> series;
    };
    static void print_table(const Group& group);
    static const Series* find(const Group& group, std::string_view row, std::string_view column);
    std::vector<Group> groups_;
};

/// Seconds on the monotonic clock.
double seconds_now();

void bench_queues(const Options& options, Report& report);
void bench_wake(const Options& options, Report& report);
void bench_locks(const Options& options, Report& report);

}  // namespace sluice::bench
