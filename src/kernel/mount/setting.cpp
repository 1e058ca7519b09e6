// SPDX-License-Identifier: Apache-2.0
#include "kernel/mount/setting.h"

#include "kernel/base/text.h"
#include "kernel/wire/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace sluice {

namespace {

Setting make(std::string name, SettingKind kind, SettingValue fallback, std::string help) {
    Setting setting;
    setting.name = std::move(name);
    setting.kind = kind;
    setting.fallback = std::move(fallback);
    setting.help = std::move(help);
    return setting;
}

std::string number_text(SettingKind kind, std::int64_t value) {
    if (kind == SettingKind::duration) return format_duration(Duration(value));
    if (kind == SettingKind::size) return format_size(Bytes{static_cast<std::uint64_t>(value)});
    return std::to_string(value);
}

std::string range_text(const Setting& setting) {
    constexpr auto highest = std::numeric_limits<std::int64_t>::max();
    const std::string min = number_text(setting.kind, setting.range.min);
    if (setting.range.max == highest) return " of at least " + min;
    return " from " + min + " to " + number_text(setting.kind, setting.range.max);
}

std::string_view type_name(SettingKind kind) {
    switch (kind) {
        case SettingKind::text: return "text";
        case SettingKind::choice: return "choice";
        case SettingKind::secret: return "secret";
        case SettingKind::integer: return "integer";
        case SettingKind::boolean: return "boolean";
        case SettingKind::duration: return "duration";
        case SettingKind::size: return "size";
        case SettingKind::list: return "list";
    }
    return "";
}

}  // namespace

Setting Setting::text(std::string name, std::string fallback, std::string help) {
    return make(std::move(name), SettingKind::text, std::move(fallback), std::move(help));
}

Setting Setting::secret(std::string name, std::string help) {
    return make(std::move(name), SettingKind::secret, std::string(), std::move(help));
}

Setting Setting::choice(std::string name, std::vector<std::string> choices, std::string help) {
    SLUICE_CHECK(!choices.empty());
    Setting setting = make(std::move(name), SettingKind::choice, choices.front(), std::move(help));
    setting.choices = std::move(choices);
    return setting;
}

Setting Setting::list(std::string name, std::vector<std::string> fallback, std::string help) {
    return make(std::move(name), SettingKind::list, std::move(fallback), std::move(help));
}

Setting Setting::boolean(std::string name, bool fallback, std::string help) {
    return make(std::move(name), SettingKind::boolean, fallback, std::move(help));
}

Setting Setting::integer(std::string name, std::int64_t fallback, SettingRange range,
                         std::string help) {
    Setting setting = make(std::move(name), SettingKind::integer, fallback, std::move(help));
    setting.range = range;
    return setting;
}

Setting Setting::duration(std::string name, Duration fallback, DurationRange range,
                          std::string help) {
    Setting setting =
        make(std::move(name), SettingKind::duration, fallback.count(), std::move(help));
    setting.range = {range.min.count(), range.max.count()};
    return setting;
}

Setting Setting::size(std::string name, Bytes fallback, SizeRange range, std::string help) {
    Setting setting = make(std::move(name), SettingKind::size,
                           static_cast<std::int64_t>(fallback.count), std::move(help));
    setting.range = {static_cast<std::int64_t>(range.min.count),
                     static_cast<std::int64_t>(range.max.count)};
    return setting;
}

std::string Setting::environment_name() const {
    std::string out = "SLUICE_";
    for (const char c : name) {
        out += c == '.' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
    }
    return out;
}

std::string Setting::allowed() const {
    switch (kind) {
        case SettingKind::text:
        case SettingKind::secret: return "a text";
        case SettingKind::choice: {
            std::string out = "one of";
            for (const auto& choice : choices) {
                (out += &choice == &choices.front() ? " " : ", ") += choice;
            }
            return out;
        }
        case SettingKind::integer: return "a whole number" + range_text(*this);
        case SettingKind::boolean: return "true or false";
        case SettingKind::duration: return "a duration" + range_text(*this) + " (such as 90s, 5m)";
        case SettingKind::size: return "a size" + range_text(*this) + " (such as 512KiB, 64MiB)";
        case SettingKind::list: return "a list of texts";
    }
    return "";
}

Result<SettingValue> Setting::parse(std::string_view text) const {
    const auto refuse = [&]() -> Error {
        const std::string found =
            kind == SettingKind::secret ? "***" : toml_quoted(truncate_utf8(text, 80));
        return fail(Code::invalid, "found " + found + ", allowed is " + allowed());
    };
    switch (kind) {
        case SettingKind::text:
        case SettingKind::choice:
        case SettingKind::secret: return checked(std::string(text));
        case SettingKind::boolean:
            if (text == "true") return SettingValue(true);
            if (text == "false") return SettingValue(false);
            return refuse();
        case SettingKind::integer: {
            const auto number = parse_int(text);
            return number ? checked(*number) : Result<SettingValue>(refuse());
        }
        case SettingKind::duration: {
            const auto duration = parse_duration(text);
            return duration ? checked(duration->count()) : Result<SettingValue>(refuse());
        }
        case SettingKind::size: {
            const auto size = parse_size(text);
            if (!size ||
                *size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
                return refuse();
            }
            return checked(static_cast<std::int64_t>(*size));
        }
        case SettingKind::list: {
            std::vector<std::string> items;
            for (const auto part : split(text, ',')) {
                if (!trim(part).empty()) items.emplace_back(trim(part));
            }
            return SettingValue(std::move(items));
        }
    }
    return refuse();
}

Result<SettingValue> Setting::checked(SettingValue value) const {
    bool fits = true;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
        fits = *number >= range.min && *number <= range.max;
    } else if (kind == SettingKind::choice) {
        fits = std::find(choices.begin(), choices.end(), std::get<std::string>(value)) !=
               choices.end();
    }
    if (fits) return value;
    return fail(Code::invalid, "found " + render(value) + ", allowed is " + allowed());
}

std::string Setting::render(const SettingValue& value) const {
    switch (kind) {
        case SettingKind::secret: return std::get<std::string>(value).empty() ? "\"\"" : "\"***\"";
        case SettingKind::text:
        case SettingKind::choice: return toml_quoted(std::get<std::string>(value));
        case SettingKind::boolean: return std::get<bool>(value) ? "true" : "false";
        case SettingKind::integer: return std::to_string(std::get<std::int64_t>(value));
        case SettingKind::duration:
        case SettingKind::size:
            return toml_quoted(number_text(kind, std::get<std::int64_t>(value)));
        case SettingKind::list: {
            std::string out = "[";
            for (const auto& item : std::get<std::vector<std::string>>(value)) {
                if (out.size() > 1) out += ", ";
                out += toml_quoted(item);
            }
            return out += "]";
        }
    }
    return "";
}

std::string Setting::render_json(const SettingValue& value) const {
    switch (kind) {
        case SettingKind::text:
        case SettingKind::choice: return json_escape(std::get<std::string>(value));
        case SettingKind::list: {
            std::string out;
            JsonWriter json(out);
            json.begin_array();
            for (const auto& item : std::get<std::vector<std::string>>(value)) json.string(item);
            json.end_array();
            return out;
        }
        case SettingKind::secret:
        case SettingKind::boolean:
        case SettingKind::integer:
        case SettingKind::duration:
        case SettingKind::size: return render(value);  // TOML writes these as JSON does
    }
    return "";
}

std::string Setting::describe_json() const {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("type").string(type_name(kind));
    json.key("default").raw(render_json(fallback));
    if (kind == SettingKind::integer || kind == SettingKind::duration ||
        kind == SettingKind::size) {
        json.key("min").raw(render_json(range.min));
        if (range.max != SettingRange{}.max) json.key("max").raw(render_json(range.max));
    }
    if (kind == SettingKind::choice) {
        json.key("choices").begin_array();
        for (const std::string& choice : choices) json.string(choice);
        json.end_array();
    }
    json.key("help").string(help).key("environment").string(environment_name());
    json.end_object();
    return out;
}

std::string format_size(Bytes size) {
    static constexpr std::string_view units[] = {"", "KiB", "MiB", "GiB"};
    std::size_t unit = 0;
    std::uint64_t count = size.count;
    while (unit + 1 < std::size(units) && count != 0 && count % 1024 == 0) {
        count /= 1024;
        ++unit;
    }
    return std::to_string(count) + std::string(units[unit]);
}

std::string toml_quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            (out += '\\') += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            fmt::format_to(std::back_inserter(out), "\\u{:04X}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out += '"';
}

}  // namespace sluice
