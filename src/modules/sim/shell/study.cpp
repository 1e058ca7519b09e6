// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/study.h"

#include "modules/sim/shell/replications.h"

#include <algorithm>
#include <cmath>

namespace sluice::sim {
namespace {

constexpr std::uint64_t first_pilot = std::uint64_t{1} << 32;

}  // namespace

Result<std::uint64_t> find_warmup(const QueueModel& model, const StudyPlan& plan,
                                  const CancelToken& cancel) {
    const std::uint64_t length = std::min(plan.customers, StudyPlan::pilot_customers_max);
    SLUICE_TRY(const auto pilots,
               run_replications(
                   {.count = plan.pilots, .first = first_pilot, .threads = plan.threads},
                   [&](std::uint64_t replication) {
                       return run_model(model, {.seed = plan.seed,
                                                .replication = replication,
                                                .customers = length,
                                                .series_max = length});
                   },
                   cancel));
    return std::uint64_t{warmup_of(pilots).count};
}

Result<StudyRuns> run_study(const QueueModel& model, const StudyPlan& plan,
                            const CancelToken& cancel) {
    StudyRuns made;
    if (plan.warmup) {
        made.warmup = *plan.warmup;
    } else {
        SLUICE_TRY(made.warmup, find_warmup(model, plan, cancel));
    }
    SLUICE_TRY(made.results, run_replications(
                                 {.count = plan.replications, .threads = plan.threads},
                                 [&](std::uint64_t replication) {
                                     return run_model(model, {.seed = plan.seed,
                                                              .replication = replication,
                                                              .customers = plan.customers,
                                                              .warmup = made.warmup});
                                 },
                                 cancel));
    return made;
}

Result<Study> study_model(const QueueModel& model, const StudyPlan& plan,
                          const CancelToken& cancel) {
    SLUICE_TRY(const StudyRuns runs, run_study(model, plan, cancel));
    Study made = study_of(model, runs.results, plan.level);
    made.warmup = runs.warmup;
    return made;
}

Result<Comparison> compare_models(const QueueModel& before, const QueueModel& after,
                                  const StudyPlan& plan,
                                  const std::function<double(const ModelResult&)>& measure,
                                  const CancelToken& cancel) {
    StudyPlan shared = plan;
    if (!plan.warmup) {
        SLUICE_TRY(const std::uint64_t one, find_warmup(before, plan, cancel));
        SLUICE_TRY(const std::uint64_t other, find_warmup(after, plan, cancel));
        shared.warmup = std::max(one, other);
    }
    std::vector<double> values[2];
    const QueueModel* const models[2] = {&before, &after};
    for (std::size_t i = 0; i < 2; ++i) {
        SLUICE_TRY(const StudyRuns runs, run_study(*models[i], shared, cancel));
        for (const ModelResult& one : runs.results) values[i].push_back(measure(one));
    }
    return Comparison{.before = interval_of(values[0], plan.level),
                      .after = interval_of(values[1], plan.level),
                      .change = paired_difference(values[0], values[1], plan.level)};
}

Result<ServerAnswer> find_servers(QueueModel model, const StudyPlan& plan, const StaffingGoal& goal,
                                  const CancelToken& cancel) {
    const double load = model.offered_load();
    const double least = model.capacity ? 1.0 : std::floor(load) + 1;
    ServerSearch search{.from = static_cast<std::uint32_t>(std::clamp(least, 1.0, 1e6)),
                        .most = goal.servers_max,
                        .goal = goal.at_most};
    if (search.from > search.most)
        return fail(Code::not_found,
                    "the offered load alone needs " + std::to_string(search.from) + " servers");
    return fewest_servers(search, [&](std::uint32_t servers) -> Result<double> {
        model.servers = servers;
        SLUICE_TRY(const StudyRuns runs, run_study(model, plan, cancel));
        return interval_of(runs.results, goal.measure, plan.level).mean;
    });
}

}  // namespace sluice::sim
