// SPDX-License-Identifier: Apache-2.0
// Studies of plain queueing models: replications on all processors, warm-up found by MSER-5,
// comparison under common random numbers, staffing search.
#pragma once

#include "kernel/sync/cancel.h"
#include "modules/sim/core/models_study.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace sluice::sim {

/// How a model is studied.
struct StudyPlan {
    static constexpr std::uint64_t pilot_customers_max = 1'000'000;

    std::uint64_t seed = 1;
    std::uint64_t replications = 30;
    std::uint64_t customers = 100'000;  ///< That count, in each replication.
    /// Arrivals left out at the front of each; nothing: found by MSER-5 in pilot runs of their own
    /// (replications from 2^32 on) as long as the runs themselves, at most pilot_customers_max.
    std::optional<std::uint64_t> warmup;
    std::uint64_t pilots = 8;
    std::size_t threads = 0;  ///< 0: one for each processor. No result depends on it.
    double level = 0.95;
};

/// Arrivals to leave out. Errors: those of run_model; cancelled.
Result<std::uint64_t> find_warmup(const QueueModel& model, const StudyPlan& plan,
                                  const CancelToken& cancel = {});

/// The results of all replications, in their order, and the warm-up that was left out.
struct StudyRuns {
    std::vector<ModelResult> results;
    std::uint64_t warmup = 0;
};
/// Errors: those of run_model; cancelled.
Result<StudyRuns> run_study(const QueueModel& model, const StudyPlan& plan,
                            const CancelToken& cancel = {});

/// run_study and study_of in one.
Result<Study> study_model(const QueueModel& model, const StudyPlan& plan,
                          const CancelToken& cancel = {});

/// What a change does to a measure.
struct Comparison {
    Interval before;
    Interval after;
    Interval change;  ///< after - before, paired by replication.
    [[nodiscard]] bool is_significant() const { return !change.contains(0); }
};
/// Both models under the same seeds (common random numbers) and the larger of both warm-ups.
Result<Comparison> compare_models(const QueueModel& before, const QueueModel& after,
                                  const StudyPlan& plan,
                                  const std::function<double(const ModelResult&)>& measure,
                                  const CancelToken& cancel = {});

/// What staffing aims at.
struct StaffingGoal {
    std::function<double(const ModelResult&)> measure;
    double at_most = 0;
    std::uint32_t servers_max = 10'000;
};
/// The fewest servers whose mean measure over the replications is at most the goal; begins at the
/// offered load. Errors: not_found (even servers_max miss it), those of run_model; cancelled.
Result<ServerAnswer> find_servers(QueueModel model, const StudyPlan& plan, const StaffingGoal& goal,
                                  const CancelToken& cancel = {});

}  // namespace sluice::sim
