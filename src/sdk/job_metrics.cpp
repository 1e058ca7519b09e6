// SPDX-License-Identifier: Apache-2.0
#include "sdk/job_metrics.h"

#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"

#include <algorithm>
#include <memory>

namespace sluice::sdk {

namespace {

/// Upper ends of the histogram's buckets, in seconds.
constexpr std::array bucket_ends{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25,
                                 0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60., 300.};

std::string digits(double number) {
    std::string out;
    JsonWriter(out).number(number);
    return out;
}

/// A label's value: as JSON writes it, but that quotes need no more than a backslash either.
std::string label(std::string_view type) { return "{type=" + json_escape(type); }

}  // namespace

/// One type's counters, in a list that only grows: who has a pointer to a cell may keep it.
struct JobMetrics::Cell {
    explicit Cell(std::string_view name) : type(name) {}
    std::string type;
    Cell* next = nullptr;
    std::atomic<std::uint64_t> succeeded{0};
    std::atomic<std::uint64_t> failed{0};
    std::atomic<std::uint64_t> given_back{0};
    std::atomic<std::uint32_t> running{0};
    std::atomic<std::int64_t> busy_ns{0};
    std::array<std::atomic<std::uint64_t>, bucket_ends.size() + 1> buckets{};

    void record(Duration took, const Outcome& outcome) {
        const auto* failure = std::get_if<Failure>(&outcome);
        auto& count = failure == nullptr ? succeeded : failure->give_back ? given_back : failed;
        count.fetch_add(1, std::memory_order_relaxed);
        busy_ns.fetch_add(took.count(), std::memory_order_relaxed);
        const auto* end =
            std::lower_bound(bucket_ends.begin(), bucket_ends.end(), to_seconds(took));
        buckets[static_cast<std::size_t>(end - bucket_ends.begin())].fetch_add(
            1, std::memory_order_relaxed);
    }
};

JobMetrics::JobMetrics() = default;

JobMetrics::~JobMetrics() {
    Cell* cell = first_.load(std::memory_order_acquire);
    while (cell != nullptr) {
        const std::unique_ptr<Cell> last(cell);
        cell = cell->next;
    }
}

JobMetrics::Cell& JobMetrics::cell_of(std::string_view type) {
    Cell* const head = first_.load(std::memory_order_acquire);
    for (Cell* cell = head; cell != nullptr; cell = cell->next) {
        if (cell->type == type) return *cell;
    }
    if (type != "other" && count_.load(std::memory_order_relaxed) >= metric_types_max) {
        return cell_of("other");
    }
    auto made = std::make_unique<Cell>(type);
    made->next = head;
    Cell* expected = head;
    if (first_.compare_exchange_strong(expected, made.get(), std::memory_order_acq_rel)) {
        count_.fetch_add(1, std::memory_order_relaxed);
        return *made.release();
    }
    return cell_of(type);  // somebody put another one in front: perhaps this type's
}

Middleware JobMetrics::middleware() {
    return [this](JobContext& context, const Handler& next) {
        Cell& cell = cell_of(context.job().type);
        cell.running.fetch_add(1, std::memory_order_relaxed);
        const Instant begin = monotonic_now();
        Outcome outcome = next(context);
        cell.record(monotonic_now() - begin, outcome);
        cell.running.fetch_sub(1, std::memory_order_relaxed);
        return outcome;
    };
}

std::vector<const JobMetrics::Cell*> JobMetrics::cells() const {
    std::vector<const Cell*> out;
    for (const Cell* cell = first_.load(std::memory_order_acquire); cell != nullptr;
         cell = cell->next) {
        out.push_back(cell);
    }
    std::sort(out.begin(), out.end(),
              [](const Cell* a, const Cell* b) { return a->type < b->type; });
    return out;
}

std::vector<JobCounts> JobMetrics::counts() const {
    std::vector<JobCounts> out;
    for (const Cell* cell : cells()) {
        out.push_back({.type = cell->type,
                       .succeeded = cell->succeeded.load(std::memory_order_relaxed),
                       .failed = cell->failed.load(std::memory_order_relaxed),
                       .given_back = cell->given_back.load(std::memory_order_relaxed),
                       .running = cell->running.load(std::memory_order_relaxed),
                       .busy = Duration(cell->busy_ns.load(std::memory_order_relaxed))});
    }
    return out;
}

std::string JobMetrics::prometheus() const {
    const auto all = cells();
    const std::vector<JobCounts> numbers = counts();
    std::string out =
        "# HELP sluice_job_runs_total Runs of handlers that have ended\n"
        "# TYPE sluice_job_runs_total counter\n";
    for (const JobCounts& one : numbers) {
        const std::string name = "sluice_job_runs_total" + label(one.type);
        out += name + ",outcome=\"succeeded\"} " + std::to_string(one.succeeded) + '\n';
        out += name + ",outcome=\"failed\"} " + std::to_string(one.failed) + '\n';
        out += name + ",outcome=\"given_back\"} " + std::to_string(one.given_back) + '\n';
    }
    out +=
        "# HELP sluice_jobs_running Handlers at work\n"
        "# TYPE sluice_jobs_running gauge\n";
    for (const JobCounts& one : numbers) {
        out += "sluice_jobs_running" + label(one.type) + "} " + std::to_string(one.running) + '\n';
    }
    out +=
        "# HELP sluice_job_run_seconds Time from a handler's begin to its end\n"
        "# TYPE sluice_job_run_seconds histogram\n";
    for (const Cell* cell : all) {
        std::uint64_t up_to = 0;
        const std::string name = "sluice_job_run_seconds";
        for (std::size_t i = 0; i < cell->buckets.size(); ++i) {
            up_to += cell->buckets[i].load(std::memory_order_relaxed);
            const std::string end = i < bucket_ends.size() ? digits(bucket_ends[i]) : "+Inf";
            out += name + "_bucket" + label(cell->type) + ",le=\"" + end + "\"} " +
                   std::to_string(up_to) + '\n';
        }
        const Duration busy(cell->busy_ns.load(std::memory_order_relaxed));
        out += name + "_sum" + label(cell->type) + "} " + digits(to_seconds(busy)) + '\n';
        out += name + "_count" + label(cell->type) + "} " + std::to_string(up_to) + '\n';
    }
    return out;
}

}  // namespace sluice::sdk
