// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/questions.h"

#include "modules/sim/core/questions_compare.h"
#include "modules/sim/core/report_words.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace sluice::sim {

namespace {

std::uint32_t count_of(const Played& base) { return static_cast<std::uint32_t>(base.runs.size()); }

/// " in mail"; empty where there is one pool only.
std::string in_pool(const Scenario& scenario, const std::string& pool) {
    return scenario.pools.size() > 1 ? " in " + pool : std::string();
}

std::string workers_text(double count) {
    return say_number(count) + (count == 1 ? " worker" : " workers");
}

// --- how many workers ---------------------------------------------------------------------------

/// Looks for the least number of workers whose interval lies below the wished wait.
class WorkerSearch {
public:
    WorkerSearch(const Question& question, const Played& base, const Player& player)
        : question_(question), base_(base), player_(player) {}

    Result<Answer> run() {
        SLUICE_TRY(const double now, parameter(base_.scenario, question_.parameter));
        const double target = to_seconds(question_.wait);
        const double least = least_workers();
        double enough = std::max(now, least);
        SLUICE_TRY(bool is_enough, fits(enough));
        if (is_enough) {
            SLUICE_TRY_STATUS(go_down(enough, least));
        } else {
            SLUICE_TRY_STATUS(go_up(enough, is_enough));
        }
        Answer answer;
        answer.question = question_.text;
        answer.sentence = is_enough ? say(enough, now) : say_never(enough);
        answer.columns = {"workers", say_measure(question_.measure), "95 % interval"};
        answer.x_name = "workers";
        answer.y_name = say_measure(question_.measure);
        answer.target = target;
        for (const auto& [workers, figure] : tried_) {
            answer.rows.push_back(
                {say_number(workers), say_time(figure.mean), say_interval(figure)});
            answer.points.push_back({workers, figure});
        }
        return answer;
    }

private:
    static constexpr int tries_max = 40;

    [[nodiscard]] const Pool& pool() const {
        const std::string name = question_.parameter.substr(question_.parameter.find('.') + 1);
        return *std::find_if(base_.scenario.pools.begin(), base_.scenario.pools.end(),
                             [&](const Pool& p) { return p.name == name; });
    }
    /// Fewer cannot carry the load, where that can be told: they would only take long to simulate.
    [[nodiscard]] double least_workers() const {
        if (!is_steady(base_.scenario)) return 1;
        double load = 0;
        for (const Traffic& traffic : base_.scenario.traffic)
            load += traffic.arrivals.mean_rate() * to_seconds(traffic.service.mean());
        for (const Pool& other : base_.scenario.pools) {
            if (&other != &pool()) load -= other.workers * other.slots * other.speed;
        }
        return std::max(1.0, std::floor(load / (pool().slots * pool().speed)));
    }
    [[nodiscard]] double most_workers() const {
        return std::floor(static_cast<double>(Scenario::slots_max) / pool().slots / 2);
    }

    Result<bool> fits(double workers) {
        if (!tried_.contains(workers)) SLUICE_TRY_STATUS(play(workers));
        return tried_.at(workers).high <= to_seconds(question_.wait);
    }
    Status play(double workers) {
        SLUICE_TRY(const Scenario changed,
                   with_parameter(base_.scenario, question_.parameter, workers));
        std::vector<RunDigest> runs;
        SLUICE_TRY(const double now, parameter(base_.scenario, question_.parameter));
        Played played = base_;
        if (workers != now) {
            SLUICE_TRY(runs, player_(changed, count_of(base_), base_.warmup));
            played.runs = runs;
        }
        tried_[workers] = figure_of(measured(played, question_.group, question_.measure));
        return {};
    }
    Status go_down(double& enough, double least) {
        double too_few = least - 1;
        for (double step = 1; enough - too_few > 1;) {
            const double next = std::max(too_few + 1, enough - step);
            SLUICE_TRY(const bool ok, fits(next));
            if (!ok) {
                too_few = next;
                break;
            }
            enough = next;
            step *= 2;
        }
        return halve(too_few, enough);
    }
    Status go_up(double& enough, bool& is_enough) {
        double too_few = enough;
        double step = 1;
        while (!is_enough && enough < most_workers() && tried_.size() < tries_max) {
            too_few = enough;
            enough = std::min(most_workers(), enough + step);
            SLUICE_TRY(is_enough, fits(enough));
            step *= 2;
        }
        return is_enough ? halve(too_few, enough) : Status{};
    }
    Status halve(double too_few, double& enough) {
        while (enough - too_few > 1) {
            const double middle = std::floor((too_few + enough) / 2);
            SLUICE_TRY(const bool ok, fits(middle));
            (ok ? enough : too_few) = middle;
        }
        return {};
    }

    [[nodiscard]] std::string goal() const {
        return say_measure(question_.measure) +
               (question_.group.empty() ? "" : " of " + question_.group) + " < " +
               say_time(to_seconds(question_.wait));
    }
    std::string say(double enough, double now) {
        const Figure& best = tried_.at(enough);
        std::string text = workers_text(enough) + in_pool(base_.scenario, pool().name) +
                           " are enough for " + goal() + ": " + say_time(best.mean) +
                           " (95 % interval " + say_interval(best) + ")";
        if (const auto fewer = tried_.find(enough - 1); fewer != tried_.end()) {
            const Figure& near = fewer->second;
            const bool unsure = near.low <= to_seconds(question_.wait);
            text += "; with " + say_number(enough - 1) + " it is " + say_time(near.mean) + " (" +
                    say_interval(near) + ")" +
                    (unsure ? ", which more replications might find enough" : "");
        } else if (enough > 1) {
            text += "; fewer cannot carry the load";
        }
        if (enough != now) {
            text += ". That is " + say_number(std::fabs(enough - now)) +
                    (enough > now ? " more" : " fewer") + " than now";
        }
        return text + ".";
    }
    std::string say_never(double most) {
        const Figure& best = tried_.at(most);
        return "Not even " + workers_text(most) + " bring " + goal() + ": " + say_time(best.mean) +
               " (95 % interval " + say_interval(best) +
               "). Something else is in the way: a limit, an outage, or another pool.";
    }

    const Question& question_;
    const Played& base_;
    const Player& player_;
    std::map<double, Figure> tried_;
};

// --- with and without ---------------------------------------------------------------------------

/// When the number of ready jobs, having risen after an event, is back at what it is without.
struct Recovery {
    double peak = 0;
    double normal = 0;
    std::optional<double>
        after;  ///< Seconds from the event; empty: not before the next or the end.
};

Recovery recovery_after(const ScenarioEvent& event, Duration until, const SeriesReport& with,
                        const SeriesReport& without, Duration bin) {
    Recovery out;
    const auto first = static_cast<std::size_t>(event.at / bin);
    const auto last = std::min(with.mean.size(), static_cast<std::size_t>(until / bin) + 1);
    std::size_t peak_at = first;
    for (std::size_t i = first; i < last; ++i) {
        if (with.mean[i] > out.peak) {
            out.peak = with.mean[i];
            peak_at = i;
        }
    }
    if (first < without.mean.size()) out.normal = without.mean[first];
    for (std::size_t i = peak_at; i < last && i < without.mean.size(); ++i) {
        if (with.mean[i] > without.mean[i] * 1.2 + 1) continue;
        out.after = to_seconds(bin * static_cast<std::int64_t>(i + 1) - event.at);
        break;
    }
    return out;
}

std::string say_event(const ScenarioEvent& event) {
    switch (event.kind) {
        case EventKind::workers_lost:
            return say_share(event.lost.share) + " of " + event.lost.pool + " lost";
        case EventKind::deploy: return "deploy of " + event.deploy.pool;
        case EventKind::trouble:
            return "trouble" +
                   (event.trouble.traffic.empty() ? "" : " with " + event.trouble.traffic);
        case EventKind::slow: return "a slow server";
    }
    return {};
}

void say_recoveries(const Played& base, Answer& answer) {
    const Scenario& scenario = base.scenario;
    const auto bins = static_cast<std::int64_t>(WorldOptions{}.bins);
    const Duration bin = (scenario.duration + Duration{bins - 1}) / bins;
    for (std::size_t i = 0; i < scenario.events.size() && i < 10; ++i) {
        const ScenarioEvent& event = scenario.events[i];
        if (event.at >= scenario.duration) continue;
        Duration until = scenario.duration;
        if (event.every > Duration{0}) until = std::min(until, event.at + event.every);
        for (const ScenarioEvent& other : scenario.events) {
            if (other.at > event.at) until = std::min(until, other.at);
        }
        const Recovery r = recovery_after(event, until, answer.curves[1], answer.curves[0], bin);
        answer.sentence += " " + say_moment(to_seconds(event.at), scenario.starts_at) + " " +
                           say_event(event) + ": up to " + say_number(std::round(r.peak)) +
                           " jobs wait (without: " + say_number(std::round(r.normal)) + "), ";
        answer.sentence += r.after ? "back to normal within " + say_time(*r.after) + "."
                                   : "not back to normal before the next event or the end.";
    }
}

Result<Answer> effect_of_events(const Question& question, const Played& base,
                                const Player& player) {
    Scenario calm = base.scenario;
    calm.events.clear();
    SLUICE_TRY(const std::vector<RunDigest> runs, player(calm, count_of(base), base.warmup));
    const Played without{calm, runs, base.warmup};
    Answer answer;
    answer.question = question.text;
    compare(without, base, answer);
    answer.curves[0].name = "without events";
    answer.curves[1].name = "with events";
    answer.sentence = "With the events " +
                      say_difference(difference(without, base, "", Measure::wait_p99), "p99 wait") +
                      ".";
    say_recoveries(base, answer);
    return answer;
}

Result<Answer> cost_of_limit(const Question& question, const Played& base, const Player& player) {
    Scenario open = base.scenario;
    std::erase_if(open.limits, [&](const Limit& l) { return l.name == question.limit; });
    SLUICE_TRY(const std::vector<RunDigest> runs, player(open, count_of(base), base.warmup));
    const Played without{open, runs, base.warmup};
    Answer answer;
    answer.question = question.text;
    compare(without, base, answer);
    answer.curves[0].name = "without the limit";
    answer.curves[1].name = "with the limit";
    answer.sentence = "With the limit " + question.limit + ", ";
    std::vector<std::string> names = tenant_names(base.scenario);
    if (names.empty()) {
        for (const Traffic& traffic : base.scenario.traffic) names.push_back(traffic.name);
    }
    for (std::size_t i = 0; i < names.size() && i < 6; ++i) {
        if (i > 0) answer.sentence += "; ";
        answer.sentence += say_difference(difference(without, base, names[i], Measure::wait_p95),
                                          "p95 wait of " + names[i]);
    }
    answer.sentence += ".";
    return answer;
}

// --- the others ---------------------------------------------------------------------------------

Result<Answer> drain_time(const Question& question, const Played& base, const Player&) {
    Answer answer;
    answer.question = question.text;
    std::vector<double> drained;
    for (const RunDigest& run : base.runs) {
        if (run.drained_at) drained.push_back(to_seconds(*run.drained_at));
    }
    double jobs = 0;
    for (const Traffic& traffic : base.scenario.traffic)
        jobs += static_cast<double>(traffic.backlog);
    const std::string what = "The backlog of " + say_number(jobs) + " jobs ";
    if (drained.empty()) {
        answer.sentence = what + "is not gone within " +
                          say_time(to_seconds(base.scenario.duration)) + " in any replication.";
        return answer;
    }
    const Figure figure = figure_of(drained);
    answer.sentence = what + "is gone after " + say_time(figure.mean) + " (95 % interval " +
                      say_interval(figure) + ")";
    if (base.scenario.starts_at > Duration{0})
        answer.sentence += ", at " + say_moment(figure.mean, base.scenario.starts_at);
    if (drained.size() < base.runs.size()) {
        answer.sentence +=
            "; in " + say_number(static_cast<double>(base.runs.size() - drained.size())) + " of " +
            say_number(static_cast<double>(base.runs.size())) + " replications it is not within " +
            say_time(to_seconds(base.scenario.duration));
    }
    answer.sentence += ".";
    std::sort(drained.begin(), drained.end());
    answer.columns = {"replications", "soonest", "mean", "latest"};
    answer.rows = {{say_number(static_cast<double>(drained.size())), say_time(drained.front()),
                    say_time(figure.mean), say_time(drained.back())}};
    return answer;
}

Result<Answer> sweep(const Question& question, const Played& base, const Player& player) {
    Answer answer;
    answer.question = question.text;
    answer.columns = {question.parameter, "median wait",          "p95 wait",
                      "p99 wait",         "95 % interval of p99", "busy"};
    answer.x_name = question.parameter;
    answer.y_name = say_measure(Measure::wait_p99);
    for (const double value : question.values) {
        SLUICE_TRY(const Scenario changed,
                   with_parameter(base.scenario, question.parameter, value));
        SLUICE_TRY(const std::vector<RunDigest> runs, player(changed, count_of(base), base.warmup));
        const Played played{changed, runs, base.warmup};
        const Figure high = figure_of(measured(played, "", Measure::wait_p99));
        double busy = 0;
        for (const RunDigest& run : runs) busy += run.pools.front().busy_share;
        answer.rows.push_back(
            {say_number(value), say_time(figure_of(measured(played, "", Measure::wait_p50)).mean),
             say_time(figure_of(measured(played, "", Measure::wait_p95)).mean), say_time(high.mean),
             say_interval(high), say_share(busy / static_cast<double>(runs.size()))});
        answer.points.push_back({value, high});
    }
    const AnswerPoint& first = answer.points.front();
    const AnswerPoint& last = answer.points.back();
    answer.sentence = "From " + say_number(first.x) + " to " + say_number(last.x) + " " +
                      question.parameter + ", p99 wait goes from " + say_time(first.y.mean) + " (" +
                      say_interval(first.y) + ") to " + say_time(last.y.mean) + " (" +
                      say_interval(last.y) + ").";
    return answer;
}

/// "With 2 more workers in mail", "With failures.mail = 0.2".
std::string say_change(const Scenario& scenario, const std::string& name, double before,
                       double after) {
    if (name.starts_with("workers.")) {
        const double more = after - before;
        return "With " + say_number(std::fabs(more)) + (more > 0 ? " more" : " fewer") +
               (std::fabs(more) == 1 ? " worker" : " workers") + in_pool(scenario, name.substr(8));
    }
    return "With " + name + " = " + say_number(after);
}

Result<Answer> versus(const Question& question, const Played& base, const Scenario& other,
                      const std::string& intro, const Player& player) {
    SLUICE_TRY(const std::vector<RunDigest> runs,
               player(other, count_of(base), other.warmup.value_or(base.warmup)));
    const Played after{other, runs, base.warmup};
    Answer answer;
    answer.question = question.text;
    compare(base, after, answer);
    answer.sentence = intro + " " +
                      say_difference(difference(base, after, "", Measure::wait_p99), "p99 wait") +
                      ".";
    return answer;
}

}  // namespace

Result<Answer> answer(const Question& question, const Played& base, const Player& player) {
    switch (question.kind) {
        case QuestionKind::workers_for_wait: return WorkerSearch(question, base, player).run();
        case QuestionKind::effect_of_events: return effect_of_events(question, base, player);
        case QuestionKind::cost_of_limit: return cost_of_limit(question, base, player);
        case QuestionKind::drain_time: return drain_time(question, base, player);
        case QuestionKind::sweep: return sweep(question, base, player);
        case QuestionKind::change: {
            SLUICE_TRY(const double now, parameter(base.scenario, question.parameter));
            SLUICE_TRY(const Scenario changed,
                       with_parameter(base.scenario, question.parameter, question.values.at(0)));
            return versus(question, base, changed,
                          say_change(base.scenario, question.parameter, now, question.values[0]),
                          player);
        }
        case QuestionKind::compare: {
            Scenario other = *question.other;
            other.seed = base.scenario.seed;  // common random numbers
            SLUICE_TRY_STATUS(check_scenario(other));
            return versus(question, base, other, "As in " + other.name + ",", player);
        }
    }
    return fail(Code::internal, "unknown question");
}

}  // namespace sluice::sim
