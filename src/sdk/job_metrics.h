// SPDX-License-Identifier: Apache-2.0
// JobMetrics: a middleware that counts jobs and their times by type, shown as Prometheus text.
#pragma once

#include "kernel/base/time.h"
#include "sdk/middleware.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sdk {

/// Job types counted each for itself; further ones are counted together as "other".
inline constexpr std::size_t metric_types_max = 1'000;

/// The counts of one job type.
struct JobCounts {
    std::string type;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t given_back = 0;
    std::uint32_t running = 0;
    Duration busy{0};  ///< all runs together
};

/// Must outlive the worker that uses it. All of it from any thread; without locks.
class JobMetrics {
public:
    JobMetrics();
    ~JobMetrics();
    JobMetrics(const JobMetrics&) = delete;
    JobMetrics& operator=(const JobMetrics&) = delete;

    [[nodiscard]] Middleware middleware();
    /// By type, in order of the alphabet.
    [[nodiscard]] std::vector<JobCounts> counts() const;
    /// sluice_job_runs_total{type,outcome} (succeeded, failed, given_back),
    /// sluice_jobs_running{type} and the histogram sluice_job_run_seconds{type}, in the text format
    /// 0.0.4.
    [[nodiscard]] std::string prometheus() const;

private:
    struct Cell;
    Cell& cell_of(std::string_view type);
    [[nodiscard]] std::vector<const Cell*> cells() const;

    std::atomic<Cell*> first_{nullptr};
    std::atomic<std::size_t> count_{0};
};

}  // namespace sluice::sdk
