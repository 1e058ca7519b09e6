// SPDX-License-Identifier: Apache-2.0
// Questions to a scenario and their answers: how many workers for a wait, what an event does, what
// a limit costs, when a backlog is gone, what a change changes. Pure: replications are played by
// whoever asks.
#pragma once

#include "kernel/base/result.h"
#include "modules/sim/core/report.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

enum class QuestionKind : std::uint8_t {
    workers_for_wait,
    effect_of_events,
    cost_of_limit,
    drain_time,
    sweep,
    change,
    compare,
};

struct Question {
    static constexpr std::size_t values_max = 100;

    QuestionKind kind = QuestionKind::drain_time;
    std::string text;            ///< As asked.
    std::string parameter;       ///< workers_for_wait, sweep, change: "workers.POOL" and others
    std::vector<double> values;  ///< sweep; change: the new value
    Measure measure = Measure::wait_p99;  ///< workers_for_wait
    Duration wait{0};                     ///< workers_for_wait: less than this
    std::string group;  ///< workers_for_wait: a traffic, queue or tenant; empty: all jobs
    std::string limit;  ///< cost_of_limit
    std::optional<Scenario> other;  ///< compare
};

/// Reads a question:
///   workers for p99 wait < 30s [of GROUP] [in POOL]      p50, p95, p99, mean or max
///   effect of events
///   cost of limit NAME
///   drain time
///   sweep PARAMETER 1..10 [step 2]   or   sweep PARAMETER 0.5, 1, 2
///   change PARAMETER to 5
///   2 more workers [in POOL]   or   1 fewer workers [in POOL]
/// PARAMETER: see parameter() in scenario.h. Errors: invalid or not_found, saying what is allowed.
Result<Question> parse_question(std::string_view text, const Scenario& scenario);

/// Another scenario beside this one.
Question compare_with(Scenario other);

/// Plays `count` replications, numbered from 0, of a scenario with that warm-up. Errors: cancelled.
using Player = std::function<Result<std::vector<RunDigest>>(const Scenario& scenario,
                                                            std::uint32_t count, Duration warmup)>;

/// A scenario that has been played.
struct Played {
    const Scenario& scenario;
    std::span<const RunDigest> runs;
    Duration warmup;
};

/// Answers one question; plays what it needs with the same random numbers. Errors: those of the
/// player, invalid.
Result<Answer> answer(const Question& question, const Played& base, const Player& player);

}  // namespace sluice::sim
