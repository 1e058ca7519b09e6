// SPDX-License-Identifier: Apache-2.0
// Report: what many replications of a scenario say together, as data. Renderers beside it write
// JSON, CSV, text for a terminal and a page of HTML; none of them computes anything.
#pragma once

#include "modules/sim/core/queue_world.h"
#include "modules/sim/core/scenario.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::sim {

/// A mean over replications with its 95 % confidence interval (Student's t). Of one replication the
/// interval is the mean itself.
struct Figure {
    double mean = 0;
    double low = 0;
    double high = 0;
};

/// What is measured of a group of jobs; times in seconds, counts per replication.
enum class Measure : std::uint8_t {
    arrived,
    succeeded,
    dead,
    failed_attempts,
    lost_attempts,
    unstarted,
    throughput,  ///< Successes a second.
    waiting,     ///< Ready jobs on average.
    wait_mean,
    wait_p50,
    wait_p95,
    wait_p99,
    wait_max,
    response_mean,  ///< Arrival to success.
    response_p95,
};
inline constexpr std::size_t measure_count = 15;
/// The word used in JSON and CSV ("wait_p99").
std::string_view to_string(Measure measure);

/// A group of jobs: one kind of traffic, all of a queue, or all of a tenant.
struct GroupReport {
    std::string name;
    Figure figures[measure_count];
    [[nodiscard]] const Figure& operator[](Measure measure) const {
        return figures[static_cast<std::size_t>(measure)];
    }
};

/// A quantity over time: for each bin the mean over the replications and the range in which 80 % of
/// them lie. NaN: no replication has a value there.
struct SeriesReport {
    std::string name;
    std::vector<double> mean;
    std::vector<double> low;
    std::vector<double> high;
};

struct ResourceReport {
    std::string name;
    std::string each;   ///< What one worker has, as it was written.
    Figure used_share;  ///< Of what the present workers have, 0 … 1.
    Figure most;        ///< At once on one worker.
    SeriesReport used;  ///< Share.
};

struct PoolReport {
    std::string name;
    std::uint32_t slots = 1;  ///< Of one worker.
    Figure busy_share;        ///< 0 … 1
    Figure workers;           ///< Present on average.
    Figure crashes;
    Figure returned;
    Figure scaled_up;
    Figure scaled_down;
    SeriesReport busy;     ///< Share of the present slots.
    SeriesReport present;  ///< Workers.
    std::vector<ResourceReport> resources;
};

struct LimitReport {
    std::string name;
    Figure closed_share;  ///< Of the time, 0 … 1.
};

/// A worker's life in the first replication.
struct LifeReport {
    std::string name;
    std::vector<WorkerSpan> spans;
};

/// Something that happens, for marks in charts.
struct MarkReport {
    Duration at{0};
    std::string text;
};

/// One point of an answer's chart.
struct AnswerPoint {
    double x = 0;
    Figure y;
};
/// The answer to a question: a sentence first, then what it rests on.
struct Answer {
    std::string question;
    std::string sentence;
    std::vector<std::string> columns;
    std::vector<std::vector<std::string>> rows;
    std::string x_name;  ///< Of the chart; empty: no chart.
    std::string y_name;
    std::vector<AnswerPoint> points;
    std::optional<double> target;      ///< A level to draw.
    std::vector<SeriesReport> curves;  ///< Over time, two scenarios beside each other.
};

struct Report {
    static constexpr int version = 1;

    std::string name;
    std::string description;
    std::uint64_t seed = 1;
    std::uint32_t replications = 1;          ///< That had finished, and are told of.
    std::uint32_t replications_planned = 1;  ///< More than that: the run was interrupted.
    Duration duration{0};
    Duration warmup{0};
    bool warmup_found = false;  ///< By the run itself (MSER-5), not given.
    Duration starts_at{0};
    Duration bin{1};
    GroupReport total;
    std::vector<GroupReport> traffic;
    std::vector<GroupReport> queues;
    std::vector<GroupReport> tenants;   ///< Empty: the scenario names none.
    std::vector<SeriesReport> waiting;  ///< Ready jobs, by queue.
    std::vector<SeriesReport> waits;    ///< Seconds by arrival: by tenant, or by queue without.
    std::vector<PoolReport> pools;
    std::vector<LimitReport> limits;
    std::vector<LifeReport> lives;
    std::vector<MarkReport> marks;
    std::optional<Figure> drained_at;  ///< Seconds; only of replications that drained.
    std::uint32_t not_drained = 0;     ///< Replications that did not.
    std::vector<Answer> answers;
    bool is_partial = false;         ///< Interrupted: replications or answers are missing.
    std::vector<std::string> notes;  ///< What a reader must know to judge the numbers.
    std::uint64_t deliveries = 0;    ///< Of all replications.
    std::uint64_t decisions = 0;
    std::uint64_t hash = 0;  ///< The same for the same scenario and seed, always.
};

/// What is kept of one replication.
struct RunDigest {
    struct Group {
        double values[measure_count] = {};
    };
    std::vector<Group> traffic;
    std::vector<Group> queues;
    std::vector<Group> tenants;
    Group total;
    std::vector<Series> waiting;  ///< By queue.
    Series waiting_total;
    std::vector<Series> waits;  ///< By tenant, or by queue.
    std::vector<PoolResult> pools;
    std::vector<LimitResult> limits;
    std::vector<WorkerLife> lives;
    std::optional<Duration> drained_at;
    std::uint64_t deliveries = 0;
    std::uint64_t decisions = 0;
    std::uint64_t hash = 0;
};

/// The names of the queues (tenants) of a scenario, in order of appearance.
std::vector<std::string> queue_names(const Scenario& scenario);
std::vector<std::string> tenant_names(const Scenario& scenario);

/// Boils one replication down. The result is used up.
RunDigest digest_of(const Scenario& scenario, WorldResult&& result);
/// All replications together; `warmup` as they were played.
Report make_report(const Scenario& scenario, std::span<const RunDigest> runs, Duration warmup);
/// The interval of numbers, one of each replication; NaN ones are left out.
Figure figure_of(std::span<const double> values);

}  // namespace sluice::sim
