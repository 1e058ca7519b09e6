// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/csv/csv_value.h"

#include "kernel/base/text.h"
#include "modules/work/core/utf8.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace sluice::work {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <std::size_t count>
bool is_one_of(std::string_view text, const std::array<std::string_view, count>& names) {
    return std::find(names.begin(), names.end(), text) != names.end();
}

constexpr std::array<double, 16> powers_of_ten = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/// Plain decimals of at most 15 digits: both the digits and the power of ten are exact doubles, so
/// one division rounds correctly (Clinger 1990).
std::optional<double> plain_number(std::string_view text) {
    std::uint64_t digits = 0;
    std::size_t count = 0;
    std::size_t after_point = 0;
    bool point = false;
    std::size_t at = text.front() == '-' ? 1 : 0;
    const bool negative = at == 1;
    if (text.size() - at > 16) return std::nullopt;
    for (; at < text.size(); ++at) {
        if (is_digit(text[at])) {
            digits = digits * 10 + static_cast<std::uint64_t>(text[at] - '0');
            ++count;
            after_point += point ? 1 : 0;
        } else if (text[at] == '.' && !point) {
            point = true;
        } else {
            return std::nullopt;
        }
    }
    if (count == 0 || count > 15) return std::nullopt;
    const double value = static_cast<double>(digits) / powers_of_ten[after_point];
    return negative ? -value : value;
}

/// Two digits, or -1.
int two_digits(std::string_view text, std::size_t at) {
    if (at + 2 > text.size() || !is_digit(text[at]) || !is_digit(text[at + 1])) return -1;
    return (text[at] - '0') * 10 + text[at + 1] - '0';
}

/// hh:mm[:ss[.fraction]][Z|±hh:mm|±hhmm], moved past; none if it is something else.
std::optional<Duration> time_of_day(std::string_view text) {
    const int hour = two_digits(text, 0);
    const int minute = two_digits(text, 3);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || text[2] != ':') return std::nullopt;
    Duration out = std::chrono::hours(hour) + std::chrono::minutes(minute);
    std::size_t at = 5;
    if (at < text.size() && text[at] == ':') {
        const int second = two_digits(text, at + 1);
        if (second < 0 || second > 60) return std::nullopt;
        out += std::chrono::seconds(second);
        at += 3;
        if (at < text.size() && (text[at] == '.' || text[at] == ',')) {
            std::int64_t unit = 100'000'000;
            for (++at; at < text.size() && is_digit(text[at]); ++at, unit /= 10) {
                out += Duration(unit * (text[at] - '0'));
            }
        }
    }
    if (at == text.size()) return out;
    if (text[at] == 'Z' || text[at] == 'z') {
        return at + 1 == text.size() ? std::optional(out) : std::nullopt;
    }
    if (text[at] != '+' && text[at] != '-') return std::nullopt;
    const bool east = text[at] == '+';
    const int hours = two_digits(text, at + 1);
    at += 3;
    if (at < text.size() && text[at] == ':') ++at;
    const int minutes = at == text.size() ? 0 : two_digits(text, at);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return std::nullopt;
    if (at != text.size() && at + 2 != text.size()) return std::nullopt;
    const Duration offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
    return east ? out - offset : out + offset;
}

}  // namespace

bool is_null(const CsvField& field) {
    if (field.quoted) return false;
    if (field.text.empty()) return true;
    const char first = field.text.front();
    if (first != 'N' && first != 'n' && first != '\\' && first != ' ' && first != '\t') {
        return false;
    }
    static constexpr std::array<std::string_view, 6> names = {"",   "NULL", "null",
                                                              "NA", "N/A",  "\\N"};
    return is_one_of(trim(field.text), names);
}

bool is_boolean(std::string_view text) {
    static constexpr std::array<std::string_view, 8> names = {"true", "false", "TRUE", "FALSE",
                                                              "True", "False", "yes",  "no"};
    return text.size() >= 2 && text.size() <= 5 && is_one_of(text, names);
}

bool is_integer(std::string_view text) {
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

std::optional<double> as_number(std::string_view text) {
    if (!text.empty() && text.front() == '+') {
        text.remove_prefix(1);
        if (!text.empty() && text.front() == '-') return std::nullopt;
    }
    if (text.empty()) return std::nullopt;
    const char first = text.front();
    if (!is_digit(first) && first != '-' && first != '.') return std::nullopt;
    if (const auto plain = plain_number(text)) return plain;
    // "-inf" and "-nan" are words here.
    if (text.find_first_of("nN") != std::string_view::npos) return std::nullopt;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

bool is_date(std::string_view text) {
    if (text.size() < 10 || text.size() > 40 || text[4] != '-' || text[7] != '-') return false;
    if (two_digits(text, 0) < 0 || two_digits(text, 2) < 0) return false;
    const int month = two_digits(text, 5);
    const int day = two_digits(text, 8);
    if (month < 1 || month > 12 || day < 1 || day > 31) return false;
    return text.size() == 10 || text[10] == 'T' || text[10] == ' ';
}

std::optional<WallTime> as_time(std::string_view text) {
    if (!is_date(text)) return std::nullopt;
    using namespace std::chrono;
    const int year_number = two_digits(text, 0) * 100 + two_digits(text, 2);
    if (year_number < 1678 || year_number > 2261) return std::nullopt;
    const year_month_day date{year(year_number), month(static_cast<unsigned>(two_digits(text, 5))),
                              day(static_cast<unsigned>(two_digits(text, 8)))};
    if (!date.ok()) return std::nullopt;
    const std::int64_t days = sys_days(date).time_since_epoch().count();
    WallTime out = wall_from_ns(days * 86'400 * 1'000'000'000);
    if (text.size() == 10) return out;
    const auto time = time_of_day(text.substr(11));
    if (!time) return std::nullopt;
    return out + *time;
}

std::string cut_text(std::string_view text, std::size_t bytes_max) {
    // Bytes that are no UTF-8 become longer when they are replaced, so it is cut after that, too.
    const std::string valid = to_valid_utf8(truncate_utf8(text, bytes_max));
    return std::string(truncate_utf8(valid, bytes_max));
}

std::size_t character_count(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

void put_csv_field(std::string& out, const CsvField& field, char delimiter) {
    const std::string_view text = field.text;
    const char specials[] = {delimiter, '"', '\n', '\r'};
    const bool special =
        text.find_first_of(std::string_view(specials, sizeof specials)) != std::string_view::npos;
    if (!field.quoted && !special) {
        out += text;
        return;
    }
    out += '"';
    if (special) {
        for (const char c : text) {
            if (c == '"') out += '"';
            out += c;
        }
    } else {
        out += text;
    }
    out += '"';
}

}  // namespace sluice::work
