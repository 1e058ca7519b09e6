// SPDX-License-Identifier: Apache-2.0
#include "kernel/mount/config.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "kernel/mount/config_file.h"
#include "kernel/wire/json_text.h"

#include <algorithm>
#include <set>

namespace sluice {

namespace {

std::string_view section_of(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
}

std::string_view key_of(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

bool is_setting_name(std::string_view name) {
    bool start = true;
    bool star = false;
    for (const char c : name) {
        const bool letter = c >= 'a' && c <= 'z';
        if (star && c != '.') return false;
        star = start && c == '*';
        const bool inside = letter || (c >= '0' && c <= '9') || c == '_' || c == '.';
        if (!star && (start ? !letter : !inside)) return false;
        start = c == '.';
    }
    return !start && !star;
}

/// Where the name that people give begins in the declaration of a family; npos: it is none.
std::size_t star_of(const Setting& setting) { return setting.name.find('*'); }

/// What stands in the place of the "*", if all around it fits.
std::optional<std::string_view> filled_in(std::string_view pattern, std::string_view text) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return std::nullopt;
    const std::string_view before = pattern.substr(0, star);
    const std::string_view after = pattern.substr(star + 1);
    if (text.size() <= before.size() + after.size() || !text.starts_with(before) ||
        !text.ends_with(after)) {
        return std::nullopt;
    }
    return text.substr(star, text.size() - before.size() - after.size());
}

bool is_family_word(std::string_view word) {
    return !word.empty() && word.size() <= 64 && std::all_of(word.begin(), word.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

Setting with_word(Setting setting, std::string_view word) {
    setting.name.replace(star_of(setting), 1, word);
    return setting;
}

/// As it is shown: NAME where people choose a name.
Setting shown(const Setting& setting) {
    return star_of(setting) == std::string::npos ? setting : with_word(setting, "NAME");
}

std::size_t depth_of(std::string_view section) {
    return static_cast<std::size_t>(std::count(section.begin(), section.end(), '.')) + 1;
}

/// The outer `depth` parts of a name; all of it if it has no more.
std::string_view outer_parts(std::string_view name, std::size_t depth) {
    std::size_t end = name.find('.');
    for (; depth > 1 && end != std::string_view::npos; --depth) end = name.find('.', end + 1);
    return name.substr(0, end);
}

/// The section with the part of `like`, which is as deep, in the place of its "*".
std::string section_like(std::string_view section, std::string_view like) {
    const std::size_t star = section.find('*');
    if (star == std::string_view::npos) return std::string(section);
    const std::string_view part = outer_parts(like, depth_of(section.substr(0, star)));
    const std::size_t dot = part.rfind('.');  // npos + 1 is the beginning
    std::string filled(section);
    return filled.replace(star, 1, part.substr(dot + 1));
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    const std::vector<std::string_view> names(known.begin(), known.end());
    const auto near = nearest(word, names);
    return near ? "; did you mean \"" + std::string(*near) + "\"?" : std::string();
}

/// A value of the file as the setting wants it.
Result<SettingValue> from_file(const Setting& setting, const FileValue& found) {
    const auto wrong_type = [&](const std::string& what) {
        return fail(Code::invalid, "found " + what + ", allowed is " + setting.allowed());
    };
    if (const auto* other = std::get_if<OtherTomlValue>(&found.value)) {
        return wrong_type(other->description);
    }
    if (const auto* text = std::get_if<std::string>(&found.value)) {
        if (setting.kind == SettingKind::integer || setting.kind == SettingKind::boolean ||
            setting.kind == SettingKind::list) {
            return wrong_type("the text " + toml_quoted(truncate_utf8(*text, 80)));
        }
        return setting.parse(*text);
    }
    if (const auto* number = std::get_if<std::int64_t>(&found.value)) {
        if (setting.kind == SettingKind::integer ||
            (setting.kind == SettingKind::size && *number >= 0)) {
            return setting.checked(*number);
        }
        return wrong_type(setting.kind == SettingKind::secret
                              ? "a number"
                              : "the number " + std::to_string(*number));
    }
    if (const auto* flag = std::get_if<bool>(&found.value)) {
        if (setting.kind == SettingKind::boolean) return SettingValue(*flag);
        return wrong_type(*flag ? "true" : "false");
    }
    if (setting.kind != SettingKind::list) return wrong_type("a list");
    return SettingValue(std::get<std::vector<std::string>>(found.value));
}

/// Settings by section, in order of first appearance; settings without section come first, as TOML
/// wants it.
std::vector<std::vector<const Setting*>> by_section(const std::vector<Setting>& settings) {
    std::vector<std::string_view> sections = {""};
    std::vector<std::vector<const Setting*>> groups(1);
    for (const Setting& setting : settings) {
        const auto place = std::find(sections.begin(), sections.end(), section_of(setting.name));
        const auto index = static_cast<std::size_t>(place - sections.begin());
        if (place == sections.end()) {
            sections.push_back(section_of(setting.name));
            groups.emplace_back();
        }
        groups[index].push_back(&setting);
    }
    return groups;
}

}  // namespace

const std::string& ConfigSection::text(std::string_view key) const {
    return config_->text(section_ + "." + std::string(key));
}
std::int64_t ConfigSection::integer(std::string_view key) const {
    return config_->integer(section_ + "." + std::string(key));
}
bool ConfigSection::boolean(std::string_view key) const {
    return config_->boolean(section_ + "." + std::string(key));
}
Duration ConfigSection::duration(std::string_view key) const {
    return config_->duration(section_ + "." + std::string(key));
}
Bytes ConfigSection::size(std::string_view key) const {
    return config_->size(section_ + "." + std::string(key));
}
const std::vector<std::string>& ConfigSection::list(std::string_view key) const {
    return config_->list(section_ + "." + std::string(key));
}

const Config::Entry& Config::entry(std::string_view name) const {
    const auto place = places_.find(name);
    SLUICE_CHECK(place != places_.end());
    return entries_[place->second];
}

const std::string& Config::text(std::string_view name) const {
    const auto* value = std::get_if<std::string>(&entry(name).value);
    SLUICE_CHECK(value != nullptr);
    return *value;
}

std::int64_t Config::integer(std::string_view name) const {
    const Entry& found = entry(name);
    SLUICE_CHECK(found.setting.kind == SettingKind::integer);
    return std::get<std::int64_t>(found.value);
}

bool Config::boolean(std::string_view name) const {
    const auto* value = std::get_if<bool>(&entry(name).value);
    SLUICE_CHECK(value != nullptr);
    return *value;
}

Duration Config::duration(std::string_view name) const {
    const Entry& found = entry(name);
    SLUICE_CHECK(found.setting.kind == SettingKind::duration);
    return Duration(std::get<std::int64_t>(found.value));
}

Bytes Config::size(std::string_view name) const {
    const Entry& found = entry(name);
    SLUICE_CHECK(found.setting.kind == SettingKind::size);
    return Bytes{static_cast<std::uint64_t>(std::get<std::int64_t>(found.value))};
}

const std::vector<std::string>& Config::list(std::string_view name) const {
    const auto* value = std::get_if<std::vector<std::string>>(&entry(name).value);
    SLUICE_CHECK(value != nullptr);
    return *value;
}

std::vector<std::string> Config::names_in(std::string_view family) const {
    std::vector<std::string> names;
    const std::string prefix = std::string(family) + ".";
    for (auto place = places_.lower_bound(prefix);
         place != places_.end() && place->first.starts_with(prefix); ++place) {
        const std::string_view rest = std::string_view(place->first).substr(prefix.size());
        const std::size_t dot = rest.find('.');
        if (dot == std::string_view::npos) continue;
        if (names.empty() || names.back() != rest.substr(0, dot))
            names.emplace_back(rest.substr(0, dot));
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

bool Config::is_default(std::string_view name) const { return entry(name).origin.empty(); }

std::string Config::dump() const {
    std::vector<Setting> settings;
    for (const Entry& known : entries_) settings.push_back(known.setting);
    std::string out;
    for (const auto& group : by_section(settings)) {
        if (group.empty()) continue;
        const std::string_view section = section_of(group.front()->name);
        if (!section.empty()) ((out += "\n[") += section) += "]\n";
        for (const Setting* setting : group) {
            const Entry& known = entry(setting->name);
            ((out += key_of(setting->name)) += " = ") += setting->render(known.value);
            (out += "  # ") += known.origin.empty() ? "default" : known.origin;
            out += '\n';
        }
    }
    return out;
}

std::string Config::json() const {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    for (const Entry& known : entries_) {
        json.key(known.setting.name).begin_object();
        json.key("value").raw(known.setting.render_json(known.value));
        json.key("origin").string(known.origin.empty() ? "default" : known.origin).end_object();
    }
    json.end_object();
    return out;
}

void ConfigTable::declare(std::vector<Setting> settings) {
    for (Setting& setting : settings) {
        SLUICE_CHECK(is_setting_name(setting.name));
        SLUICE_CHECK(setting.checked(setting.fallback).has_value());
        SLUICE_CHECK(std::none_of(settings_.begin(), settings_.end(), [&](const Setting& known) {
            return known.environment_name() == setting.environment_name();
        }));
        settings_.push_back(std::move(setting));
    }
}

void ConfigTable::share_with(std::vector<std::string> sections) {
    for (std::string& section : sections) {
        SLUICE_CHECK(std::none_of(settings_.begin(), settings_.end(), [&](const Setting& known) {
            return section_of(known.name) == section;
        }));
        shared_.push_back(std::move(section));
    }
}

std::vector<std::string> ConfigTable::sections_like(std::string_view section) const {
    const std::size_t depth = depth_of(section);
    std::vector<std::string> found;
    for (const Setting& setting : settings_) {
        const std::string_view outer = outer_parts(section_of(setting.name), depth);
        if (!outer.empty() && depth_of(outer) == depth)
            found.push_back(section_like(outer, section));
    }
    if (depth == 1) found.insert(found.end(), shared_.begin(), shared_.end());
    return found;
}

std::optional<std::string> ConfigTable::unknown_section(std::string_view name) const {
    const std::string_view section = section_of(name);
    if (section.empty()) return std::nullopt;
    for (std::size_t depth = 1; depth <= depth_of(section); ++depth) {
        const std::string_view outer = outer_parts(section, depth);
        const std::vector<std::string> known = sections_like(outer);
        if (std::find(known.begin(), known.end(), outer) == known.end()) return std::string(outer);
    }
    return std::nullopt;
}

/// `name` is "section.key" with a section of the other program.
bool ConfigTable::is_shared(std::string_view name) const {
    if (only_ && !name.starts_with(*only_ + ".")) return true;
    const std::string_view section = name.substr(0, name.find('.'));
    return section.size() < name.size() &&
           std::find(shared_.begin(), shared_.end(), section) != shared_.end();
}

std::optional<Setting> ConfigTable::in_family(std::string_view name) const {
    for (const Setting& setting : settings_) {
        const auto word = filled_in(setting.name, name);
        if (word && is_family_word(*word)) return with_word(setting, *word);
    }
    return std::nullopt;
}

std::optional<Setting> ConfigTable::in_family_by_variable(std::string_view variable) const {
    for (const Setting& setting : settings_) {
        const auto word = filled_in(setting.environment_name(), variable);
        if (!word) continue;
        const std::string lower = ascii_lowered(*word);
        if (is_family_word(lower)) return with_word(setting, lower);
    }
    return std::nullopt;
}

std::string ConfigTable::suggestion(std::string_view name) const {
    std::vector<std::string> known;
    for (const Setting& setting : settings_) {
        const std::size_t star = star_of(setting);
        const bool is_family =
            star != std::string::npos && name.substr(0, star) == setting.name.substr(0, star);
        const std::size_t end = is_family ? name.find('.', star) : std::string::npos;
        // In a family what is near is looked for among the members of that name.
        known.push_back(end == std::string::npos
                            ? setting.name
                            : with_word(setting, name.substr(star, end - star)).name);
    }
    return did_you_mean(name, known);
}

/// One load: the settings so far, and the mistakes so far.
struct ConfigTable::Loading {
    const ConfigTable& table;
    Config config{};
    std::string errors{};
    std::set<std::string> unknown_sections{};

    void report(const std::string& error) {
        if (!errors.empty()) errors += '\n';
        errors += error;
    }

    void add(const Setting& setting) {
        if (config.places_.contains(setting.name)) return;
        config.places_.emplace(setting.name, config.entries_.size());
        config.entries_.push_back({setting, setting.fallback, ""});
    }

    /// All settings of a family for the name in this one.
    void add_family_of(std::string_view name) {
        const auto member = table.in_family(name);
        if (!member) return;
        for (const Setting& pattern : table.settings_) {
            const std::size_t star = star_of(pattern);
            if (star == std::string::npos || name.substr(0, star) != pattern.name.substr(0, star))
                continue;
            add(with_word(pattern, name.substr(star, name.find('.', star) - star)));
        }
    }

    template <class Read>
    void set(std::string_view name, const std::string& origin, const Read& read) {
        add_family_of(name);
        const auto place = config.places_.find(name);
        if (place == config.places_.end()) {
            return report(origin + ": unknown setting \"" + std::string(name) + "\"" +
                          table.suggestion(name));
        }
        Config::Entry& target = config.entries_[place->second];
        Result<SettingValue> value = read(target.setting);
        if (!value) {
            return report(origin + ": " + target.setting.name + ": " + value.error().message);
        }
        target.value = std::move(value).value();
        target.origin = origin;
    }

    /// Once for all that is in it.
    void report_section(const std::string& section, const std::string& origin) {
        if (!unknown_sections.insert(section).second) return;
        report(origin + ": unknown section \"" + section + "\"" +
               did_you_mean(section, table.sections_like(section)));
    }

    Status take_file(const std::string& path) {
        auto values = read_toml_file(path);
        if (!values) return report(values.error().message), Status();
        for (const FileValue& found : *values) {
            if (table.is_shared(found.name)) continue;
            const std::string origin = path + ":" + std::to_string(found.line);
            if (const auto section = table.unknown_section(found.name)) {
                report_section(*section, origin);
                continue;
            }
            set(found.name, origin,
                [&](const Setting& setting) { return from_file(setting, found); });
        }
        return {};
    }

    void take_variable(const std::string& variable, const std::string& value) {
        if (!variable.starts_with("SLUICE_")) return;
        for (const Setting& known : table.settings_) {
            if (known.environment_name() != variable) continue;
            return set(known.name, "environment " + variable,
                       [&](const Setting& setting) { return setting.parse(value); });
        }
        if (const auto member = table.in_family_by_variable(variable)) {
            return set(member->name, "environment " + variable,
                       [&](const Setting& setting) { return setting.parse(value); });
        }
        for (const std::string& section : table.shared_) {
            const std::string prefix = Setting::text(section, "", "").environment_name() + "_";
            if (variable.starts_with(prefix)) return;
        }
        config.warnings_.push_back("the environment variable " + variable +
                                   " is no setting and is ignored");
    }

    void take_flag(const std::string& name, const std::string& value) {
        set(name, "flag --" + name, [&](const Setting& setting) -> Result<SettingValue> {
            if (setting.kind != SettingKind::secret) return setting.parse(value);
            return fail(Code::invalid,
                        "a secret is not taken from a flag, where every user of the machine can "
                        "read it; use the file or " +
                            setting.environment_name());
        });
    }
};

void ConfigSources::add_flag(std::string name, std::string value) {
    if (!value.empty()) flags.emplace_back(std::move(name), std::move(value));
}

Status ConfigSources::add_settings(const std::vector<std::string>& settings) {
    for (const std::string& setting : settings) {
        const std::size_t equals = setting.find('=');
        if (equals == std::string::npos)
            return fail(Code::invalid, "--set " + setting + ": write section.key=value");
        flags.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
    }
    return {};
}

Result<Config> ConfigTable::load(const ConfigSources& sources) const {
    Loading loading{.table = *this};
    for (const Setting& setting : settings_) {
        if (star_of(setting) == std::string::npos) loading.add(setting);
    }
    if (sources.file) SLUICE_TRY_STATUS(loading.take_file(*sources.file));
    for (const auto& [name, value] : sources.environment) loading.take_variable(name, value);
    for (const auto& [name, value] : sources.flags) loading.take_flag(name, value);
    if (!loading.errors.empty()) return fail(Code::invalid, std::move(loading.errors));
    return std::move(loading.config);
}

std::string ConfigTable::describe() const {
    std::string out =
        "# Every setting with its default. Remove the \"# \" before a key to change it.\n"
        "# The environment (SLUICE_SECTION_KEY) overrides this file; flags override both.\n";
    for (const auto& group : by_section(settings_)) {
        if (group.empty()) continue;
        std::string section(section_of(group.front()->name));
        const std::size_t star = section.find('*');
        // A family has no table of its own: its names are for people to choose.
        if (star != std::string::npos) section.replace(star, 1, "NAME");
        if (!section.empty())
            out += (star != std::string::npos ? "\n# [" : "\n[") + section + "]\n";
        for (const Setting* setting : group) {
            for (const auto line : split(setting->help, '\n')) {
                ((out += section.empty() || line.empty() ? "\n## " : "## ") += line) += '\n';
            }
            out += "## " + setting->allowed() +
                   "; environment: " + shown(*setting).environment_name() + "\n# " +
                   std::string(key_of(setting->name)) + " = " + setting->render(setting->fallback) +
                   "\n";
        }
    }
    return out;
}

std::string ConfigTable::describe_json() const {
    std::string out;
    JsonWriter json(out);
    json.begin_object();
    for (const Setting& declared : settings_) {
        const Setting setting = shown(declared);
        json.key(setting.name).raw(setting.describe_json());
    }
    json.end_object();
    return out;
}

}  // namespace sluice
