// SPDX-License-Identifier: Apache-2.0
// One setting: its name, type, default, range and help, and how its values are read and written.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/base/time.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice {

/// The type of a setting. A choice is one of listed words; a secret is a text that is never shown
/// and never taken from a flag (arguments are visible to every user of the machine).
enum class SettingKind { text, choice, secret, integer, boolean, duration, size, list };

/// Text, choice and secret as string; integer, duration (ns) and size (bytes) as number.
using SettingValue = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;

/// Inclusive limits of an integer, a duration (ns) or a size (bytes).
struct SettingRange {
    std::int64_t min = 0;
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

/// A declaration. Names are "section.key" (lower snake_case); the same setting is
/// SLUICE_SECTION_KEY in the environment and --section.key=VALUE among the flags.
struct Setting {
    std::string name;
    SettingKind kind = SettingKind::text;
    SettingValue fallback;
    std::string help;
    SettingRange range;
    std::vector<std::string> choices;

    static Setting text(std::string name, std::string fallback, std::string help);
    static Setting secret(std::string name, std::string help);
    static Setting choice(std::string name, std::vector<std::string> choices, std::string help);
    static Setting list(std::string name, std::vector<std::string> fallback, std::string help);
    static Setting boolean(std::string name, bool fallback, std::string help);
    static Setting integer(std::string name, std::int64_t fallback, SettingRange range,
                           std::string help);
    struct DurationRange {
        Duration min{0};
        Duration max = Duration::max();
    };
    static Setting duration(std::string name, Duration fallback, DurationRange range,
                            std::string help);
    struct SizeRange {
        Bytes min{0};
        Bytes max{std::numeric_limits<std::int64_t>::max()};
    };
    static Setting size(std::string name, Bytes fallback, SizeRange range, std::string help);

    /// "SLUICE_JOBS_LISTEN".
    [[nodiscard]] std::string environment_name() const;
    /// What is allowed, for people: "a duration from 1s to 1h, such as 30s".
    [[nodiscard]] std::string allowed() const;
    /// Reads a value as the environment and flags give it: lists are separated by commas. Errors:
    /// invalid, with what was found and what is allowed.
    [[nodiscard]] Result<SettingValue> parse(std::string_view text) const;
    /// Checks range and choices. Errors: invalid.
    [[nodiscard]] Result<SettingValue> checked(SettingValue value) const;
    /// As TOML. Secrets as "***" (or "" when empty).
    [[nodiscard]] std::string render(const SettingValue& value) const;
    /// As JSON, durations and sizes as the texts that parse() takes. Secrets as in render().
    [[nodiscard]] std::string render_json(const SettingValue& value) const;
    /// The declaration as JSON: {"type":"duration","default":"20s","min":"0s","max":"10m",
    /// "help":…,"environment":…}; "choices" for a choice, "min" and "max" where there are some.
    [[nodiscard]] std::string describe_json() const;
};

/// "64KiB", "1GiB", "1500": the largest unit that divides the number.
std::string format_size(Bytes size);
/// A TOML basic string, quoted.
std::string toml_quoted(std::string_view text);

}  // namespace sluice
