// SPDX-License-Identifier: Apache-2.0
#include "kernel/mount/config.h"

#include "kernel/base/text.h"
#include "kernel/mount/config_file.h"

#include <algorithm>

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
    for (const char c : name) {
        const bool letter = c >= 'a' && c <= 'z';
        if (start ? !letter : !(letter || (c >= '0' && c <= '9') || c == '_' || c == '.')) {
            return false;
        }
        start = c == '.';
    }
    return !start;
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

/// `name` is "section.key" with a section of the other program.
bool ConfigTable::is_shared(std::string_view name) const {
    const std::string_view section = name.substr(0, name.find('.'));
    return section.size() < name.size() &&
           std::find(shared_.begin(), shared_.end(), section) != shared_.end();
}

std::string ConfigTable::suggestion(std::string_view name) const {
    std::vector<std::string_view> names;
    for (const Setting& setting : settings_) names.push_back(setting.name);
    const auto near = nearest(name, names);
    return near ? "; did you mean \"" + std::string(*near) + "\"?" : std::string();
}

/// One load: the settings so far, and the mistakes so far.
struct ConfigTable::Loading {
    const ConfigTable& table;
    Config config{};
    std::string errors{};

    void report(const std::string& error) {
        if (!errors.empty()) errors += '\n';
        errors += error;
    }

    template <class Read>
    void set(std::string_view name, const std::string& origin, const Read& read) {
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

    Status take_file(const std::string& path) {
        auto values = read_toml_file(path);
        if (!values && values.error().code == Code::io) return std::move(values).error();
        if (!values) return report(values.error().message), Status();
        for (const FileValue& found : *values) {
            if (table.is_shared(found.name)) continue;
            set(found.name, path + ":" + std::to_string(found.line),
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

Result<Config> ConfigTable::load(const ConfigSources& sources) const {
    Loading loading{.table = *this};
    for (const Setting& setting : settings_) {
        loading.config.places_.emplace(setting.name, loading.config.entries_.size());
        loading.config.entries_.push_back({setting, setting.fallback, ""});
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
        const std::string_view section = section_of(group.front()->name);
        if (!section.empty()) ((out += "\n[") += section) += "]\n";
        for (const Setting* setting : group) {
            for (const auto line : split(setting->help, '\n')) {
                ((out += section.empty() || line.empty() ? "\n## " : "## ") += line) += '\n';
            }
            out += "## " + setting->allowed() + "; environment: " + setting->environment_name() +
                   "\n# " + std::string(key_of(setting->name)) + " = " +
                   setting->render(setting->fallback) + "\n";
        }
    }
    return out;
}

}  // namespace sluice
