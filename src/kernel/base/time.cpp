// SPDX-License-Identifier: Apache-2.0
#include "kernel/base/time.h"

#include "kernel/base/text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sluice {

namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

/// Reads exactly `digits` decimal digits from the front of `text`; -1 when they are not there.
int take_digits(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return -1;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return -1;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take_char(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

/// The fraction after the point as nanoseconds; digits past the ninth are dropped. -1 when there is
/// no digit.
std::int64_t take_fraction(std::string_view& text) {
    std::int64_t ns = 0;
    std::size_t digits = 0;
    for (; !text.empty() && text.front() >= '0' && text.front() <= '9';
         text.remove_prefix(1), ++digits) {
        if (digits < 9) ns = ns * 10 + (text.front() - '0');
    }
    if (digits == 0) return -1;
    for (; digits < 9; ++digits) ns *= 10;
    return ns;
}

/// Offset from UTC in seconds; false when the text is not "Z" or "±hh:mm" to its end.
bool take_offset(std::string_view text, std::int64_t& seconds) {
    seconds = 0;
    if (text == "Z" || text == "z") return true;
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
    const int sign = text[0] == '-' ? -1 : 1;
    text.remove_prefix(1);
    const int hours = take_digits(text, 2);
    text.remove_prefix(1);
    const int minutes = take_digits(text, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
    seconds = sign * (hours * 3600LL + minutes * 60LL);
    return true;
}

struct Unit {
    std::string_view name;
    Duration size;
};
// Longest names first where one is the beginning of another.
constexpr std::array<Unit, 7> units{
    {{"d", 24h}, {"h", 1h}, {"ms", 1ms}, {"m", 1min}, {"s", 1s}, {"us", 1us}, {"ns", 1ns}}};

}  // namespace

std::string format_rfc3339(WallTime time) {
    using namespace std::chrono;
    const std::int64_t total = to_ns(time);
    std::int64_t seconds_total = total / ns_per_second;
    std::int64_t fraction = total % ns_per_second;
    if (fraction < 0) {
        fraction += ns_per_second;
        --seconds_total;
    }
    const sys_seconds at{seconds{seconds_total}};
    const sys_days day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss clock{at - day};
    std::array<char, 48> buffer{};
    const int size = std::snprintf(
        buffer.data(), buffer.size(), "%04d-%02u-%02uT%02d:%02d:%02d",
        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    std::string out(buffer.data(), static_cast<std::size_t>(size));
    if (fraction != 0) {
        std::snprintf(buffer.data(), buffer.size(), ".%09lld", static_cast<long long>(fraction));
        std::string_view digits(buffer.data());
        while (digits.back() == '0') digits.remove_suffix(1);
        out += digits;
    }
    out += 'Z';
    return out;
}

Result<WallTime> parse_rfc3339(std::string_view text) {
    using namespace std::chrono;
    const Error bad = fail(Code::invalid, "not an RFC 3339 time such as 2026-01-31T12:00:00Z");
    const int y = take_digits(text, 4);
    if (y < 1970 || y > 2261 || !take_char(text, '-')) return bad;
    const int mo = take_digits(text, 2);
    if (mo < 1 || !take_char(text, '-')) return bad;
    const int d = take_digits(text, 2);
    const year_month_day date{year{y}, month{static_cast<unsigned>(mo)},
                              day{static_cast<unsigned>(std::max(d, 0))}};
    if (!date.ok() || text.empty() ||
        (text.front() != 'T' && text.front() != 't' && text.front() != ' '))
        return bad;
    text.remove_prefix(1);
    const int hh = take_digits(text, 2);
    if (hh < 0 || hh > 23 || !take_char(text, ':')) return bad;
    const int mm = take_digits(text, 2);
    if (mm < 0 || mm > 59 || !take_char(text, ':')) return bad;
    const int ss = take_digits(text, 2);
    if (ss < 0 || ss > 60) return bad;
    std::int64_t fraction = 0;
    if (take_char(text, '.') && (fraction = take_fraction(text)) < 0) return bad;
    std::int64_t offset = 0;
    if (!take_offset(text, offset)) return bad;
    const std::int64_t days_total = sys_days{date}.time_since_epoch().count();
    const std::int64_t seconds_total = days_total * 86400 + hh * 3600 + mm * 60 + ss - offset;
    return wall_from_ns(seconds_total * ns_per_second + fraction);
}

Result<Duration> parse_duration(std::string_view text) {
    const Error bad = fail(Code::invalid, "not a duration such as 250ms, 30s, 5m, 1h30m or 7d");
    text = trim(text);
    if (text.empty()) return bad;
    if (text == "0") return Duration{0};
    Duration total{0};
    while (!text.empty()) {
        std::size_t digits = 0;
        while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
        const auto amount = parse_int(text.substr(0, digits));
        if (!amount || digits > 12) return bad;
        text.remove_prefix(digits);
        const auto unit = std::find_if(units.begin(), units.end(),
                                       [&](const Unit& u) { return text.starts_with(u.name); });
        if (unit == units.end()) return bad;
        std::int64_t part = 0;
        std::int64_t sum = 0;
        if (__builtin_mul_overflow(*amount, unit->size.count(), &part) ||
            __builtin_add_overflow(total.count(), part, &sum)) {
            return bad;
        }
        total = Duration{sum};
        text.remove_prefix(unit->name.size());
    }
    return total;
}

std::string format_duration(Duration duration) {
    if (duration == Duration{0}) return "0s";
    std::string out;
    if (duration < Duration{0}) {
        out = "-";
        duration = -duration;
    }
    for (const auto& unit : {Unit{"d", 24h}, Unit{"h", 1h}, Unit{"m", 1min}, Unit{"s", 1s},
                             Unit{"ms", 1ms}, Unit{"us", 1us}, Unit{"ns", 1ns}}) {
        const auto count = duration / unit.size;
        if (count == 0) continue;
        out += std::to_string(count);
        out += unit.name;
        duration -= count * unit.size;
    }
    return out;
}

WallTime DisciplinedClock::advance(Instant instant, WallTime wall) {
    const Duration elapsed = std::max(instant - last_instant_, Duration{0});
    last_instant_ = std::max(last_instant_, instant);
    now_ += elapsed;
    if (instant - step_window_ >=
        step_max_) {  // one allowance of step_max for each step_max of real time
        step_window_ = instant;
        step_spent_ = Duration{0};
    }
    if (wall > now_) {
        const Duration step = std::min(wall - now_, step_max_ - step_spent_);
        step_spent_ += step;
        now_ += step;
    }
    return now_;
}

}  // namespace sluice
