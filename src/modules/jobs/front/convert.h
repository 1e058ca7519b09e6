// SPDX-License-Identifier: Apache-2.0
// Between the protocol's words (sdk/protocol) and the engine's (jobs/engine). Pure.
#pragma once

#include "kernel/base/result.h"
#include "modules/jobs/engine/command.h"
#include "modules/jobs/engine/decision.h"
#include "sdk/protocol/job_json.h"
#include "sdk/protocol/request.h"

#include <memory>
#include <span>
#include <string>

namespace sluice::jobs {

std::shared_ptr<const JobBody> to_body(const sdk::JobParts& parts);

/// How much of a job a reader sees.
enum class JobShape : std::uint8_t {
    plain,     ///< as Faktory gives it to a worker
    extended,  ///< with lease and attempt
    status,    ///< with state, result and reasons, for people
};
/// Appends the job as JSON; `why` belongs to status.
void append_job(std::string& out, const JobRecord& job, JobShape shape,
                std::span<const std::string> why = {});

/// Errors: invalid (no such state).
Result<JobFilter> to_filter(const sdk::FilterParts& parts);
/// The states that MUTATE's target means.
std::vector<JobState> states_of(sdk::MutateTarget target);
JobRef to_ref(const sdk::JobName& name);
WorkerState to_state(sdk::WorkerWord word);
sdk::WorkerWord to_word(WorkerState state);

}  // namespace sluice::jobs
