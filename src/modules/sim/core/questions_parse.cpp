// SPDX-License-Identifier: Apache-2.0
// The words of a question.
#include "kernel/base/text.h"
#include "modules/sim/core/questions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace sluice::sim {

namespace {

constexpr std::string_view forms =
    "ask one of: \"workers for p99 wait < 30s [of GROUP] [in POOL]\", \"effect of events\", "
    "\"cost of limit NAME\", \"drain time\", \"sweep PARAMETER 1..10 [step 2]\", \"sweep PARAMETER "
    "1, 2, 5\", \"change PARAMETER to 5\", \"2 more workers [in POOL]\"";

Error unclear(const std::string& what) {
    return fail(Code::invalid, what + "; " + std::string(forms));
}

std::optional<double> number_of(std::string_view text) {
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

/// The text after `word` (" in "), cut off from `text`; empty if it is not there.
std::string cut_tail(std::string& text, std::string_view word) {
    const std::size_t at = text.rfind(word);
    if (at == std::string::npos) return {};
    std::string tail(trim(std::string_view(text).substr(at + word.size())));
    text.resize(at);
    return tail;
}

Result<const Pool*> pool_named(const Scenario& scenario, const std::string& name) {
    if (name.empty()) {
        if (scenario.pools.size() == 1) return &scenario.pools.front();
        return unclear("there are several pools: say which, \"in POOL\"");
    }
    for (const Pool& pool : scenario.pools) {
        if (pool.name == name) return &pool;
    }
    return fail(Code::not_found, "there is no pool \"" + name + "\"");
}

bool is_group(const Scenario& scenario, const std::string& name) {
    return std::any_of(scenario.traffic.begin(), scenario.traffic.end(), [&](const Traffic& t) {
        return t.name == name || t.queue == name || t.tenant == name;
    });
}

Result<Question> read_workers(std::string rest, const Scenario& scenario, Question question) {
    question.kind = QuestionKind::workers_for_wait;
    SLUICE_TRY(const Pool* pool, pool_named(scenario, cut_tail(rest, " in ")));
    question.parameter = "workers." + pool->name;
    question.group = cut_tail(rest, " of ");
    if (!question.group.empty() && !is_group(scenario, question.group))
        return fail(Code::not_found,
                    "there is no traffic, queue or tenant \"" + question.group + "\"");
    const std::size_t less = rest.find('<');
    if (less == std::string::npos) return unclear("a wait is missing (\"p99 wait < 30s\")");
    const std::vector<std::string_view> words = split_words(std::string_view(rest).substr(0, less));
    if (words.size() != 2 || words[1] != "wait")
        return unclear("say which wait: p50, p95, p99, mean or max");
    constexpr std::array<std::string_view, 5> names = {"mean", "p50", "p95", "p99", "max"};
    const auto at = std::find(names.begin(), names.end(), words[0]);
    if (at == names.end()) return unclear("say which wait: p50, p95, p99, mean or max");
    question.measure = static_cast<Measure>(static_cast<int>(Measure::wait_mean) +
                                            static_cast<int>(at - names.begin()));
    const auto wait = parse_duration(trim(std::string_view(rest).substr(less + 1)));
    if (!wait || *wait <= Duration{0})
        return unclear("the wait is a duration such as 30s or 250ms");
    question.wait = *wait;
    return question;
}

/// "1..10", "1..10 step 2" or "1, 2, 5".
Result<std::vector<double>> read_values(std::string_view text) {
    std::vector<double> values;
    const std::size_t dots = text.find("..");
    if (dots == std::string_view::npos) {
        for (const std::string_view part : split(text, ',')) {
            const auto value = number_of(trim(part));
            if (!value) return unclear("values are numbers with commas between them");
            values.push_back(*value);
        }
        std::sort(values.begin(), values.end());
    } else {
        const std::size_t word = text.find("step");
        const auto first = number_of(trim(text.substr(0, dots)));
        const auto last = number_of(trim(text.substr(dots + 2, word - dots - 2)));
        const auto step = word == std::string_view::npos ? std::optional(1.0)
                                                         : number_of(trim(text.substr(word + 4)));
        if (!first || !last || !step || !(*step > 0) || *last < *first)
            return unclear("a range is FIRST..LAST [step STEP], upwards");
        if ((*last - *first) / *step > Question::values_max)
            return unclear("a sweep has at most " + std::to_string(Question::values_max) +
                           " values");
        for (int i = 0; *first + i * *step <= *last * (1 + 1e-12); ++i)
            values.push_back(*first + i * *step);
    }
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (values.empty() || values.size() > Question::values_max)
        return unclear("a sweep has 1 to " + std::to_string(Question::values_max) + " values");
    return values;
}

Result<Question> read_sweep(std::string_view rest, const Scenario& scenario, Question question) {
    question.kind = QuestionKind::sweep;
    // Names may hold blanks: the longest parameter that the text begins with is meant.
    for (const std::string& name : parameter_names(scenario)) {
        if (rest.starts_with(name + " ") && name.size() > question.parameter.size())
            question.parameter = name;
    }
    if (question.parameter.empty()) {
        const auto unknown =
            parameter(scenario, split_words(rest).empty() ? rest : split_words(rest)[0]);
        return unknown ? unclear("values are missing") : unknown.error();
    }
    SLUICE_TRY(question.values, read_values(trim(rest.substr(question.parameter.size()))));
    for (const double value : question.values) {
        auto changed = with_parameter(scenario, question.parameter, value);
        if (!changed) return std::move(changed).error();
    }
    return question;
}

Result<Question> read_change(std::string rest, const Scenario& scenario, Question question) {
    question.kind = QuestionKind::change;
    const auto value = number_of(cut_tail(rest, " to "));
    if (!value) return unclear("say \"change PARAMETER to NUMBER\"");
    question.parameter = std::string(trim(rest));
    question.values = {*value};
    SLUICE_TRY([[maybe_unused]] const Scenario changed,
               with_parameter(scenario, question.parameter, *value));
    return question;
}

/// "2 more workers in mail", "1 fewer workers".
Result<Question> read_more(std::string text, const Scenario& scenario, Question question) {
    SLUICE_TRY(const Pool* pool, pool_named(scenario, cut_tail(text, " in ")));
    const std::vector<std::string_view> words = split_words(text);
    const bool fits = words.size() == 3 && (words[1] == "more" || words[1] == "fewer") &&
                      words[2].starts_with("worker");
    const auto count = fits ? number_of(words[0]) : std::nullopt;
    if (!count || *count < 1) return unclear("\"" + question.text + "\" is not understood");
    question.kind = QuestionKind::change;
    question.parameter = "workers." + pool->name;
    const double now = pool->workers;
    question.values = {words[1] == "more" ? now + *count : now - *count};
    if (question.values[0] < 1) return unclear("no worker would be left");
    SLUICE_TRY([[maybe_unused]] const Scenario changed,
               with_parameter(scenario, question.parameter, question.values[0]));
    return question;
}

}  // namespace

Result<Question> parse_question(std::string_view text, const Scenario& scenario) {
    Question question;
    question.text = std::string(trim(text));
    const std::string_view all = question.text;
    const auto rest_of = [&](std::string_view start) { return trim(all.substr(start.size())); };
    if (all == "drain time") {
        const bool any = std::any_of(scenario.traffic.begin(), scenario.traffic.end(),
                                     [](const Traffic& t) { return t.backlog > 0; });
        if (!any)
            return fail(Code::invalid, "drain time: no traffic of the scenario has a backlog");
        return question;
    }
    if (all == "effect of events") {
        question.kind = QuestionKind::effect_of_events;
        if (scenario.events.empty())
            return fail(Code::invalid, "effect of events: the scenario has no [[event]]");
        return question;
    }
    if (all.starts_with("cost of limit ")) {
        question.kind = QuestionKind::cost_of_limit;
        question.limit = std::string(rest_of("cost of limit "));
        const bool known = std::any_of(scenario.limits.begin(), scenario.limits.end(),
                                       [&](const Limit& l) { return l.name == question.limit; });
        if (!known) return fail(Code::not_found, "there is no limit \"" + question.limit + "\"");
        return question;
    }
    if (all.starts_with("workers for "))
        return read_workers(std::string(rest_of("workers for ")), scenario, question);
    if (all.starts_with("sweep ")) return read_sweep(rest_of("sweep "), scenario, question);
    if (all.starts_with("change "))
        return read_change(std::string(rest_of("change ")), scenario, question);
    if (!all.empty() && all[0] >= '0' && all[0] <= '9')
        return read_more(question.text, scenario, question);
    return unclear("\"" + question.text + "\" is not understood");
}

Question compare_with(Scenario other) {
    Question question;
    question.kind = QuestionKind::compare;
    question.text = "compare with " + other.name;
    question.other = std::move(other);
    return question;
}

}  // namespace sluice::sim
