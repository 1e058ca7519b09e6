// SPDX-License-Identifier: Apache-2.0
// TableReader: takes the members of one TOML table by name and type and remembers what was asked
// for, so that at the end it can tell unknown members. Mistakes are collected, each with its line.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/mount/toml_document.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

/// Everything that is wrong with a document; at most 20 are kept.
class Mistakes {
public:
    explicit Mistakes(std::string document) : document_(std::move(document)) {}
    void add(std::uint32_t line, const std::string& message);
    [[nodiscard]] bool none() const { return lines_.empty(); }
    /// All of them as one Error, one a line, in the order of their lines.
    [[nodiscard]] Error error() const;

private:
    struct Line {
        std::uint32_t line;
        std::string text;
    };
    std::string document_;
    std::vector<Line> lines_;
};

/// The range of a number, both ends allowed.
struct Range {
    double low = 0;
    double high = 1e18;
};

/// Reads one table. Every getter returns the fallback when the member is missing or wrong; wrong
/// ones are noted. Call finish() at the end.
class TableReader {
public:
    /// `where` names the table in messages ("pool \"mail\"").
    TableReader(const TomlValue& table, std::string where, Mistakes& mistakes)
        : table_(table), where_(std::move(where)), mistakes_(mistakes) {}

    [[nodiscard]] bool has(std::string_view name) const { return table_.find(name) != nullptr; }
    [[nodiscard]] std::uint32_t line() const { return table_.line; }
    [[nodiscard]] const std::string& where() const { return where_; }
    [[nodiscard]] Mistakes& mistakes() { return mistakes_; }

    std::string text(std::string_view name, std::string fallback = {});
    std::string needed_text(std::string_view name);
    double number(std::string_view name, double fallback, Range range);
    std::uint64_t count(std::string_view name, std::uint64_t fallback, Range range);
    bool flag(std::string_view name, bool fallback);
    /// "90s", "1h30m"; a plain number is seconds.
    Duration duration(std::string_view name, Duration fallback);
    /// A duration, or a time of day "12:30" counted from `starts_at`.
    Duration moment(std::string_view name, Duration fallback, Duration starts_at);
    /// Events a second: a number, or "120/min".
    std::optional<double> rate(std::string_view name);
    std::vector<std::string> texts(std::string_view name);
    /// One of `words`; its place, or `fallback`.
    std::size_t choice(std::string_view name, const std::vector<std::string_view>& words,
                       std::size_t fallback);
    /// Any kind; null if missing.
    const TomlValue* any(std::string_view name);
    /// A table; null if missing or something else.
    const TomlValue* table(std::string_view name);
    /// A list of tables ([[name]]).
    std::vector<const TomlValue*> tables(std::string_view name);

    /// Notes a mistake of a member (or of the table, if it is missing).
    void wrong(std::string_view name, const std::string& allowed);
    /// Notes every member that nobody asked for.
    void finish();

private:
    const TomlValue* take(std::string_view name);

    const TomlValue& table_;
    std::string where_;
    Mistakes& mistakes_;
    std::vector<std::string> known_;
};

/// "12:30" or "12:30:15" as time since midnight.
std::optional<Duration> parse_clock(std::string_view text);
/// A duration value: a text, or a number of seconds.
std::optional<Duration> duration_of(const TomlValue& value);
/// A rate value: a number a second, or "120/min" (s, min, h, day). Not negative.
std::optional<double> rate_of(const TomlValue& value);

}  // namespace sluice::sim
