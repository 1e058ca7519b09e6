// SPDX-License-Identifier: Apache-2.0
// WAIT: clients that want to know when jobs are final.
#pragma once

#include "modules/jobs/engine/state.h"

namespace sluice::jobs {

void apply_wait(EngineState& state, const Wait& wait);
/// The job has become final: answers the waits that were open for it alone.
void notify_waits(EngineState& state, const JobRecord& job);
/// The wait's deadline has passed: answers with what is known.
void expire_wait(EngineState& state, TicketId ticket);
/// The asking connection is gone.
void drop_wait(EngineState& state, TicketId ticket);

}  // namespace sluice::jobs
