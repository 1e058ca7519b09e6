// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/report/words.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace sluice::crawl {

std::string count_words(std::uint64_t count) {
    std::string digits = std::to_string(count);
    for (std::size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}

std::string byte_words(double bytes) {
    static constexpr std::array<std::string_view, 6> units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    std::size_t unit = 0;
    while (bytes >= 1000 && unit + 1 < units.size()) {
        bytes /= 1024;
        ++unit;
    }
    if (unit == 0) return fmt::format("{:.0f} B", bytes);
    return fmt::format("{:.{}f} {}", bytes, bytes < 99.95 ? 1 : 0, units[unit]);
}

std::string duration_words(Duration duration) {
    const double seconds = to_seconds(duration);
    if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
    if (whole < 60) return fmt::format("{} s", whole);
    struct Unit {
        std::uint64_t large, small;
        std::string_view large_name, small_name;
    };
    static constexpr std::array<Unit, 3> units{
        {{60, 1, "min", "s"}, {3600, 60, "h", "min"}, {86'400, 3600, "d", "h"}}};
    const Unit& unit = whole < 3600 ? units[0] : whole < 86'400 ? units[1] : units[2];
    const std::uint64_t small = whole % unit.large / unit.small;
    std::string out = fmt::format("{} {}", whole / unit.large, unit.large_name);
    return small == 0 ? out : fmt::format("{} {} {}", out, small, unit.small_name);
}

std::string rate_words(double per_second) {
    if (!(per_second > 0)) return "0";
    if (per_second < 1) return fmt::format("{:.2f}", per_second);
    if (per_second < 99.95) return fmt::format("{:.1f}", per_second);
    return count_words(static_cast<std::uint64_t>(std::llround(per_second)));
}

std::string plural(std::uint64_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count_words(count), noun, count == 1 ? "" : "s");
}

std::string share_words(std::uint64_t part, std::uint64_t whole) {
    if (part == 0 || whole == 0) return "0 %";
    const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    return share < 0.1 ? "<0.1 %" : fmt::format("{:.1f} %", share);
}

std::string_view explain(Exclusion exclusion) {
    switch (exclusion) {
        case Exclusion::scope: return "outside of the scope: host, path, pattern or scheme";
        case Exclusion::shape: return "looks like a trap: too long, too many or repeated parts";
        case Exclusion::depth: return "too many links away from a seed";
        case Exclusion::redirects: return "too many redirects in a row";
        case Exclusion::hosts: return "of a host beyond the limit of hosts";
        case Exclusion::host_pages: return "its host has had all the pages it may have";
        case Exclusion::robots: return "robots.txt forbids it";
        case Exclusion::robots_unreachable: return "robots.txt could not be had, which forbids all";
    }
    return "";
}

std::string_view explain(Failure failure) {
    switch (failure) {
        case Failure::dns: return "the name could not be resolved";
        case Failure::connect: return "no connection";
        case Failure::tls: return "certificate or handshake";
        case Failure::timeout: return "took too long";
        case Failure::http: return "the answer was an error";
        case Failure::body: return "the answer was cut short, too large or not decodable";
        case Failure::blocked: return "the address may not be asked";
        case Failure::given_up: return "its host was given up";
    }
    return "";
}

}  // namespace sluice::crawl
