// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/models_study.h"

#include <algorithm>
#include <limits>
#include <map>

namespace sluice::sim {
namespace {

/// `part(result)` is the class that the study is about.
template <class Part>
ClassStudy class_study(std::span<const ModelResult> results, double level, Part part) {
    const auto of = [&](auto measure) {
        return interval_of(
            results, [&](const ModelResult& one) { return measure(part(one)); }, level);
    };
    const auto quantile = [&of](double q) {
        return of([q](const ClassResult& c) { return to_seconds(c.waits.quantile(q)); });
    };
    ClassStudy made;
    made.in_system = of([](const ClassResult& c) { return c.in_system; });
    made.in_queue = of([](const ClassResult& c) { return c.in_queue; });
    made.sojourn = of([](const ClassResult& c) { return c.sojourn; });
    made.wait = of([](const ClassResult& c) { return c.wait; });
    made.p_wait = of([](const ClassResult& c) { return c.p_wait(); });
    made.p_lost = of([](const ClassResult& c) { return c.p_lost(); });
    made.load_factor = of([](const ClassResult& c) { return c.load_factor(); });
    made.wait_p50 = quantile(0.5);
    made.wait_p95 = quantile(0.95);
    made.wait_p99 = quantile(0.99);
    for (const ModelResult& one : results) made.waits.merge(part(one).waits);
    return made;
}

}  // namespace

Interval interval_of(std::span<const ModelResult> results,
                     const std::function<double(const ModelResult&)>& measure, double level) {
    Summary summary;
    for (const ModelResult& one : results) summary.add(measure(one));
    return interval_of(summary, level);
}

Study study_of(const QueueModel& model, std::span<const ModelResult> results, double level) {
    Study made;
    made.replications = results.size();
    made.all = class_study(results, level,
                           [](const ModelResult& one) -> const ClassResult& { return one.all; });
    made.all.name = "all";
    for (std::size_t i = 0; i < model.classes.size(); ++i) {
        made.classes.push_back(class_study(
            results, level,
            [i](const ModelResult& one) -> const ClassResult& { return one.classes[i]; }));
        made.classes.back().name = model.classes[i].name;
    }
    made.utilisation =
        interval_of(results, [](const ModelResult& one) { return one.utilisation; }, level);
    for (const ModelResult& one : results) made.events += one.events;
    return made;
}

Truncation warmup_of(std::span<const ModelResult> pilots) {
    std::vector<std::vector<float>> series;
    series.reserve(pilots.size());
    for (const ModelResult& one : pilots) series.push_back(one.series);
    return mser5(averaged(series));
}

Result<ServerAnswer> fewest_servers(const ServerSearch& search,
                                    const std::function<Result<double>(std::uint32_t)>& measure) {
    if (search.from < 1 || search.from > search.most)
        return fail(Code::invalid, "the search needs 1 <= from <= most servers");
    std::map<std::uint32_t, double> tried;
    const auto meets = [&](std::uint32_t servers) -> Result<bool> {
        auto found = measure(servers);
        if (!found && found.error().code != Code::exhausted) return found.error();
        const double value = found ? *found : std::numeric_limits<double>::infinity();
        tried[servers] = value;
        return value <= search.goal;
    };
    std::uint32_t missed = search.from - 1;
    std::uint32_t met = search.from;
    for (std::uint32_t step = 1;; step *= 2) {
        SLUICE_TRY(const bool enough, meets(met));
        if (enough) break;
        if (met == search.most)
            return fail(Code::not_found,
                        std::to_string(search.most) + " servers do not meet the goal");
        missed = met;
        met += std::min(step, search.most - met);
    }
    while (met - missed > 1) {
        const std::uint32_t middle = missed + (met - missed) / 2;
        SLUICE_TRY(const bool enough, meets(middle));
        (enough ? met : missed) = middle;
    }
    return ServerAnswer{.servers = met, .tried = {tried.begin(), tried.end()}};
}

}  // namespace sluice::sim
