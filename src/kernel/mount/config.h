// SPDX-License-Identifier: Apache-2.0
// The server's settings: what modules declared, filled from a TOML file, then the environment, then
// flags; later ones win. All mistakes are reported at once, each with its place and the way out.
#pragma once

#include "kernel/base/result.h"
#include "kernel/mount/setting.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// Where values come from.
struct ConfigSources {
    /// A TOML file; it must exist if named.
    std::optional<std::string> file;
    /// NAME, value; names that do not start with SLUICE_ are ignored.
    std::vector<std::pair<std::string, std::string>> environment;
    /// "jobs.listen", value.
    std::vector<std::pair<std::string, std::string>> flags;

    /// A flag of its own; one that was not given (empty) says nothing.
    void add_flag(std::string name, std::string value);
    /// Those of --set. Errors: invalid for what is not "section.key=value".
    Status add_settings(const std::vector<std::string>& settings);
};

class Config;

/// A module's view: names without its section.
class ConfigSection {
public:
    ConfigSection(const Config& config, std::string section)
        : config_(&config), section_(std::move(section)) {}

    [[nodiscard]] const std::string& text(std::string_view key) const;
    [[nodiscard]] std::int64_t integer(std::string_view key) const;
    [[nodiscard]] bool boolean(std::string_view key) const;
    [[nodiscard]] Duration duration(std::string_view key) const;
    [[nodiscard]] Bytes size(std::string_view key) const;
    [[nodiscard]] const std::vector<std::string>& list(std::string_view key) const;

private:
    const Config* config_;
    std::string section_;
};

/// The effective settings; immutable. Asking for a name that was not declared, or with another
/// type, is a programmer's fault (checked).
class Config {
public:
    /// Text, choice and secret.
    [[nodiscard]] const std::string& text(std::string_view name) const;
    [[nodiscard]] std::int64_t integer(std::string_view name) const;
    [[nodiscard]] bool boolean(std::string_view name) const;
    [[nodiscard]] Duration duration(std::string_view name) const;
    [[nodiscard]] Bytes size(std::string_view name) const;
    [[nodiscard]] const std::vector<std::string>& list(std::string_view name) const;
    [[nodiscard]] ConfigSection section(std::string name) const { return {*this, std::move(name)}; }

    /// The names that were given in a family, sorted: "smtp" if anybody set work.secrets.smtp.file
    /// and work.secrets.*.file is declared. Every setting of the family has a value for each.
    [[nodiscard]] std::vector<std::string> names_in(std::string_view family) const;

    /// True if nobody set it.
    [[nodiscard]] bool is_default(std::string_view name) const;
    /// The effective settings as TOML, each with where it came from; secrets hidden.
    [[nodiscard]] std::string dump() const;
    /// The same as a JSON object: {"jobs.listen":{"value":…,"origin":"default"},…}.
    [[nodiscard]] std::string json() const;
    /// Things that are odd but no errors: unknown SLUICE_ variables (orchestrators set some).
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

private:
    friend class ConfigTable;
    struct Entry {
        Setting setting;
        SettingValue value;
        std::string origin;  // Empty for the default.
    };
    [[nodiscard]] const Entry& entry(std::string_view name) const;

    std::vector<Entry> entries_;
    std::map<std::string, std::size_t, std::less<>> places_;
    std::vector<std::string> warnings_;
};

/// All declared settings.
class ConfigTable {
public:
    /// Adds settings; a name twice, an ill-formed name or a default outside its own range is a
    /// programmer's fault (checked). "work.secrets.*.file" declares a family: whoever fills in the
    /// settings gives the names in place of the "*" (lower-case letters, digits, "_").
    void declare(std::vector<Setting> settings);
    /// Sections of another program that shares the file and the environment: not looked at. Flags
    /// are this program's own.
    void share_with(std::vector<std::string> sections);
    /// Nothing of the file outside of this section (and those below it) is looked at, misspelt
    /// sections included: another program with the same file does that.
    void look_only_at(std::string section) { only_ = std::move(section); }
    /// Errors: invalid (every mistake, one per line; a file that cannot be read is one).
    [[nodiscard]] Result<Config> load(const ConfigSources& sources) const;
    /// Every setting with its help, type, range and default, as a TOML file in which all is
    /// commented out.
    [[nodiscard]] std::string describe() const;
    /// The same as a JSON object: {"jobs.listen":{"type":"text","default":…,"help":…,…},…}, as
    /// Setting::describe_json() gives each; a family as "work.secrets.NAME.file".
    [[nodiscard]] std::string describe_json() const;
    [[nodiscard]] const std::vector<Setting>& settings() const { return settings_; }

private:
    struct Loading;
    /// "; did you mean …?" or nothing.
    [[nodiscard]] std::string suggestion(std::string_view name) const;
    [[nodiscard]] bool is_shared(std::string_view name) const;
    /// The sections as deep as this one, with its part in the place of a family's "*".
    [[nodiscard]] std::vector<std::string> sections_like(std::string_view section) const;
    /// The outermost part of its section that neither a setting nor another program has; nullopt:
    /// the section is known, or it has none.
    [[nodiscard]] std::optional<std::string> unknown_section(std::string_view name) const;
    /// The declaration of a member of a family, under the name that was given.
    [[nodiscard]] std::optional<Setting> in_family(std::string_view name) const;
    /// The same by the name of an environment variable.
    [[nodiscard]] std::optional<Setting> in_family_by_variable(std::string_view variable) const;
    std::vector<Setting> settings_;
    std::vector<std::string> shared_;
    std::optional<std::string> only_;
};

}  // namespace sluice
