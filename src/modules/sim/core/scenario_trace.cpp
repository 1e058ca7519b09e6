// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/scenario_trace.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_reader.h"
#include "modules/sim/core/dist.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <utility>

namespace sluice::sim {

namespace {

constexpr std::size_t rows_max = 5'000'000;
constexpr std::size_t line_bytes_max = 64 * 1024;
constexpr double seconds_max = 100.0 * 366 * 24 * 3600;

enum class Column : std::uint8_t { at, queue, type, tenant, service, other };

Error at_line(std::size_t line, const std::string& message) {
    return fail(Code::invalid, "line " + std::to_string(line) + ": " + message);
}

/// Splits CSV records; a quoted field may hold commas, quotes and line ends.
class CsvReader {
public:
    explicit CsvReader(std::string_view text) : text_(text) {}

    [[nodiscard]] bool at_end() const { return place_ >= text_.size(); }
    /// The line on which the record read last began.
    [[nodiscard]] std::size_t line() const { return record_line_; }

    Result<bool> next(std::vector<std::string>& fields) {
        fields.clear();
        record_line_ = line_;
        begin_ = place_;
        for (;;) {
            SLUICE_TRY(std::string field, read_field());
            fields.push_back(std::move(field));
            if (at_end()) return true;
            const char c = text_[place_++];
            if (c == ',') continue;
            if (c == '\r' && !at_end() && text_[place_] == '\n') ++place_;
            ++line_;
            return true;
        }
    }

private:
    Result<std::string> read_field() {
        if (!at_end() && text_[place_] == '"') return read_quoted();
        const std::size_t end = std::min(text_.find_first_of(",\r\n", place_), text_.size());
        if (end - begin_ > line_bytes_max) return too_long();
        std::string field(text_.substr(place_, end - place_));
        place_ = end;
        return field;
    }
    Result<std::string> read_quoted() {
        std::string field;
        ++place_;
        for (;;) {
            if (at_end()) return at_line(record_line_, "a quoted field does not end");
            if (place_ - begin_ > line_bytes_max) return too_long();
            const char c = text_[place_++];
            if (c == '\n') ++line_;
            if (c != '"') {
                field += c;
                continue;
            }
            if (at_end() || text_[place_] != '"') break;
            field += '"';
            ++place_;
        }
        if (!at_end() && std::string_view(",\r\n").find(text_[place_]) == std::string_view::npos)
            return at_line(record_line_, "text follows the end of a quoted field");
        return field;
    }
    [[nodiscard]] Error too_long() const {
        return at_line(record_line_, "longer than 64 KiB; is this a CSV file?");
    }

    std::string_view text_;
    std::size_t place_ = 0;
    std::size_t begin_ = 0;
    std::size_t line_ = 1;
    std::size_t record_line_ = 1;
};

std::optional<Duration> parse_plain_seconds(std::string_view text) {
    double value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
    if (!std::isfinite(value) || value < 0 || value > seconds_max) return std::nullopt;
    return from_seconds(value);
}

std::optional<Duration> parse_length(std::string_view text) {
    if (const auto seconds = parse_plain_seconds(text)) return seconds;
    const auto duration = parse_duration(text);
    if (duration && *duration >= Duration{0}) return *duration;
    return std::nullopt;
}

/// The form of the `at` column, decided by its first value.
struct Moment {
    Duration at{0};
    bool absolute = false;
};

std::optional<Moment> parse_moment(std::string_view text) {
    if (const auto length = parse_length(text)) return Moment{*length, false};
    const auto wall = parse_rfc3339(text);
    if (wall) return Moment{wall->time_since_epoch(), true};
    return std::nullopt;
}

Result<std::vector<Column>> read_header(const std::vector<std::string>& fields) {
    static constexpr std::array<std::string_view, 5> names = {"at", "queue", "type", "tenant",
                                                              "service"};
    std::vector<Column> columns;
    for (const std::string& field : fields) {
        const auto at = std::find(names.begin(), names.end(), trim(field));
        columns.push_back(static_cast<Column>(at - names.begin()));
        const bool again = columns.back() != Column::other &&
                           std::count(columns.begin(), columns.end(), columns.back()) > 1;
        if (again) return at_line(1, "two columns are called \"" + field + "\"");
    }
    if (std::find(columns.begin(), columns.end(), Column::at) == columns.end())
        return at_line(1, "no column is called \"at\" (when the job arrived)");
    return columns;
}

Result<bool> read_cell(Column column, const std::string& cell, TraceRow& row) {
    switch (column) {
        case Column::at: {
            const auto moment = parse_moment(trim(cell));
            if (!moment)
                return fail(Code::invalid,
                            "at takes seconds, a duration such as 1m30s, or RFC 3339");
            row.at = moment->at;
            return moment->absolute;
        }
        case Column::queue: row.queue = cell; break;
        case Column::type: row.type = cell; break;
        case Column::tenant: row.tenant = cell; break;
        case Column::service: {
            if (trim(cell).empty()) break;
            row.service = parse_length(trim(cell));
            if (!row.service)
                return fail(Code::invalid, "service takes seconds or a duration such as 250ms");
            break;
        }
        case Column::other: break;
    }
    return false;
}

/// Orders the rows and, where the times are those of a calendar, lets the first be the start.
void order_rows(std::vector<TraceRow>& rows, bool absolute) {
    std::vector<std::pair<Duration, std::size_t>> order(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) order[i] = {rows[i].at, i};
    std::sort(order.begin(), order.end());  // rows of one time stay as the file has them
    std::vector<TraceRow> ordered;
    ordered.reserve(rows.size());
    for (const auto& [at, i] : order) ordered.push_back(std::move(rows[i]));
    rows = std::move(ordered);
    if (!absolute || rows.empty()) return;
    const Duration first = rows.front().at;
    for (TraceRow& row : rows) row.at -= first;
}

bool matches(const TraceRow& row, const TraceFilter& filter) {
    return (filter.queue.empty() || filter.queue == row.queue) &&
           (filter.type.empty() || filter.type == row.type) &&
           (filter.tenant.empty() || filter.tenant == row.tenant);
}

std::string text_of(JsonView object, std::string_view name) {
    const auto member = object.find(name);
    if (!member) return {};
    const auto text = member->as_string();
    return text ? std::string(*text) : std::string();
}

}  // namespace

Result<std::vector<TraceRow>> parse_trace_csv(std::string_view text) {
    CsvReader reader(text);
    std::vector<std::string> fields;
    if (reader.at_end()) return at_line(1, "the trace is empty");
    SLUICE_TRY([[maybe_unused]] const bool header, reader.next(fields));
    SLUICE_TRY(const std::vector<Column> columns, read_header(fields));
    std::vector<TraceRow> rows;
    std::optional<bool> absolute;
    while (!reader.at_end()) {
        SLUICE_TRY([[maybe_unused]] const bool more, reader.next(fields));
        if (fields.size() == 1 && trim(fields[0]).empty()) continue;
        if (fields.size() != columns.size())
            return at_line(reader.line(), "has " + std::to_string(fields.size()) +
                                              " fields; the first line names " +
                                              std::to_string(columns.size()));
        if (rows.size() == rows_max) return at_line(reader.line(), "more than 5,000,000 rows");
        TraceRow row;
        for (std::size_t i = 0; i < columns.size(); ++i) {
            const auto is_absolute = read_cell(columns[i], fields[i], row);
            if (!is_absolute) return at_line(reader.line(), is_absolute.error().message);
            if (columns[i] != Column::at) continue;
            if (absolute && *absolute != *is_absolute)
                return at_line(reader.line(),
                               "at mixes times of a calendar with times since the "
                               "start");
            absolute = *is_absolute;
        }
        rows.push_back(std::move(row));
    }
    order_rows(rows, absolute.value_or(false));
    return rows;
}

Result<std::vector<TraceRow>> parse_trace_jobs(std::string_view json) {
    JsonParser parser;
    SLUICE_TRY(const JsonView root, parser.parse(json));
    if (!root.is_array())
        return fail(Code::invalid, "a list of jobs is expected, as `sluice jobs --json` prints");
    std::vector<TraceRow> rows;
    for (const JsonView job : root.elements()) {
        TraceRow row;
        const auto created = parse_rfc3339(text_of(job, "created_at"));
        if (!created)
            return fail(Code::invalid, "job " + std::to_string(rows.size() + 1) +
                                           " of the list has no created_at");
        row.at = created->time_since_epoch();
        row.queue = text_of(job, "queue");
        row.type = text_of(job, "jobtype");
        if (const auto custom = job.find("custom")) {
            if (const auto ours = custom->find("sluice")) row.tenant = text_of(*ours, "tenant");
        }
        rows.push_back(std::move(row));
    }
    order_rows(rows, true);
    return rows;
}

std::vector<Duration> trace_times(const std::vector<TraceRow>& rows, const TraceFilter& filter) {
    std::vector<Duration> times;
    for (const TraceRow& row : rows) {
        if (matches(row, filter)) times.push_back(row.at);
    }
    return times;
}

std::vector<Duration> trace_services(const std::vector<TraceRow>& rows, const TraceFilter& filter) {
    std::vector<Duration> services;
    for (const TraceRow& row : rows) {
        if (row.service && matches(row, filter)) services.push_back(*row.service);
    }
    return services;
}

}  // namespace sluice::sim
