// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/questions_compare.h"

#include "modules/sim/core/report_words.h"
#include "modules/sim/core/stats.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::sim {

namespace {

/// Where a group's numbers lie in a digest.
const RunDigest::Group* find_group(const Scenario& scenario, const RunDigest& run,
                                   const std::string& name) {
    if (name.empty()) return &run.total;
    for (std::size_t i = 0; i < scenario.traffic.size(); ++i) {
        if (scenario.traffic[i].name == name) return &run.traffic[i];
    }
    const std::vector<std::string> queues = queue_names(scenario);
    if (const auto at = std::find(queues.begin(), queues.end(), name); at != queues.end())
        return &run.queues[static_cast<std::size_t>(at - queues.begin())];
    const std::vector<std::string> tenants = tenant_names(scenario);
    if (const auto at = std::find(tenants.begin(), tenants.end(), name); at != tenants.end())
        return &run.tenants[static_cast<std::size_t>(at - tenants.begin())];
    return nullptr;
}

std::vector<std::string> group_names(const Scenario& scenario) {
    std::vector<std::string> names = {""};
    const std::vector<std::string> tenants = tenant_names(scenario);
    const std::vector<std::string> queues = queue_names(scenario);
    if (tenants.size() > 1) names.insert(names.end(), tenants.begin(), tenants.end());
    if (tenants.empty() && queues.size() > 1)
        names.insert(names.end(), queues.begin(), queues.end());
    if (scenario.traffic.size() > 1 && scenario.traffic.size() <= 20) {
        for (const Traffic& traffic : scenario.traffic) {
            if (std::find(names.begin(), names.end(), traffic.name) == names.end())
                names.push_back(traffic.name);
        }
    }
    return names;
}

SeriesReport mean_waiting(const Played& played, const std::string& name) {
    SeriesReport series;
    series.name = name;
    std::size_t bins = 0;
    for (const RunDigest& run : played.runs) bins = std::max(bins, run.waiting_total.size());
    for (std::size_t bin = 0; bin < bins; ++bin) {
        double sum = 0;
        double count = 0;
        for (const RunDigest& run : played.runs) {
            if (bin >= run.waiting_total.size()) continue;
            sum += run.waiting_total[bin];
            ++count;
        }
        series.mean.push_back(count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN());
    }
    series.low = series.mean;
    series.high = series.mean;
    return series;
}

}  // namespace

std::vector<double> measured(const Played& played, const std::string& group, Measure measure) {
    std::vector<double> values;
    for (const RunDigest& run : played.runs) {
        const RunDigest::Group* found = find_group(played.scenario, run, group);
        values.push_back(found != nullptr ? found->values[static_cast<std::size_t>(measure)]
                                          : std::numeric_limits<double>::quiet_NaN());
    }
    return values;
}

Difference difference(const Played& before, const Played& after, const std::string& group,
                      Measure measure) {
    const std::vector<double> a = measured(before, group, measure);
    const std::vector<double> b = measured(after, group, measure);
    Difference out;
    out.before = figure_of(a);
    out.after = figure_of(b);
    std::vector<double> changes;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) changes.push_back(b[i] - a[i]);
    out.change = figure_of(changes);
    out.is_certain = changes.size() > 1 && (out.change.low > 0 || out.change.high < 0);
    return out;
}

std::string say_measure(Measure measure) {
    switch (measure) {
        case Measure::wait_mean: return "mean wait";
        case Measure::wait_p50: return "median wait";
        case Measure::wait_p95: return "p95 wait";
        case Measure::wait_p99: return "p99 wait";
        case Measure::wait_max: return "longest wait";
        case Measure::response_mean: return "mean time to the end";
        case Measure::response_p95: return "p95 time to the end";
        default: return std::string(to_string(measure));
    }
}

std::string say_difference(const Difference& d, const std::string& what) {
    if (std::isnan(d.before.mean) || std::isnan(d.after.mean)) return what + " cannot be compared";
    const std::string from = say_time(d.before.mean);
    const std::string to = say_time(d.after.mean);
    const std::string interval =
        " (95 % interval of the difference " + say_interval(d.change) + ")";
    if (!d.is_certain) {
        return what + " does not change for certain: " + from + " before, " + to + " after" +
               interval;
    }
    const std::string verb = d.change.mean < 0 ? " falls from " : " rises from ";
    return what + verb + from + " to " + to + interval;
}

void compare(const Played& before, const Played& after, Answer& out) {
    out.columns = {"jobs",       "p50 before", "p50 after",
                   "p99 before", "p99 after",  "change of p99, 95 % interval"};
    for (const std::string& name : group_names(before.scenario)) {
        const Difference median = difference(before, after, name, Measure::wait_p50);
        const Difference high = difference(before, after, name, Measure::wait_p99);
        if (std::isnan(high.after.mean) && std::isnan(high.before.mean)) continue;
        out.rows.push_back({name.empty() ? "all" : name, say_time(median.before.mean),
                            say_time(median.after.mean), say_time(high.before.mean),
                            say_time(high.after.mean), say_interval(high.change)});
    }
    out.curves = {mean_waiting(before, "before"), mean_waiting(after, "after")};
}

}  // namespace sluice::sim
