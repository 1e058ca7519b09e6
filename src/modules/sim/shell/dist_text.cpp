// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/dist_text.h"

#include <charconv>
#include <string>
#include <utility>
#include <vector>

namespace sluice::sim {

namespace {

constexpr std::string_view distribution_forms =
    "20ms, exponential:20ms, uniform:10ms,30ms, lognormal:20ms,CV, gamma:20ms,CV, "
    "erlang:20ms,PHASES or hyperexponential:20ms,CV";
constexpr std::string_view arrival_forms =
    "asap, poisson:50 (a second; also 120/min, 9000/h), bursts:100@2s,5@10s (rate @ mean stay), or "
    "the gap as ";
constexpr std::size_t parts_max = 100;

/// At most parts_max parts; the last one then holds the rest, marks and all, and reads as nonsense.
std::vector<std::string_view> split(std::string_view text, char mark) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t at =
            parts.size() + 1 < parts_max ? text.find(mark) : std::string_view::npos;
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::optional<double> parse_number(std::string_view text) {
    double number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
    return number;
}

/// "50", "50/s", "120/min", "9000/h" as a rate a second.
std::optional<double> parse_rate(std::string_view text) {
    const std::size_t slash = text.find('/');
    const auto number = parse_number(text.substr(0, slash));
    if (!number || slash == std::string_view::npos) return number;
    const std::string_view unit = text.substr(slash + 1);
    if (unit == "s") return number;
    if (unit == "min" || unit == "m") return *number / 60;
    if (unit == "h") return *number / 3600;
    return std::nullopt;
}

Error bad_distribution(std::string_view text) {
    return fail(Code::invalid, "'" + std::string(text) + "' is no distribution; write " +
                                   std::string(distribution_forms));
}

Error bad_arrivals(std::string_view text) {
    return fail(Code::invalid, "'" + std::string(text) + "' are no arrivals; write " +
                                   std::string(arrival_forms) + std::string(distribution_forms));
}

/// Kinds made from one duration and one number.
Result<Distribution> shaped(std::string_view kind, Duration mean, double shape) {
    if (kind == "lognormal") return Distribution::lognormal(mean, shape);
    if (kind == "gamma") return Distribution::gamma(mean, shape);
    if (kind == "hyperexponential" || kind == "hyper")
        return Distribution::hyperexponential(mean, shape);
    if (!(shape >= 1 && shape <= Distribution::erlang_phases_max) ||
        shape != static_cast<double>(static_cast<unsigned>(shape)))
        return fail(Code::invalid, "erlang: phases must be a whole number from 1 to 1000");
    return Distribution::erlang(static_cast<unsigned>(shape), mean);
}

bool is_shaped(std::string_view kind) {
    return kind == "lognormal" || kind == "gamma" || kind == "erlang" ||
           kind == "hyperexponential" || kind == "hyper";
}

Result<ArrivalProcess> parse_bursts(std::string_view text, std::string_view whole) {
    std::vector<BurstState> states;
    for (const std::string_view part : split(text, ',')) {
        const std::size_t at = part.find('@');
        const auto rate = parse_rate(part.substr(0, at));
        if (!rate || at == std::string_view::npos) return bad_arrivals(whole);
        SLUICE_TRY(const Duration stay, parse_seconds(part.substr(at + 1)));
        states.push_back({.rate = *rate, .mean_stay = stay});
    }
    return ArrivalProcess::bursts(std::move(states));
}

}  // namespace

Result<Duration> parse_seconds(std::string_view text) {
    if (const auto number = parse_number(text)) {
        if (!(*number >= 0 && *number <= 3e9))
            return fail(Code::invalid, "a time of " + std::string(text) + " s is out of range");
        return from_seconds(*number);
    }
    auto duration = parse_duration(text);
    if (!duration)
        return fail(Code::invalid,
                    "'" + std::string(text) +
                        "' is no time; write 250ms, 30s, 1h30m, or a number of seconds");
    return duration;
}

Result<Distribution> parse_distribution(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view kind = colon == text.npos ? "constant" : text.substr(0, colon);
    const auto parts = split(colon == text.npos ? text : text.substr(colon + 1), ',');
    const auto first = parse_seconds(parts[0]);
    if (!first) return bad_distribution(text);
    if (parts.size() == 1) {
        if (kind == "constant" || kind == "deterministic") return Distribution::constant(*first);
        if (kind == "exponential" || kind == "exp") return Distribution::exponential(*first);
        return bad_distribution(text);
    }
    if (parts.size() != 2) return bad_distribution(text);
    if (kind == "uniform") {
        const auto second = parse_seconds(parts[1]);
        return second ? Distribution::uniform(*first, *second)
                      : Result<Distribution>(bad_distribution(text));
    }
    const auto shape = parse_number(parts[1]);
    if (!is_shaped(kind) || !shape) return bad_distribution(text);
    return shaped(kind, *first, *shape);
}

Result<std::optional<ArrivalProcess>> parse_arrivals(std::string_view text) {
    if (text == "asap") return std::optional<ArrivalProcess>{};
    const std::size_t colon = text.find(':');
    const std::string_view kind = text.substr(0, colon);
    if (colon != text.npos && kind == "poisson") {
        const auto rate = parse_rate(text.substr(colon + 1));
        if (!rate) return bad_arrivals(text);
        SLUICE_TRY(ArrivalProcess process, ArrivalProcess::poisson(*rate));
        return std::optional(std::move(process));
    }
    if (colon != text.npos && kind == "bursts") {
        SLUICE_TRY(ArrivalProcess process, parse_bursts(text.substr(colon + 1), text));
        return std::optional(std::move(process));
    }
    const auto gap = parse_distribution(text);
    if (!gap) return bad_arrivals(text);
    if (gap->mean() == Duration{0}) return std::optional<ArrivalProcess>{};
    SLUICE_TRY(ArrivalProcess process, gap->kind() == Distribution::Kind::constant
                                           ? ArrivalProcess::constant(gap->mean())
                                           : ArrivalProcess::renewal(*gap));
    return std::optional(std::move(process));
}

}  // namespace sluice::sim
