// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/report.h"

#include "modules/sim/core/stats.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

namespace sluice::sim {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

template <class Name>
std::vector<std::string> names_of(const Scenario& scenario, Name&& name) {
    std::vector<std::string> names;
    for (const Traffic& traffic : scenario.traffic) {
        const std::string& one = name(traffic);
        if (!one.empty() && std::find(names.begin(), names.end(), one) == names.end())
            names.push_back(one);
    }
    return names;
}

/// Some kinds of traffic together.
class Gathered {
public:
    void add(const TrafficResult& traffic) {
        value(Measure::arrived) += static_cast<double>(traffic.arrived);
        value(Measure::succeeded) += static_cast<double>(traffic.succeeded);
        value(Measure::dead) += static_cast<double>(traffic.dead + traffic.discarded);
        value(Measure::failed_attempts) += static_cast<double>(traffic.failed_attempts);
        value(Measure::lost_attempts) += static_cast<double>(traffic.lost_attempts);
        value(Measure::unstarted) += static_cast<double>(traffic.unstarted);
        value(Measure::throughput) += traffic.throughput;
        value(Measure::waiting) += traffic.waiting_mean;
        wait_.merge(traffic.wait);
        response_.merge(traffic.response);
        add_series(traffic);
    }
    RunDigest::Group group() {
        const bool any = wait_.count() > 0;
        value(Measure::wait_mean) = any ? to_seconds(wait_.mean()) : nothing;
        value(Measure::wait_p50) = any ? to_seconds(wait_.quantile(0.5)) : nothing;
        value(Measure::wait_p95) = any ? to_seconds(wait_.quantile(0.95)) : nothing;
        value(Measure::wait_p99) = any ? to_seconds(wait_.quantile(0.99)) : nothing;
        value(Measure::wait_max) = any ? to_seconds(wait_.max()) : nothing;
        const bool done = response_.count() > 0;
        value(Measure::response_mean) = done ? to_seconds(response_.mean()) : nothing;
        value(Measure::response_p95) = done ? to_seconds(response_.quantile(0.95)) : nothing;
        return group_;
    }
    Series waiting() { return std::move(waiting_); }
    /// Mean wait by bin of the arrival. Kinds count alike in a bin: their numbers are not kept.
    Series waits() {
        Series out(wait_sums_.size(), nothing);
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (wait_counts_[i] > 0) out[i] = wait_sums_[i] / wait_counts_[i];
        }
        return out;
    }

private:
    double& value(Measure measure) { return group_.values[static_cast<std::size_t>(measure)]; }

    void add_series(const TrafficResult& traffic) {
        if (waiting_.size() < traffic.waiting.size()) waiting_.resize(traffic.waiting.size(), 0.0);
        for (std::size_t i = 0; i < traffic.waiting.size(); ++i) waiting_[i] += traffic.waiting[i];
        wait_sums_.resize(std::max(wait_sums_.size(), traffic.wait_mean.size()), 0.0);
        wait_counts_.resize(wait_sums_.size(), 0.0);
        const auto weight = static_cast<double>(std::max<std::uint64_t>(traffic.arrived, 1));
        for (std::size_t i = 0; i < traffic.wait_mean.size(); ++i) {
            if (std::isnan(traffic.wait_mean[i])) continue;
            wait_sums_[i] += traffic.wait_mean[i] * weight;
            wait_counts_[i] += weight;
        }
    }

    RunDigest::Group group_;
    Histogram wait_;
    Histogram response_;
    Series waiting_;
    Series wait_sums_;
    Series wait_counts_;
};

Gathered gather(const Scenario& scenario, const WorldResult& result, const auto& fits) {
    Gathered gathered;
    for (std::size_t i = 0; i < scenario.traffic.size(); ++i) {
        if (fits(scenario.traffic[i])) gathered.add(result.traffic[i]);
    }
    return gathered;
}

template <class Get>
Figure over_runs(std::span<const RunDigest> runs, Get&& get) {
    std::vector<double> values;
    values.reserve(runs.size());
    for (const RunDigest& run : runs) values.push_back(get(run));
    return figure_of(values);
}

template <class Get>
GroupReport group_report(std::string name, std::span<const RunDigest> runs, Get&& get) {
    GroupReport report;
    report.name = std::move(name);
    for (std::size_t m = 0; m < measure_count; ++m)
        report.figures[m] = over_runs(runs, [&](const RunDigest& r) { return get(r).values[m]; });
    return report;
}

template <class Get>
SeriesReport series_report(std::string name, std::span<const RunDigest> runs, Get&& get) {
    SeriesReport report;
    report.name = std::move(name);
    std::size_t bins = 0;
    for (const RunDigest& run : runs) bins = std::max(bins, get(run).size());
    std::vector<double> column;
    for (std::size_t bin = 0; bin < bins; ++bin) {
        column.clear();
        for (const RunDigest& run : runs) {
            const Series& series = get(run);
            if (bin < series.size() && !std::isnan(series[bin])) column.push_back(series[bin]);
        }
        if (column.empty()) {
            for (auto* out : {&report.mean, &report.low, &report.high}) out->push_back(nothing);
            continue;
        }
        double sum = 0;
        for (const double value : column) sum += value;
        std::sort(column.begin(), column.end());
        const auto last = static_cast<double>(column.size() - 1);
        report.mean.push_back(sum / static_cast<double>(column.size()));
        report.low.push_back(column[static_cast<std::size_t>(std::floor(last * 0.1))]);
        report.high.push_back(column[static_cast<std::size_t>(std::ceil(last * 0.9))]);
    }
    return report;
}

std::string mark_text(const ScenarioEvent& event) {
    switch (event.kind) {
        case EventKind::workers_lost: return "workers lost: " + event.lost.pool;
        case EventKind::deploy: return "deploy: " + event.deploy.pool;
        case EventKind::trouble:
            return "trouble" + (event.trouble.traffic.empty() ? "" : ": " + event.trouble.traffic);
        case EventKind::slow: return "slow";
    }
    return {};
}

std::vector<MarkReport> marks_of(const Scenario& scenario) {
    constexpr std::size_t marks_max = 200;
    std::vector<MarkReport> marks;
    for (const ScenarioEvent& event : scenario.events) {
        for (Duration at = event.at; at < scenario.duration && marks.size() < marks_max;
             at += event.every) {
            marks.push_back({at, mark_text(event)});
            if (event.every <= Duration{0}) break;
        }
    }
    std::sort(marks.begin(), marks.end(), [](const MarkReport& a, const MarkReport& b) {
        return std::tie(a.at, a.text) < std::tie(b.at, b.text);
    });
    return marks;
}

void add_pools(const Scenario& scenario, std::span<const RunDigest> runs, Report& report) {
    for (std::size_t i = 0; i < scenario.pools.size(); ++i) {
        PoolReport pool;
        pool.name = scenario.pools[i].name;
        pool.slots = scenario.pools[i].slots;
        const auto count = [&](std::uint64_t PoolResult::* member) {
            return over_runs(
                runs, [&](const RunDigest& r) { return static_cast<double>(r.pools[i].*member); });
        };
        pool.busy_share =
            over_runs(runs, [&](const RunDigest& r) { return r.pools[i].busy_share; });
        pool.workers = over_runs(runs, [&](const RunDigest& r) { return r.pools[i].workers_mean; });
        pool.crashes = count(&PoolResult::crashes);
        pool.returned = count(&PoolResult::returned);
        pool.scaled_up = count(&PoolResult::scaled_up);
        pool.scaled_down = count(&PoolResult::scaled_down);
        for (std::size_t k = 0; k < scenario.pools[i].resources.size(); ++k) {
            const ResourceAmount& spec = scenario.pools[i].resources[k];
            const auto of = [i, k](const RunDigest& r) -> const ResourceResult& {
                return r.pools[i].resources[k];
            };
            pool.resources.push_back(
                {.name = spec.name,
                 .each = spec.text.empty() ? std::to_string(spec.amount) : spec.text,
                 .used_share =
                     over_runs(runs, [&](const RunDigest& r) { return of(r).used_share; }),
                 .most = over_runs(
                     runs, [&](const RunDigest& r) { return static_cast<double>(of(r).most); }),
                 .used = series_report(
                     pool.name + ": " + spec.name, runs,
                     [&](const RunDigest& r) -> const Series& { return of(r).used; })});
        }
        pool.busy = series_report(
            "busy", runs, [&](const RunDigest& r) -> const Series& { return r.pools[i].busy; });
        pool.present = series_report(
            "workers", runs, [&](const RunDigest& r) -> const Series& { return r.pools[i].slots; });
        report.pools.push_back(std::move(pool));
    }
}

/// Busy slots become shares of the present ones, and slots become workers, before the mean.
void to_shares(PoolResult& pool, std::uint32_t slots) {
    for (std::size_t i = 0; i < pool.busy.size(); ++i) {
        pool.busy[i] = pool.slots[i] > 0 ? std::min(1.0, pool.busy[i] / pool.slots[i]) : 0.0;
        pool.slots[i] /= slots;
    }
}

void add_groups(const Scenario& scenario, std::span<const RunDigest> runs, Report& report) {
    report.total =
        group_report("all jobs", runs, [](const RunDigest& r) -> auto& { return r.total; });
    const auto add = [&](std::vector<GroupReport>& out, const std::string& name,
                         std::vector<RunDigest::Group> RunDigest::* groups, std::size_t place) {
        out.push_back(group_report(
            name, runs, [&](const RunDigest& r) -> auto& { return (r.*groups)[place]; }));
    };
    for (std::size_t i = 0; i < scenario.traffic.size(); ++i)
        add(report.traffic, scenario.traffic[i].name, &RunDigest::traffic, i);
    const std::vector<std::string> queues = queue_names(scenario);
    const std::vector<std::string> tenants = tenant_names(scenario);
    for (std::size_t i = 0; i < queues.size(); ++i) {
        add(report.queues, queues[i], &RunDigest::queues, i);
        report.waiting.push_back(series_report(
            queues[i], runs, [&](const RunDigest& r) -> const Series& { return r.waiting[i]; }));
    }
    for (std::size_t i = 0; i < tenants.size(); ++i)
        add(report.tenants, tenants[i], &RunDigest::tenants, i);
    const auto& names = tenants.empty() ? queues : tenants;
    for (std::size_t i = 0; i < names.size(); ++i)
        report.waits.push_back(series_report(
            names[i], runs, [&](const RunDigest& r) -> const Series& { return r.waits[i]; }));
}

/// What the scenario has that is not the engine's own.
std::string modelled_parts(const Scenario& scenario) {
    std::string parts;
    const auto add = [&parts](bool there, const char* name) {
        if (there) parts += (parts.empty() ? "" : ", ") + std::string(name);
    };
    add(!tenant_names(scenario).empty(), "tenants");
    add(!scenario.limits.empty(), "limits");
    add(std::any_of(scenario.traffic.begin(), scenario.traffic.end(),
                    [](const Traffic& t) { return !t.uses.empty(); }),
        "resources");
    return parts;
}

void add_notes(const Scenario& scenario, Report& report) {
    if (const std::string parts = modelled_parts(scenario); !parts.empty()) {
        report.notes.push_back(
            "Not the engine's own: " + parts +
            ". The queue does not have them yet; they are modelled in front of it (tenants and "
            "sizes as queues of their own, limits and resources as a gate before the fetch). "
            "Everything else is decided by the queue's engine.");
    }
    const Figure& unstarted = report.total[Measure::unstarted];
    if (unstarted.mean > 0 && unstarted.mean > 0.001 * report.total[Measure::arrived].mean) {
        report.notes.push_back(
            "Some jobs still waited for their first worker when a run ended: there are too few "
            "workers, or the run is too short. Their waits are counted as far as they went, so the "
            "true ones are longer.");
    }
    if (report.replications < 5)
        report.notes.push_back("Few replications: the intervals are wide or missing.");
}

}  // namespace

std::string_view to_string(Measure measure) {
    constexpr std::string_view names[measure_count] = {
        "arrived",    "succeeded",     "dead",       "failed_attempts", "lost_attempts",
        "unstarted",  "throughput_hz", "waiting",    "wait_mean_s",     "wait_p50_s",
        "wait_p95_s", "wait_p99_s",    "wait_max_s", "response_mean_s", "response_p95_s"};
    return names[static_cast<std::size_t>(measure)];
}

std::vector<std::string> queue_names(const Scenario& scenario) {
    return names_of(scenario, [](const Traffic& t) -> const std::string& { return t.queue; });
}

std::vector<std::string> tenant_names(const Scenario& scenario) {
    return names_of(scenario, [](const Traffic& t) -> const std::string& { return t.tenant; });
}

Figure figure_of(std::span<const double> values) {
    Summary summary;
    for (const double value : values) {
        if (!std::isnan(value)) summary.add(value);
    }
    if (summary.count() == 0) return {nothing, nothing, nothing};
    if (summary.count() == 1) return {summary.mean(), summary.mean(), summary.mean()};
    const Interval interval = interval_of(summary);
    return {interval.mean, interval.low(), interval.high()};
}

RunDigest digest_of(const Scenario& scenario, WorldResult&& result) {
    RunDigest digest;
    for (std::size_t i = 0; i < scenario.traffic.size(); ++i) {
        const Traffic* only = &scenario.traffic[i];
        digest.traffic.push_back(
            gather(scenario, result, [&](const Traffic& t) { return &t == only; }).group());
    }
    const bool has_tenants = !tenant_names(scenario).empty();
    for (const std::string& name : queue_names(scenario)) {
        Gathered queue =
            gather(scenario, result, [&](const Traffic& t) { return t.queue == name; });
        digest.queues.push_back(queue.group());
        digest.waiting.push_back(queue.waiting());
        if (!has_tenants) digest.waits.push_back(queue.waits());
    }
    for (const std::string& name : tenant_names(scenario)) {
        Gathered tenant =
            gather(scenario, result, [&](const Traffic& t) { return t.tenant == name; });
        digest.tenants.push_back(tenant.group());
        digest.waits.push_back(tenant.waits());
    }
    Gathered all = gather(scenario, result, [](const Traffic&) { return true; });
    digest.total = all.group();
    digest.waiting_total = all.waiting();
    digest.pools = std::move(result.pools);
    for (std::size_t i = 0; i < digest.pools.size(); ++i)
        to_shares(digest.pools[i], scenario.pools[i].slots);
    digest.limits = std::move(result.limits);
    digest.lives = std::move(result.workers);
    digest.drained_at = result.drained_at;
    digest.deliveries = result.deliveries;
    digest.decisions = result.decisions;
    digest.hash = result.hash;
    return digest;
}

Report make_report(const Scenario& scenario, std::span<const RunDigest> runs, Duration warmup) {
    Report report;
    report.name = scenario.name;
    report.description = scenario.description;
    report.seed = scenario.seed;
    report.replications = static_cast<std::uint32_t>(runs.size());
    report.replications_planned = scenario.replications;
    report.duration = scenario.duration;
    report.warmup = warmup;
    report.warmup_found = !scenario.warmup.has_value();
    report.starts_at = scenario.starts_at;
    const auto bins = static_cast<std::int64_t>(WorldOptions{}.bins);
    report.bin = (scenario.duration + Duration{bins - 1}) / bins;
    add_groups(scenario, runs, report);
    add_pools(scenario, runs, report);
    for (std::size_t i = 0; i < scenario.limits.size(); ++i) {
        report.limits.push_back({scenario.limits[i].name, over_runs(runs, [&](const RunDigest& r) {
                                     return r.limits[i].closed_share;
                                 })});
    }
    if (!runs.empty()) {
        for (const WorkerLife& life : runs[0].lives)
            report.lives.push_back(
                {scenario.pools[life.pool].name + " " + std::to_string(life.number + 1),
                 life.spans});
    }
    report.marks = marks_of(scenario);
    std::vector<double> drained;
    for (const RunDigest& run : runs) {
        if (run.drained_at) drained.push_back(to_seconds(*run.drained_at));
        report.deliveries += run.deliveries;
        report.decisions += run.decisions;
        report.hash = (report.hash ^ run.hash) * 0x9e3779b97f4a7c15ULL;
    }
    const bool has_backlog = std::any_of(scenario.traffic.begin(), scenario.traffic.end(),
                                         [](const Traffic& t) { return t.backlog > 0; });
    if (has_backlog) {
        report.not_drained = static_cast<std::uint32_t>(runs.size() - drained.size());
        if (!drained.empty()) report.drained_at = figure_of(drained);
    }
    add_notes(scenario, report);
    return report;
}

}  // namespace sluice::sim
