// SPDX-License-Identifier: Apache-2.0
#include "app/config_report.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"

namespace sluice::app {

namespace {

void put_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
    json.key(name).begin_array();
    for (const std::string& text : texts) json.string(text);
    json.end_array();
}

std::vector<std::string> texts_of(std::optional<JsonView> array) {
    std::vector<std::string> texts;
    if (!array) return texts;
    for (const JsonView text : array->elements()) texts.emplace_back(text.as_string().value_or(""));
    return texts;
}

}  // namespace

std::vector<std::string> mistakes_in(std::string_view message) {
    std::vector<std::string> mistakes;
    for (const std::string_view line : split(message, '\n')) {
        if (!mistakes.empty() && line.starts_with(' '))
            (mistakes.back() += '\n') += line;
        else
            mistakes.emplace_back(line);
    }
    return mistakes;
}

std::string to_json(const ConfigReport& report) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("ok").boolean(report.errors.empty());
    if (report.errors.empty())
        json.key("settings").raw(report.settings);
    else
        put_texts(json, "errors", report.errors);
    put_texts(json, "warnings", report.warnings);
    json.end_object();
    return out;
}

Result<ConfigReport> read_config_report(std::string_view json) {
    JsonParser parser;
    SLUICE_TRY(const JsonView root, parser.parse(json));
    ConfigReport report{.errors = texts_of(root.find("errors")),
                        .warnings = texts_of(root.find("warnings"))};
    const auto settings = root.find("settings");
    if (settings && settings->is_object()) report.settings = settings->raw();
    if (!settings == report.errors.empty())
        return fail(Code::invalid, "it has neither settings nor mistakes, or both");
    return report;
}

ConfigReport joined(ConfigReport first, const ConfigReport& second) {
    std::string settings;
    JsonWriter json(settings);
    json.begin_object();
    for (const std::string_view part :
         {std::string_view(first.settings), std::string_view(second.settings)}) {
        JsonParser parser;
        const auto root = parser.parse(part);
        SLUICE_CHECK(root.has_value());
        for (const JsonMember member : root->members())
            json.key(member.name).raw(member.value.raw());
    }
    json.end_object();
    first.settings = std::move(settings);
    first.errors.insert(first.errors.end(), second.errors.begin(), second.errors.end());
    first.warnings.insert(first.warnings.end(), second.warnings.begin(), second.warnings.end());
    return first;
}

}  // namespace sluice::app
