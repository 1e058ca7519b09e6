// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/report/report_table.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_reader.h"
#include "modules/work/core/csv/csv_value.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace sluice::work {

namespace {

std::string cell_text(JsonView value, const ReportLimits& limits) {
    if (value.is_null()) return {};
    const auto text = value.as_string();
    return cut_text(text ? *text : value.raw(), limits.cell_bytes_max);
}

/// One step of a JSON pointer, with ~1 and ~0 read.
std::string pointer_part(std::string_view part) {
    std::string out;
    for (std::size_t i = 0; i < part.size(); ++i) {
        const bool escape = part[i] == '~' && i + 1 < part.size();
        out += escape ? (part[++i] == '1' ? '/' : '~') : part[i];
    }
    return out;
}

Result<JsonView> follow(JsonView from, std::string_view at) {
    if (at.empty()) return from;
    if (at.front() != '/') return fail(Code::invalid, "a place begins with \"/\"");
    for (const auto part : split(at.substr(1), '/')) {
        const std::string name = pointer_part(part);
        std::optional<JsonView> next;
        if (from.is_object()) {
            next = from.find(name);
        } else if (const auto number = parse_int(name); number && from.is_array()) {
            std::int64_t index = 0;
            for (const JsonView element : from.elements()) {
                if (index++ != *number) continue;
                next = element;
                break;
            }
        }
        if (!next) {
            return fail(Code::not_found, "there is nothing at \"" + cut_text(at, 100) + "\"");
        }
        from = *next;
    }
    return from;
}

/// Puts rows together whose columns become known one by one.
class TableMaker {
public:
    TableMaker(ReportTable& table, const ReportLimits& limits) : table_(table), limits_(limits) {}

    Status begin_row() {
        if (table_.rows.size() == limits_.rows_max) {
            return fail(Code::exhausted, "more than " + std::to_string(limits_.rows_max) + " rows");
        }
        table_.rows.emplace_back();
        return {};
    }
    Status put(std::string_view column, JsonView value) {
        const auto found = std::find(table_.columns.begin(), table_.columns.end(), column);
        const auto index = static_cast<std::size_t>(found - table_.columns.begin());
        if (found == table_.columns.end()) {
            if (table_.columns.size() == limits_.columns_max) {
                return fail(Code::exhausted,
                            "more than " + std::to_string(limits_.columns_max) + " columns");
            }
            table_.columns.emplace_back(column);
        }
        auto& row = table_.rows.back();
        if (row.size() <= index) row.resize(index + 1);
        row[index] = cell_text(value, limits_);
        return {};
    }
    void finish() {
        for (auto& row : table_.rows) row.resize(table_.columns.size());
    }

private:
    ReportTable& table_;
    const ReportLimits& limits_;
};

Status add_element(TableMaker& maker, JsonView element) {
    SLUICE_TRY_STATUS(maker.begin_row());
    if (element.is_object()) {
        for (const auto& [name, value] : element.members()) {
            SLUICE_TRY_STATUS(maker.put(name, value));
        }
    } else if (element.is_array()) {
        std::size_t number = 0;
        for (const JsonView value : element.elements()) {
            SLUICE_TRY_STATUS(maker.put("column " + std::to_string(++number), value));
        }
    } else {
        SLUICE_TRY_STATUS(maker.put("value", element));
    }
    return {};
}

}  // namespace

Result<std::size_t> ReportTable::find(std::string_view column) const {
    const auto found = std::find(columns.begin(), columns.end(), column);
    if (found != columns.end()) return static_cast<std::size_t>(found - columns.begin());
    std::string why = "there is no column \"" + cut_text(column, 100) + "\"";
    const std::vector<std::string_view> candidates(columns.begin(), columns.end());
    if (const auto near = nearest(column, candidates)) {
        why += "; did you mean \"" + cut_text(*near, 100) + "\"?";
    }
    return fail(Code::invalid, why);
}

bool ReportTable::is_numeric(std::size_t column) const {
    bool any = false;
    for (const auto& row : rows) {
        if (row[column].empty()) continue;
        if (!as_number(row[column])) return false;
        any = true;
    }
    return any;
}

bool ReportTable::is_temporal(std::size_t column) const {
    bool any = false;
    for (const auto& row : rows) {
        if (row[column].empty()) continue;
        if (!as_time(row[column])) return false;
        any = true;
    }
    return any;
}

Status add_record(ReportTable& table, std::span<const CsvField> record,
                  const ReportLimits& limits) {
    if (table.columns.empty()) {
        if (record.size() > limits.columns_max) {
            return fail(Code::exhausted,
                        "more than " + std::to_string(limits.columns_max) + " columns");
        }
        for (const CsvField& field : record) {
            table.columns.push_back(cut_text(trim_blanks(field.text), limits.cell_bytes_max));
        }
        return {};
    }
    if (table.rows.size() == limits.rows_max) {
        return fail(Code::exhausted, "more than " + std::to_string(limits.rows_max) +
                                         " rows; csv.aggregate and csv.filter make it smaller");
    }
    auto& row = table.rows.emplace_back();
    row.resize(table.columns.size());
    for (std::size_t i = 0; i < row.size() && i < record.size(); ++i) {
        if (is_null(record[i])) continue;
        row[i] = cut_text(trim_blanks(record[i].text), limits.cell_bytes_max);
    }
    return {};
}

Result<ReportTable> table_from_json(std::string_view text, std::string_view at,
                                    const ReportLimits& limits) {
    JsonParser parser;
    SLUICE_TRY(const JsonView root, parser.parse(text));
    SLUICE_TRY(const JsonView value, follow(root, at));
    ReportTable table;
    TableMaker maker(table, limits);
    if (value.is_array()) {
        for (const JsonView element : value.elements()) {
            SLUICE_TRY_STATUS(add_element(maker, element));
        }
    } else if (value.is_object()) {
        table.columns = {"name", "value"};
        for (const auto& [name, member] : value.members()) {
            SLUICE_TRY_STATUS(maker.begin_row());
            SLUICE_TRY_STATUS(maker.put("value", member));
            table.rows.back()[0] = cut_text(name, limits.cell_bytes_max);
        }
    } else {
        return fail(Code::invalid,
                    "what is at \"" + cut_text(at, 100) + "\" is neither an array nor an object");
    }
    maker.finish();
    return table;
}

std::string people_number(double number, int digits) {
    if (!std::isfinite(number)) return "–";
    if (number != 0 && (std::fabs(number) >= 1e15 || std::fabs(number) < 1e-4)) {
        return fmt::format("{:.3g}", number);
    }
    std::string text = fmt::format("{:.{}f}", number, digits);
    if (text.find('.') != std::string::npos) {
        while (text.back() == '0') text.pop_back();
        if (text.back() == '.') text.pop_back();
    }
    if (text == "-0") text = "0";
    // A small number must not be shown as none.
    if (text == "0" && number != 0) text = fmt::format("{:.2g}", number);
    std::size_t end = std::min(text.find('.'), text.size());
    const std::size_t begin = text.front() == '-' ? 1 : 0;
    for (; end > begin + 3; end -= 3) text.insert(end - 3, ",");
    return text;
}

}  // namespace sluice::work
