// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/report_words.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace sluice::sim {

namespace {

std::string digits(double value, int decimals) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

/// Decimals that leave two to three meaning digits.
int decimals_for(double value) {
    const double size = std::fabs(value);
    return size < 9.95 ? 1 : 0;
}

std::string in_two(double big, const char* big_unit, double small, const char* small_unit) {
    std::string out = digits(big, 0) + " " + big_unit;
    if (small >= 1) out += " " + digits(small, 0) + " " + small_unit;
    return out;
}

struct Unit {
    double seconds;
    const char* name;
};

Unit unit_of(double seconds) {
    const double size = std::fabs(seconds);
    if (size < 1e-3) return {1e-6, "µs"};
    if (size < 0.9995) return {1e-3, "ms"};
    if (size < 120) return {1, "s"};
    if (size < 7200) return {60, "min"};
    if (size < 48 * 3600) return {3600, "h"};
    return {86400, "d"};
}

}  // namespace

std::string say_time(double seconds) {
    if (std::isnan(seconds)) return "–";
    if (seconds == 0) return "0 s";
    if (seconds < 0) return "−" + say_time(-seconds);
    if (seconds >= 7170) {
        const double minutes = std::round(seconds / 60);
        if (minutes < 48 * 60)
            return in_two(std::floor(minutes / 60), "h", std::fmod(minutes, 60), "min");
        const double hours = std::round(seconds / 3600);
        return in_two(std::floor(hours / 24), "d", std::fmod(hours, 24), "h");
    }
    const Unit unit = unit_of(seconds);
    const double value = seconds / unit.seconds;
    return digits(value, decimals_for(value)) + " " + unit.name;
}

std::string say_number(double value) {
    if (std::isnan(value)) return "–";
    const bool whole = std::fabs(value) >= 99.95 || value == std::floor(value);
    std::string text = digits(std::fabs(value), whole ? 0 : (std::fabs(value) < 1 ? 2 : 1));
    const std::size_t point = text.find('.');
    for (std::size_t at = point == std::string::npos ? text.size() : point; at > 3; at -= 3)
        text.insert(at - 3, 1, ',');
    return (value < 0 ? "−" : "") + text;
}

std::string say_share(double share) {
    if (std::isnan(share)) return "–";
    const double percent = share * 100;
    const bool edge = percent != 0 && (std::fabs(percent) < 9.95 || std::fabs(percent - 100) < 1);
    return digits(percent, edge && percent != 100 ? 1 : 0) + " %";
}

std::string say_interval(const Figure& figure) {
    if (std::isnan(figure.mean)) return "–";
    if (figure.low == 0 && figure.high == 0) return "0 s";
    const Unit unit = unit_of(figure.mean);
    const double low = figure.low / unit.seconds;
    const double high = figure.high / unit.seconds;
    const int decimals = decimals_for(std::fabs(high - low));
    const auto say = [&](double value) {
        return (value < 0 ? "−" : "") + digits(std::fabs(value), decimals);
    };
    return say(low) + " … " + say(high) + " " + unit.name;
}

std::string say_moment(double seconds, Duration starts_at) {
    if (starts_at == Duration{0}) return say_time(seconds);
    const double minutes = std::floor((seconds + to_seconds(starts_at)) / 60 + 1e-9);
    const double of_day = std::fmod(minutes, 24 * 60);
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%02.0f:%02.0f", std::floor(of_day / 60),
                  std::fmod(of_day, 60));
    const double days = std::floor(minutes / (24 * 60));
    return (days > 0 ? "day " + digits(days + 1, 0) + " " : std::string()) + text.data();
}

}  // namespace sluice::sim
