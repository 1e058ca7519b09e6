// SPDX-License-Identifier: Apache-2.0
// run_virtual: plays a scenario in virtual time, many times at once on all cores, and reports. The
// same scenario and seed give the same report, whatever the number of threads.
//
// For the command line (`sluice simulate --virtual`):
//     SLUICE_TRY(Scenario scenario, load_scenario(file));             // scenario_file.h
//     VirtualOptions options;                                          // --threads, --ask …
//     SLUICE_TRY(Question q, parse_question(text, scenario));          // core/questions.h, --ask
//     options.questions.push_back(q);
//     SLUICE_TRY(Report report, run_virtual(scenario, options));
//     report_text / report_json / report_csv / report_html             // core/report_render.h
// --replications, --seed, --duration and the like are members of the Scenario: set them before;
// `--compare OTHER.toml` is compare_with(load_scenario(OTHER)).
#pragma once

#include "kernel/base/result.h"
#include "kernel/sync/cancel.h"
#include "modules/sim/core/questions.h"
#include "modules/sim/core/report.h"

#include <cstdint>
#include <functional>
#include <vector>

namespace sluice::sim {

struct VirtualOptions {
    std::uint32_t threads = 0;  ///< 0: one for each core. At most 256.
    std::vector<Question> questions;
    CancelToken cancel;  ///< Looked at every few thousand events.
    /// Called with (replications done, known so far to be needed); from one thread at a time.
    std::function<void(std::uint64_t, std::uint64_t)> progress;
};

/// Cancelled, it reports the replications and answers that had finished (Report::is_partial).
/// Errors: invalid (check_scenario), cancelled (before the first replication had finished).
Result<Report> run_virtual(const Scenario& scenario, const VirtualOptions& options);

}  // namespace sluice::sim
