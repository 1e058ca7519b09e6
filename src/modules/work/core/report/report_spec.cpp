// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/report/report_spec.h"

#include "kernel/base/text.h"
#include "modules/work/core/csv/csv_value.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace sluice::work {

namespace {

constexpr std::size_t text_bytes_max = 100'000;
using Words = std::vector<std::string_view>;

/// Reads the members of one section and keeps the first thing that is wrong.
class SectionReader {
public:
    SectionReader(JsonView object, std::size_t number) : object_(object), number_(number) {}

    std::string text(std::string_view name, bool required = false) {
        asked_.push_back(name);
        const auto value = object_.find(name);
        if (!value || value->is_null()) {
            if (required) refuse(name, "is missing");
            return {};
        }
        const auto text = value->as_string();
        if (!text) return refuse(name, "must be a text"), std::string();
        if (text->size() > text_bytes_max) refuse(name, "is too long");
        return std::string(*text);
    }
    std::vector<std::string> texts(std::string_view name) {
        asked_.push_back(name);
        std::vector<std::string> out;
        const auto value = object_.find(name);
        if (!value || value->is_null()) return out;
        if (const auto one = value->as_string()) return {std::string(*one)};
        if (!value->is_array()) refuse(name, "must be a text or an array of texts");
        for (const JsonView element : value->elements()) {
            const auto text = element.as_string();
            if (!text || out.size() >= 200) {
                refuse(name, "must be an array of at most 200 texts");
                break;
            }
            out.emplace_back(*text);
        }
        return out;
    }
    std::size_t choice(std::string_view name, const Words& words, std::size_t absent) {
        const std::string given = text(name);
        if (given.empty()) return absent;
        const auto found = std::find(words.begin(), words.end(), given);
        if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
        std::string all;
        for (const auto word : words) all += (all.empty() ? "" : ", ") + std::string(word);
        refuse(name, "must be one of " + all);
        return absent;
    }
    std::size_t number(std::string_view name, std::size_t most) {
        asked_.push_back(name);
        const auto value = object_.find(name);
        if (!value || value->is_null()) return 0;
        const auto number = value->as_uint();
        if (number && *number >= 1 && *number <= most) return static_cast<std::size_t>(*number);
        refuse(name, "must be a whole number from 1 to " + std::to_string(most));
        return 0;
    }
    void refuse(std::string_view name, std::string_view why) {
        if (!status_) return;
        status_ = fail(Code::invalid, "section " + std::to_string(number_) + ": `" +
                                          cut_text(name, 50) + "` " + std::string(why));
    }
    Status finish() {
        for (const auto& [name, value] : object_.members()) {
            if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
            refuse(name, "is unknown here");
        }
        return status_;
    }

private:
    JsonView object_;
    std::size_t number_;
    Words asked_;
    Status status_;
};

void read_chart(SectionReader& reader, ReportSection& out, const ReportLimits& limits) {
    out.unit = reader.text("unit");
    if (out.kind == SectionKind::histogram) {
        out.x = reader.text("column", true);
        out.limit = reader.number("bins", limits.bins_max);
        return;
    }
    out.x = reader.text("x", true);
    out.y = reader.texts("y");
    out.aggregate = static_cast<ChartAggregate>(
        reader.choice("aggregate", {"none", "count", "sum", "mean", "min", "max"}, 0));
    if (out.y.empty() && out.aggregate != ChartAggregate::count) reader.refuse("y", "is missing");
    if (out.y.size() > limits.lines_max) {
        reader.refuse("y", "has more than " + std::to_string(limits.lines_max) + " columns");
    }
    if (out.kind == SectionKind::line) return;
    out.order = static_cast<ChartOrder>(reader.choice("order", {"given", "value", "name"}, 0));
    out.limit = reader.number("limit", limits.bars_max);
}

Result<ReportSection> read_section(JsonView object, std::size_t number,
                                   const ReportLimits& limits) {
    if (!object.is_object()) {
        return fail(Code::invalid, "section " + std::to_string(number) + " is not an object");
    }
    SectionReader reader(object, number);
    ReportSection out;
    out.kind = static_cast<SectionKind>(
        reader.choice("kind", {"text", "table", "bar", "line", "histogram"}, 0));
    out.heading = reader.text("heading");
    out.text = reader.text("text", out.kind == SectionKind::text);
    if (out.kind != SectionKind::text) {
        out.data = reader.text("data", true);
        out.at = reader.text("at");
        out.delimiter = std::string_view(
            ",;\t|")[reader.choice("delimiter", {"comma", "semicolon", "tab", "bar"}, 0)];
    }
    if (out.kind == SectionKind::table) {
        out.columns = reader.texts("columns");
        out.limit = reader.number("limit", limits.shown_rows_max);
    } else if (out.kind != SectionKind::text) {
        read_chart(reader, out, limits);
    }
    SLUICE_TRY_STATUS(reader.finish());
    return out;
}

}  // namespace

Result<std::vector<ReportSection>> read_sections(JsonView sections, const ReportLimits& limits) {
    std::vector<ReportSection> out;
    for (const JsonView section : sections.elements()) {
        if (out.size() == limits.sections_max) {
            return fail(Code::invalid,
                        "there are more than " + std::to_string(limits.sections_max) + " sections");
        }
        SLUICE_TRY(ReportSection one, read_section(section, out.size() + 1, limits));
        out.push_back(std::move(one));
    }
    return out;
}

}  // namespace sluice::work
