// SPDX-License-Identifier: Apache-2.0
// The plain queueing models: G/G/c with capacity, priorities and retries, on the bare event loop.
// Not the real queue (that is the queue world); here formulas exist that say what must come out.
#pragma once

#include "kernel/algo/histogram.h"
#include "kernel/base/result.h"
#include "modules/sim/core/dist_arrivals.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace sluice::sim {

/// Who is served next.
enum class Discipline {
    fifo,        ///< First come, first served, over all classes.
    priority,    ///< Lower class index first; who is being served is served to the end.
    preemptive,  ///< The same, but an arrival displaces the lowest class in service, which later
                 ///< goes on where it was (preemptive-resume).
};

/// Customers of one kind.
struct CustomerClass {
    std::string name;
    ArrivalProcess arrivals;
    Distribution service;
};

/// What happens to a service that failed. Until its last attempt a customer stays in the system
/// and keeps its place under the capacity.
struct RetryRule {
    double failure = 0;              ///< Chance that a service fails, 0 … 1.
    std::uint32_t attempts_max = 1;  ///< Services of one customer at most; 1 or more.
    Distribution delay;              ///< Between a failure and joining the end of the queue again.
};

/// A queueing model; a value.
struct QueueModel {
    static constexpr std::uint32_t servers_max = 1U << 20;
    static constexpr std::size_t classes_max = 64;

    std::vector<CustomerClass> classes;  ///< The first is the most urgent.
    std::uint32_t servers = 1;
    std::optional<std::uint64_t> capacity;  ///< K: waiting and served; who finds K is lost.
    Discipline discipline = Discipline::fifo;
    RetryRule retry;
    std::uint64_t waiting_max = 10'000'000;  ///< Customers that wait; one more ends the run.

    /// Errors: invalid.
    [[nodiscard]] Status check() const;
    /// Erlangs: mean service time times rate, over all classes, retries included.
    [[nodiscard]] double offered_load() const;

    /// G/G/c of one class without a limit.
    static QueueModel of(ArrivalProcess arrivals, Distribution service, std::uint32_t servers);
};

/// How long one run is and which random numbers it gets.
struct RunPlan {
    std::uint64_t seed = 1;
    std::uint64_t replication = 0;
    std::uint64_t customers = 100'000;  ///< Arrivals that count.
    std::uint64_t warmup = 0;           ///< Arrivals before them that do not.
    /// Keep the waits of the first so many finished customers, in order, for stats.h (mser5).
    std::uint64_t series_max = 0;
};

/// What one class (or all of them) met within the time that counts.
struct ClassResult {
    std::uint64_t arrivals = 0;     ///< Lost ones included.
    std::uint64_t lost = 0;         ///< Found the system full.
    std::uint64_t finished = 0;     ///< Counted arrivals that have left, of these:
    std::uint64_t failed = 0;       ///< left after the last attempt failed.
    std::uint64_t services = 0;     ///< Attempts of those that have left.
    std::uint64_t had_to_wait = 0;  ///< Accepted arrivals that found no server.
    double in_system = 0;           ///< L, time average.
    double in_queue = 0;            ///< Lq, time average.
    double sojourn = 0;             ///< W, seconds from arrival to leaving.
    double wait = 0;                ///< Wq, seconds in the queue, over all attempts.
    Histogram waits;
    Histogram sojourns;

    [[nodiscard]] double p_wait() const;       ///< Of accepted arrivals.
    [[nodiscard]] double p_lost() const;       ///< Of all arrivals.
    [[nodiscard]] double load_factor() const;  ///< Services per customer.
    /// Adds counts, time averages and histograms; the means weighted by `finished`.
    void add(const ClassResult& other);
};

/// What one run gave.
struct ModelResult {
    std::vector<ClassResult> classes;
    ClassResult all;
    double utilisation = 0;     ///< Share of servers busy, time average.
    double seconds = 0;         ///< Virtual time that counted.
    std::uint64_t events = 0;   ///< Events of the whole run.
    std::vector<float> series;  ///< Waits in seconds, see RunPlan::series_max.

    /// L / (λ W) over the time that counted, λ being the accepted arrivals: 1 but for those whom
    /// its ends cut. (The exact identity over the whole run is checked at the end of each run.)
    [[nodiscard]] double little() const;
};

/// Runs the model once. The same plan gives the same result, bit for bit. Models run with the same
/// seed and replication share their arrival and service times (common random numbers): each class
/// has a stream for each purpose, and a customer's first service time is drawn when it arrives.
/// At the end flow conservation and Little's law (area under N(t) = sum of times spent, exact to
/// the nanosecond) are checked; a mismatch is our fault and stops the process.
/// Errors: invalid (model), exhausted (more than waiting_max wait: it is not stable).
[[nodiscard]] Result<ModelResult> run_model(const QueueModel& model, const RunPlan& plan);

}  // namespace sluice::sim
