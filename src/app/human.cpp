// SPDX-License-Identifier: Apache-2.0
#include "app/human.h"

#include "kernel/base/text.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace sluice::app {

namespace {

std::string with_unit(double value, const char* unit) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), value < 9.95 ? "%.1f %s" : "%.0f %s", value, unit);
    return text.data();
}

std::string pair_of(std::int64_t large, const char* large_unit, std::int64_t small,
                    const char* small_unit) {
    std::string text = std::to_string(large) + ' ' + large_unit;
    if (small != 0) text += ' ' + std::to_string(small) + ' ' + small_unit;
    return text;
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

std::string human_count(std::uint64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, 1, ',');
    }
    return text;
}

std::string human_size(std::uint64_t bytes) {
    constexpr std::array<const char*, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    if (bytes < 1024) return std::to_string(bytes) + " B";
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1023.5 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    return with_unit(value, units[unit]);
}

std::string human_count(std::uint64_t count, std::string_view noun) {
    return human_count(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string human_duration(Duration duration) {
    if (duration < Duration{0}) return "-" + human_duration(-duration);
    const auto ns = static_cast<double>(duration.count());
    if (duration == Duration{0}) return "0 s";
    if (duration < 1us) return std::to_string(duration.count()) + " ns";
    if (duration < 1ms) return with_unit(ns / 1e3, "µs");
    if (duration < 1s) return with_unit(ns / 1e6, "ms");
    if (duration < 60s) return with_unit(ns / 1e9, "s");
    const std::int64_t seconds = duration.count() / 1'000'000'000;
    if (duration < 1h) return pair_of(seconds / 60, "min", seconds % 60, "s");
    if (duration < 48h) return pair_of(seconds / 3600, "h", seconds / 60 % 60, "min");
    return pair_of(seconds / 86400, "d", seconds < 86400 * 10 ? seconds / 3600 % 24 : 0, "h");
}

std::string human_distance(WallTime time, WallTime now) {
    const Duration distance = time - now;
    if (distance > 1ms) return "in " + human_duration(distance);
    if (distance < -1ms) return human_duration(-distance) + " ago";
    return "now";
}

std::string human_time(WallTime time, WallTime now) {
    if (time == WallTime{}) return "-";
    const std::time_t seconds = to_ns(time) / 1'000'000'000;
    std::tm local{};
    localtime_r(&seconds, &local);
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local);
    return std::string(text.data()) + " (" + human_distance(time, now) + ")";
}

std::string printable(std::string_view text, std::size_t columns_max) {
    std::string out;
    std::size_t columns = 0;
    std::size_t last = 0;  // where the last whole character begins
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (!continues(c)) {
            if (columns == columns_max) {
                out.resize(last);
                return out + "…";
            }
            last = out.size();
            ++columns;
        }
        out += byte < 0x20 || byte == 0x7F ? ' ' : c;
    }
    // U+0080 to U+009F are control characters too; in UTF-8 they begin with C2.
    for (std::size_t i = 0; i + 1 < out.size(); ++i) {
        if (static_cast<unsigned char>(out[i]) == 0xC2 &&
            static_cast<unsigned char>(out[i + 1]) < 0xA0)
            out.replace(i, 2, "  ");
    }
    return out;
}

std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for (const char c : text) columns += continues(c) ? 0 : 1;
    return columns;
}

}  // namespace sluice::app
