// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/scenario_process.h"

#include "kernel/base/text.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <utility>

namespace sluice::sim {

namespace {

constexpr std::streamoff trace_bytes_max = 1LL << 30;

const std::vector<std::string_view>& arrival_kinds() {
    static const std::vector<std::string_view> kinds = {"poisson", "constant", "renewal", "bursts",
                                                        "curve",   "trace",    "never"};
    return kinds;
}
const std::vector<std::string_view>& distribution_kinds() {
    static const std::vector<std::string_view> kinds = {
        "constant", "exponential", "uniform",          "lognormal",
        "erlang",   "gamma",       "hyperexponential", "empirical"};
    return kinds;
}

/// The value of a factory, or the note of why not.
template <class T>
T made(Result<T> result, TableReader& table, std::string_view member) {
    if (result) return std::move(result).value();
    table.wrong(member, result.error().message);
    return T{};
}

struct Corner {
    Duration at{0};
    double rate = 0;
};

/// The rate of a repeated curve at a place within its period.
double rate_in_cycle(const std::vector<Corner>& corners, Duration period, bool linear,
                     Duration at) {
    std::size_t last = corners.size() - 1;  // before the first corner the last one is in force
    for (std::size_t i = 0; i < corners.size() && corners[i].at <= at; ++i) last = i;
    if (!linear) return corners[last].rate;
    const Corner& from = corners[last];
    const Corner& to = corners[(last + 1) % corners.size()];
    const Duration length = (to.at - from.at + period) % period;
    const Duration passed = (at - from.at + period) % period;
    if (length <= Duration{0}) return from.rate;
    const double share = to_seconds(passed) / to_seconds(length);
    return from.rate + (to.rate - from.rate) * share;
}

/// The curve as it looks from `start` on: points that ascend and begin at 0.
std::vector<RatePoint> turned(const std::vector<Corner>& corners, Duration period, bool linear,
                              Duration start) {
    std::vector<RatePoint> points;
    for (const Corner& corner : corners)
        points.push_back({(corner.at - start % period + period) % period, corner.rate});
    std::sort(points.begin(), points.end(),
              [](const RatePoint& a, const RatePoint& b) { return a.from < b.from; });
    if (points.front().from > Duration{0}) {
        const double rate = rate_in_cycle(corners, period, linear, start % period);
        points.insert(points.begin(), {Duration{0}, rate});
    }
    return points;
}

std::optional<Corner> read_corner(const TomlValue& item, Mistakes& mistakes,
                                  const std::string& where) {
    TableReader table(item, where + ": point", mistakes);
    Corner corner;
    corner.at = table.moment("at", Duration{0}, Duration{0});
    const auto rate = table.rate("rate");
    if (!table.has("at")) table.wrong("at", "is missing");
    if (!table.has("rate")) table.wrong("rate", "is missing");
    table.finish();
    if (!rate) return std::nullopt;
    corner.rate = *rate;
    return corner;
}

ArrivalProcess read_curve(TableReader& table, const ProcessPlace& place) {
    const Duration period = table.duration("period", 24h);
    const bool linear = table.choice("shape", {"steps", "linear"}, 0) == 1;
    std::vector<Corner> corners;
    for (const TomlValue* item : table.tables("points")) {
        const auto corner = read_corner(*item, *place.mistakes, place.where);
        if (!corner) return {};
        corners.push_back(*corner);
    }
    if (corners.empty() || period <= Duration{0}) {
        table.wrong("points", "takes a list of { at = \"08:00\", rate = \"20/s\" }");
        return {};
    }
    std::sort(corners.begin(), corners.end(),
              [](const Corner& a, const Corner& b) { return a.at < b.at; });
    if (corners.back().at >= period) {
        table.wrong("points", "lie before the end of the period");
        return {};
    }
    const CurveShape shape = linear ? CurveShape::linear : CurveShape::steps;
    auto points = turned(corners, period, linear, place.starts_at);
    return made(ArrivalProcess::curve(std::move(points), period, shape), table, "points");
}

ArrivalProcess read_bursts(TableReader& table, const ProcessPlace& place) {
    std::vector<BurstState> states;
    for (const TomlValue* item : table.tables("states")) {
        TableReader state(*item, place.where + ": state", *place.mistakes);
        BurstState read;
        read.rate = state.rate("rate").value_or(0);
        read.mean_stay = state.duration("stay", 1s);
        if (!state.has("rate")) state.wrong("rate", "is missing");
        if (!state.has("stay")) state.wrong("stay", "is missing");
        state.finish();
        states.push_back(read);
    }
    return made(ArrivalProcess::bursts(std::move(states)), table, "states");
}

TraceFilter read_filter(TableReader& table) {
    return {table.text("queue"), table.text("type"), table.text("tenant")};
}

ArrivalProcess read_trace(TableReader& table, const ProcessPlace& place) {
    const std::string file = table.needed_text("file");
    const TraceFilter filter = read_filter(table);
    if (file.empty()) return {};
    const auto rows = place.traces->rows(file);
    if (!rows) {
        table.wrong("file", rows.error().message);
        return {};
    }
    std::vector<Duration> times = trace_times(**rows, filter);
    if (times.empty()) {
        table.wrong("file", "has no row that matches queue, type and tenant");
        return {};
    }
    return made(ArrivalProcess::trace(std::move(times)), table, "file");
}

Distribution read_empirical(TableReader& table, const ProcessPlace& place) {
    if (!table.has("file")) {
        std::vector<Duration> values;
        const TomlValue* list = table.any("values");
        for (const TomlValue& item : list == nullptr ? std::vector<TomlValue>{} : list->items) {
            const auto value = duration_of(item);
            if (!value) {
                table.wrong("values", "takes a list of durations or seconds");
                return {};
            }
            values.push_back(*value);
        }
        return made(Distribution::empirical(std::move(values)), table, "values");
    }
    const std::string file = table.needed_text("file");
    const auto rows = place.traces->rows(file);
    if (!rows) {
        table.wrong("file", rows.error().message);
        return {};
    }
    return made(Distribution::empirical(trace_services(**rows, read_filter(table))), table, "file");
}

Duration needed_duration(TableReader& table, std::string_view name) {
    if (!table.has(name)) table.wrong(name, "is missing");
    return table.duration(name, 1s);
}

ArrivalProcess arrivals_of(std::size_t kind, TableReader& table, const ProcessPlace& place) {
    switch (kind) {
        case 0: {
            const auto rate = table.rate("rate");
            if (!table.has("rate")) table.wrong("rate", "is missing");
            return rate ? made(ArrivalProcess::poisson(*rate), table, "rate") : ArrivalProcess{};
        }
        case 1:
            return made(ArrivalProcess::constant(needed_duration(table, "every")), table, "every");
        case 2: {
            const TomlValue* gap = table.any("gap");
            if (gap == nullptr) {
                table.wrong("gap", "is missing");
                return {};
            }
            return made(ArrivalProcess::renewal(read_distribution(*gap, place, "gap")), table,
                        "gap");
        }
        case 3: return read_bursts(table, place);
        case 4: return read_curve(table, place);
        case 5: return read_trace(table, place);
        default: return {};
    }
}

Distribution distribution_of(std::size_t kind, TableReader& table, const ProcessPlace& place) {
    if (kind == 0)
        return made(Distribution::constant(needed_duration(table, "value")), table, "value");
    if (kind == 2) {
        const Duration low = needed_duration(table, "low");
        return made(Distribution::uniform(low, needed_duration(table, "high")), table, "high");
    }
    if (kind == 7) return read_empirical(table, place);
    const Duration mean = needed_duration(table, "mean");
    if (kind == 1) return made(Distribution::exponential(mean), table, "mean");
    if (kind == 4) {
        const auto phases = static_cast<unsigned>(table.count("phases", 2, {1, 1000}));
        return made(Distribution::erlang(phases, mean), table, "phases");
    }
    const double cv = table.number("cv", 1, {0, 1000});
    if (!table.has("cv")) table.wrong("cv", "is missing (standard deviation over mean)");
    if (kind == 3) return made(Distribution::lognormal(mean, cv), table, "cv");
    if (kind == 5) return made(Distribution::gamma(mean, cv), table, "cv");
    return made(Distribution::hyperexponential(mean, cv), table, "cv");
}

/// The kind, or nothing with a note.
std::optional<std::size_t> kind_of(TableReader& table, const std::vector<std::string_view>& kinds) {
    if (!table.has("kind")) {
        std::string all;
        for (const std::string_view kind : kinds)
            all += (all.empty() ? "" : ", ") + std::string(kind);
        table.wrong("kind", "is missing; it is one of " + all);
        return std::nullopt;
    }
    const std::size_t kind = table.choice("kind", kinds, kinds.size());
    return kind < kinds.size() ? std::optional(kind) : std::nullopt;
}

Result<std::string> read_whole(const std::string& path) {
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return fail(Code::io, "cannot be read: " + path + ": " + std::strerror(errno));
    const std::streamoff size = file.tellg();
    if (size > trace_bytes_max) return fail(Code::invalid, path + " is larger than 1 GiB");
    if (size < 0) return fail(Code::io, "cannot be read: " + path);
    std::string text(static_cast<std::size_t>(size), '\0');
    file.seekg(0);
    file.read(text.data(), size);
    if (!file) return fail(Code::io, "cannot be read: " + path);
    return text;
}

}  // namespace

Result<const std::vector<TraceRow>*> TraceFiles::rows(const std::string& file) {
    const auto known = files_.find(file);
    if (known != files_.end()) return known->second.get();
    const std::string path = file.starts_with('/') ? file : folder_ + "/" + file;
    SLUICE_TRY(const std::string text, read_whole(path));
    const bool is_json = trim(text).starts_with('[');
    auto rows = is_json ? parse_trace_jobs(text) : parse_trace_csv(text);
    if (!rows) return std::move(rows).error().in(file);
    auto kept = std::make_unique<std::vector<TraceRow>>(std::move(rows).value());
    return files_.emplace(file, std::move(kept)).first->second.get();
}

ArrivalProcess read_arrivals(const TomlValue& value, const ProcessPlace& place) {
    if (value.kind != TomlValue::Kind::table) {
        place.mistakes->add(value.line, place.where +
                                            ": arrivals takes a table such as { kind = "
                                            "\"poisson\", rate = \"20/s\" }");
        return {};
    }
    TableReader table(value, place.where + ": arrivals", *place.mistakes);
    const auto kind = kind_of(table, arrival_kinds());
    if (!kind) return {};
    ArrivalProcess process = arrivals_of(*kind, table, place);
    table.finish();
    return process;
}

Distribution read_distribution(const TomlValue& value, const ProcessPlace& place,
                               std::string_view member) {
    const std::string where = place.where + ": " + std::string(member);
    if (value.kind != TomlValue::Kind::table) {
        const auto length = duration_of(value);
        if (length) return Distribution::constant(*length).value_or(Distribution{});
        place.mistakes->add(value.line, where +
                                            " takes a duration such as \"200ms\", or a table "
                                            "such as { kind = \"exponential\", mean = "
                                            "\"200ms\" }");
        return {};
    }
    TableReader table(value, where, *place.mistakes);
    const auto kind = kind_of(table, distribution_kinds());
    if (!kind) return {};
    Distribution distribution = distribution_of(*kind, table, place);
    table.finish();
    return distribution;
}

}  // namespace sluice::sim
