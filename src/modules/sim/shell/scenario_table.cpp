// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/scenario_table.h"

#include "kernel/base/text.h"
#include "modules/sim/core/dist.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace sluice::sim {

namespace {

constexpr std::size_t mistakes_max = 20;

std::optional<double> number_of(const TomlValue& value) {
    if (value.kind == TomlValue::Kind::integer) return static_cast<double>(value.integer);
    if (value.kind == TomlValue::Kind::number && std::isfinite(value.number)) return value.number;
    return std::nullopt;
}

std::string plain(double value) {
    std::array<char, 32> digits{};
    const auto [end, code] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return code == std::errc() ? std::string(digits.data(), end) : std::string("?");
}

std::string in_words(Range range) {
    if (range.high >= 1e18) return plain(range.low) + " or more";
    return plain(range.low) + " to " + plain(range.high);
}

std::string list_of(const std::vector<std::string_view>& words) {
    std::string out;
    for (const std::string_view word : words) {
        if (!out.empty()) out += ", ";
        out += word;
    }
    return out;
}

}  // namespace

void Mistakes::add(std::uint32_t line, const std::string& message) {
    if (lines_.size() >= mistakes_max) return;
    const auto after = std::upper_bound(
        lines_.begin(), lines_.end(), line,
        [](std::uint32_t wanted, const Line& there) { return wanted < there.line; });
    lines_.insert(after, {line, message});
}

Error Mistakes::error() const {
    std::string all;
    for (const Line& line : lines_) {
        if (!all.empty()) all += '\n';
        all += document_ + ':' + std::to_string(line.line) + ": " + line.text;
    }
    return fail(Code::invalid, all);
}

std::optional<Duration> parse_clock(std::string_view text) {
    const std::vector<std::string_view> parts = split(text, ':');
    if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
    constexpr std::array<std::int64_t, 3> limits = {23, 59, 59};
    constexpr std::array<Duration, 3> units = {1h, 1min, 1s};
    Duration time{0};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto value = parse_int(parts[i]);
        if (parts[i].size() != 2 || !value || *value < 0 || *value > limits[i]) return std::nullopt;
        time += units[i] * *value;
    }
    return time;
}

std::optional<Duration> duration_of(const TomlValue& value) {
    if (const auto seconds = number_of(value)) {
        if (*seconds < 0 || *seconds > 3e9) return std::nullopt;
        return from_seconds(*seconds);
    }
    if (value.kind != TomlValue::Kind::text) return std::nullopt;
    const auto parsed = parse_duration(value.text);
    if (!parsed || *parsed < Duration{0}) return std::nullopt;
    return *parsed;
}

std::optional<double> rate_of(const TomlValue& value) {
    if (const auto plain_rate = number_of(value)) {
        return *plain_rate >= 0 ? plain_rate : std::nullopt;
    }
    if (value.kind != TomlValue::Kind::text) return std::nullopt;
    const std::vector<std::string_view> parts = split(value.text, '/');
    if (parts.size() != 2) return std::nullopt;
    const std::string_view amount = trim(parts[0]);
    double count = 0;
    const auto [end, code] = std::from_chars(amount.data(), amount.data() + amount.size(), count);
    if (code != std::errc() || end != amount.data() + amount.size()) return std::nullopt;
    if (!std::isfinite(count) || count < 0) return std::nullopt;
    const std::string_view unit = trim(parts[1]);
    if (unit == "s") return count;
    if (unit == "min" || unit == "m") return count / 60;
    if (unit == "h") return count / 3600;
    if (unit == "day" || unit == "d") return count / 86400;
    return std::nullopt;
}

const TomlValue* TableReader::take(std::string_view name) {
    known_.emplace_back(name);
    return table_.find(name);
}

void TableReader::wrong(std::string_view name, const std::string& allowed) {
    const TomlValue* value = table_.find(name);
    mistakes_.add(value != nullptr ? value->line : table_.line,
                  where_ + (where_.empty() ? "" : ": ") + std::string(name) + " " + allowed);
}

std::string TableReader::text(std::string_view name, std::string fallback) {
    const TomlValue* value = take(name);
    if (value == nullptr) return fallback;
    if (value->kind == TomlValue::Kind::text) return value->text;
    wrong(name, "takes a text, not " + std::string(describe(value->kind)));
    return fallback;
}

std::string TableReader::needed_text(std::string_view name) {
    std::string out = text(name);
    if (!has(name)) wrong(name, "is missing");
    return out;
}

double TableReader::number(std::string_view name, double fallback, Range range) {
    const TomlValue* value = take(name);
    if (value == nullptr) return fallback;
    const auto number = number_of(*value);
    if (number && *number >= range.low && *number <= range.high) return *number;
    wrong(name, "takes a number, " + in_words(range));
    return fallback;
}

std::uint64_t TableReader::count(std::string_view name, std::uint64_t fallback, Range range) {
    const TomlValue* value = take(name);
    if (value == nullptr) return fallback;
    const bool fits = value->kind == TomlValue::Kind::integer &&
                      static_cast<double>(value->integer) >= range.low &&
                      static_cast<double>(value->integer) <= range.high;
    if (fits) return static_cast<std::uint64_t>(value->integer);
    wrong(name, "takes a whole number, " + in_words(range));
    return fallback;
}

bool TableReader::flag(std::string_view name, bool fallback) {
    const TomlValue* value = take(name);
    if (value == nullptr) return fallback;
    if (value->kind == TomlValue::Kind::boolean) return value->boolean;
    wrong(name, "takes true or false");
    return fallback;
}

Duration TableReader::duration(std::string_view name, Duration fallback) {
    const TomlValue* value = take(name);
    if (value == nullptr) return fallback;
    if (const auto length = duration_of(*value)) return *length;
    wrong(name, "takes a duration such as \"250ms\" or \"1h30m\", or a number of seconds");
    return fallback;
}

Duration TableReader::moment(std::string_view name, Duration fallback, Duration starts_at) {
    const TomlValue* value = take(name);
    if (value == nullptr) return fallback;
    if (value->kind == TomlValue::Kind::text) {
        if (const auto clock = parse_clock(value->text)) {
            const Duration since = *clock - starts_at;
            return since < Duration{0} ? since + 24h : since;
        }
    }
    if (const auto length = duration_of(*value)) return *length;
    wrong(name, "takes a time since the start (\"90m\") or of the day (\"12:00\")");
    return fallback;
}

std::optional<double> TableReader::rate(std::string_view name) {
    const TomlValue* value = take(name);
    if (value == nullptr) return std::nullopt;
    if (const auto rate = rate_of(*value)) return rate;
    wrong(name, "takes a number a second, or a text such as \"120/min\" (s, min, h, day)");
    return std::nullopt;
}

std::vector<std::string> TableReader::texts(std::string_view name) {
    const TomlValue* value = take(name);
    std::vector<std::string> out;
    if (value == nullptr) return out;
    const bool fits = value->kind == TomlValue::Kind::list &&
                      std::all_of(value->items.begin(), value->items.end(), [](const TomlValue& i) {
                          return i.kind == TomlValue::Kind::text && !i.text.empty();
                      });
    if (!fits) {
        wrong(name, "takes a list of names");
        return out;
    }
    for (const TomlValue& item : value->items) out.push_back(item.text);
    return out;
}

std::size_t TableReader::choice(std::string_view name, const std::vector<std::string_view>& words,
                                std::size_t fallback) {
    const TomlValue* value = take(name);
    if (value == nullptr) return fallback;
    const auto at = std::find(words.begin(), words.end(), value->text);
    if (value->kind == TomlValue::Kind::text && at != words.end())
        return static_cast<std::size_t>(at - words.begin());
    std::string allowed = "is one of " + list_of(words);
    if (const auto near = nearest(value->text, words))
        allowed += "; did you mean \"" + std::string(*near) + "\"?";
    wrong(name, allowed);
    return fallback;
}

const TomlValue* TableReader::any(std::string_view name) { return take(name); }

const TomlValue* TableReader::table(std::string_view name) {
    const TomlValue* value = take(name);
    if (value == nullptr || value->kind == TomlValue::Kind::table) return value;
    wrong(name, "takes a table, such as { … }");
    return nullptr;
}

std::vector<const TomlValue*> TableReader::tables(std::string_view name) {
    const TomlValue* value = take(name);
    std::vector<const TomlValue*> out;
    if (value == nullptr) return out;
    const bool fits = value->kind == TomlValue::Kind::list &&
                      std::all_of(value->items.begin(), value->items.end(), [](const TomlValue& i) {
                          return i.kind == TomlValue::Kind::table;
                      });
    if (!fits) {
        wrong(name, "takes tables: write [[" + std::string(name) + "]] above each");
        return out;
    }
    for (const TomlValue& item : value->items) out.push_back(&item);
    return out;
}

void TableReader::finish() {
    std::vector<std::string_view> known(known_.begin(), known_.end());
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    for (const auto& [name, value] : table_.members) {
        if (std::binary_search(known.begin(), known.end(), std::string_view(name))) continue;
        std::string message = where_ + (where_.empty() ? "" : ": ") + "\"" + name + "\" is unknown";
        if (const auto near = nearest(name, known)) {
            message += "; did you mean \"" + std::string(*near) + "\"?";
        } else {
            message += "; there are: " + list_of(known);
        }
        mistakes_.add(value.line, message);
    }
}

}  // namespace sluice::sim
