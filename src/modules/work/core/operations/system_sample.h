// SPDX-License-Identifier: Apache-2.0
// What a machine is doing, from the texts of /proc: counters, the rates between two readings, and
// what a series of them comes to. Pure: the texts are given.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

/// The texts of one moment (proc(5)).
struct ProcTexts {
    std::string stat;
    std::string meminfo;
    std::string diskstats;
    std::string net_dev;
    std::string loadavg;
};

struct SystemCounters {
    std::uint64_t cpu_busy = 0;  ///< in ticks, of all processors
    std::uint64_t cpu_all = 0;
    std::uint64_t memory_total = 0;  ///< bytes, as all below
    std::uint64_t memory_available = 0;
    std::uint64_t disk_read = 0;  ///< whole disks; partitions and mapped devices are in them
    std::uint64_t disk_written = 0;
    std::uint64_t net_received = 0;  ///< without the loopback
    std::uint64_t net_sent = 0;
    double load = 0;  ///< of the last minute
};
/// Errors: corrupt (not what Linux writes).
Result<SystemCounters> read_counters(const ProcTexts& texts);

inline constexpr std::size_t system_series = 8;
/// The names of the values below, in their order.
inline constexpr std::array<std::string_view, system_series> system_names{
    "cpu_percent",        "memory_percent",     "memory_used_bytes", "disk_read_per_s",
    "disk_written_per_s", "net_received_per_s", "net_sent_per_s",    "load",
};
using SystemSample = std::array<double, system_series>;
/// What went on between two readings. Counters that went back (a device was taken away) count as
/// nothing.
SystemSample sample_between(const SystemCounters& before, const SystemCounters& now,
                            Duration elapsed);

struct SeriesSummary {
    double min = 0;
    double mean = 0;
    double max = 0;
    double p50 = 0;
    double p90 = 0;
    double p99 = 0;
};
/// Of at least one value; quantiles by the nearest rank.
SeriesSummary summarise(std::vector<double> values);

}  // namespace sluice::work
