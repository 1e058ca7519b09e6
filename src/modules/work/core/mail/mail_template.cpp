// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/mail/mail_template.h"

#include "kernel/base/text.h"
#include "kernel/wire/markup_text.h"

#include <algorithm>
#include <span>
#include <vector>

namespace sluice::work {

namespace {

bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 100 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
    });
}

Status read_into(JsonView object, const std::string& prefix, TemplateValues& values) {
    for (const JsonMember member : object.members()) {
        const std::string name = prefix + std::string(member.name);
        if (values.size() >= template_values_max) {
            return fail(Code::exhausted,
                        "there are more than " + std::to_string(template_values_max) + " values");
        }
        if (member.value.is_object()) {
            SLUICE_TRY_STATUS(read_into(member.value, name + ".", values));
        } else if (member.value.is_string()) {
            values[name] = *member.value.as_string();
        } else if (member.value.is_array() || member.value.is_null()) {
            return fail(Code::invalid, "the value \"" + name + "\" is no text or number");
        } else {
            values[name] = member.value.raw();
        }
    }
    return {};
}

Error no_value(std::string_view name, const TemplateValues& values, std::size_t line) {
    std::vector<std::string_view> known;
    for (const auto& [each, value] : values) known.push_back(each);
    const auto near = nearest(name, known);
    return fail(Code::invalid, "line " + std::to_string(line) + ": there is no value for {{" +
                                   std::string(name) + "}}" +
                                   (near ? "; is \"" + std::string(*near) + "\" meant?" : ""));
}

}  // namespace

Result<TemplateValues> read_template_values(JsonView object) {
    TemplateValues values;
    SLUICE_TRY_STATUS(read_into(object, "", values));
    return values;
}

Result<std::string> fill_template(std::string_view text, const TemplateValues& values,
                                  Escaping escaping, std::size_t bytes_max) {
    std::string out;
    std::size_t line = 1;
    const auto count_lines = [&line](std::string_view part) {
        line += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
    };
    for (;;) {
        const std::size_t open = std::min(text.find("{{"), text.size());
        out += text.substr(0, open);
        count_lines(text.substr(0, open));
        text.remove_prefix(open);
        if (out.size() > bytes_max) {
            return fail(Code::exhausted, "the text has more than " + std::to_string(bytes_max) +
                                             " bytes when it is filled in");
        }
        if (text.empty()) return out;
        const std::size_t close = text.find("}}");
        const std::string_view name =
            close == std::string_view::npos ? std::string_view() : trim(text.substr(2, close - 2));
        if (!is_name(name)) {
            return fail(Code::invalid, "line " + std::to_string(line) +
                                           ": \"{{\" must be followed by a name and \"}}\"");
        }
        const auto value = values.find(name);
        if (value == values.end()) return no_value(name, values, line);
        if (escaping == Escaping::html) {
            put_markup_escaped(out, value->second);
        } else {
            out += value->second;
        }
        text.remove_prefix(close + 2);
    }
}

}  // namespace sluice::work
