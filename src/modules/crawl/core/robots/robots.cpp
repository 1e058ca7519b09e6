// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/robots/robots.h"

#include "kernel/base/ascii.h"

#include <algorithm>
#include <array>
#include <optional>

namespace sluice::crawl {

namespace {

/// "*" alone or before a blank is everyone.
bool is_everyone(std::string_view value) {
    return value.starts_with('*') && (value.size() == 1 || is_ascii_space(value[1]));
}

/// Which groups the current line is in. A User-agent line after a line that closes begins anew.
struct Scope {
    bool named = false;
    bool everyone = false;
    bool closed = false;

    void enter(bool is_named, bool is_for_everyone) {
        if (closed) *this = {};
        named = named || is_named;
        everyone = everyone || is_for_everyone;
    }
    [[nodiscard]] bool speaks_to(RobotsGroup group) const {
        return group == RobotsGroup::named ? named : everyone;
    }
};

/// Digits at the front of `text`, which is moved behind them.
std::optional<std::uint32_t> take_number(std::string_view& text) {
    std::uint64_t value = 0;
    std::size_t count = 0;
    while (count < text.size() && is_ascii_digit(text[count])) {
        value = std::min<std::uint64_t>(value * 10 + static_cast<unsigned>(text[count++] - '0'),
                                        UINT32_MAX);
    }
    text.remove_prefix(count);
    if (count == 0) return std::nullopt;
    return static_cast<std::uint32_t>(value);
}

std::int64_t capped_seconds(std::uint64_t seconds) {
    constexpr auto most = static_cast<std::uint64_t>(robots_delay_max / 1s);
    return static_cast<std::int64_t>(std::min(seconds, most));
}

/// "10", "0.5", also with something behind it ("10s").
std::optional<Duration> parse_delay(std::string_view text) {
    const auto whole = take_number(text);
    Duration out = std::chrono::seconds{capped_seconds(whole.value_or(0))};
    const bool has_fraction = text.size() > 1 && text[0] == '.' && is_ascii_digit(text[1]);
    if (!whole && !has_fraction) return std::nullopt;
    if (has_fraction) {
        Duration unit = 100ms;
        for (std::size_t i = 1; i < text.size() && is_ascii_digit(text[i]); ++i, unit /= 10) {
            out += (text[i] - '0') * unit;
        }
    }
    return out;
}

/// "0600-0845" as minutes of the day.
std::optional<std::array<std::uint16_t, 2>> parse_window(std::string_view text) {
    std::array<std::uint16_t, 2> out{};
    for (std::size_t i = 0; i < 2; ++i) {
        const std::size_t before = text.size();
        const auto clock = take_number(text);
        if (!clock || before - text.size() != 4 || *clock / 100 > 23 || *clock % 100 > 59) {
            return std::nullopt;
        }
        out[i] = static_cast<std::uint16_t>(*clock / 100 * 60 + *clock % 100);
        if (i == 0 && (text.empty() || text.front() != '-')) return std::nullopt;
        if (i == 0) text.remove_prefix(1);
    }
    if (!trim_ascii(text).empty()) return std::nullopt;
    return out;
}

/// "1/10s 0600-0845": requests in seconds (or m, h, d), between two times of the day.
std::optional<RobotsRate> parse_rate(std::string_view text) {
    RobotsRate out;
    const auto requests = take_number(text);
    if (!requests || *requests == 0 || text.empty() || text.front() != '/') return std::nullopt;
    text.remove_prefix(1);
    const auto count = take_number(text);
    if (!count || *count == 0) return std::nullopt;
    std::uint64_t unit = 1;
    if (!text.empty() && is_ascii_alpha(text.front())) {
        switch (ascii_lower(text.front())) {
            case 's': break;
            case 'm': unit = 60; break;
            case 'h': unit = 3600; break;
            case 'd': unit = 86'400; break;
            default: return std::nullopt;
        }
        text.remove_prefix(1);
    }
    out.requests = *requests;
    out.period = std::chrono::seconds{capped_seconds(*count * unit)};
    text = trim_ascii(text);
    if (!text.empty()) {
        out.window = parse_window(text);
        if (!out.window) return std::nullopt;
    }
    return out;
}

}  // namespace

std::string_view robots_token(std::string_view user_agent) {
    std::size_t size = 0;
    while (size < user_agent.size() && (is_ascii_alpha(user_agent[size]) ||
                                        user_agent[size] == '-' || user_agent[size] == '_')) {
        ++size;
    }
    return user_agent.substr(0, size);
}

std::string robots_path(std::string_view url) {
    const std::size_t start = url.starts_with("//") ? 2 : 0;
    const std::size_t early_path = url.find_first_of("/?;", start);
    std::size_t authority = url.find("://", start);
    // A "://" behind the beginning of the path or query belongs to that.
    if (authority == std::string_view::npos || early_path < authority) {
        authority = start;
    } else {
        authority += 3;
    }
    const std::size_t path = url.find_first_of("/?;", authority);
    const std::size_t hash = url.find('#', start);
    if (path == std::string_view::npos || hash < path) return "/";
    std::string out = url[path] == '/' ? "" : "/";
    return out += url.substr(path, hash == std::string_view::npos ? hash : hash - path);
}

Robots parse_robots(std::string_view body) {
    Robots out;
    read_robots_lines(body, [&out](const RobotsLine& line) {
        if (line.directive == RobotsDirective::sitemap) {
            if (!line.value.empty() && out.sitemaps_.size() < robots_sitemaps_max) {
                out.sitemaps_.push_back({line.number, std::string(line.value)});
            }
            return;
        }
        std::string_view value = line.value;
        if (line.directive == RobotsDirective::user_agent) {
            value = is_everyone(value) ? value.substr(0, 1) : robots_token(value);
        }
        out.lines_.push_back({.begin = static_cast<std::uint32_t>(out.text_.size()),
                              .size = static_cast<std::uint32_t>(value.size()),
                              .number = line.number,
                              .directive = line.directive});
        out.text_ += value;
    });
    return out;
}

std::vector<std::string> Robots::agents() const {
    std::vector<std::string> out;
    for (const Line& line : lines_) {
        const std::string_view value = value_of(line);
        if (line.directive == RobotsDirective::user_agent && !value.empty() && value != "*") {
            out.push_back(ascii_lowered(value));
        }
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

RobotsRules Robots::for_agent(std::string_view agent) const {
    const auto names = [&](const Line& line) {
        const std::string_view value = value_of(line);
        return value != "*" && equals_ignoring_case(value, agent);
    };
    RobotsGroup group = RobotsGroup::none;
    for (const Line& line : lines_) {
        if (line.directive != RobotsDirective::user_agent) continue;
        if (names(line)) group = RobotsGroup::named;
        if (group == RobotsGroup::none && value_of(line) == "*") group = RobotsGroup::everyone;
    }
    if (group == RobotsGroup::none) return {};
    // Rules and paces have scopes of their own: a Crawl-delay closes no group of rules (RFC 9309,
    // 2.2.4), but it is meant for the agents above it only.
    Scope rules;
    Scope paces;
    std::vector<RobotsRule> kept;
    std::vector<const Line*> pace_lines;
    for (const Line& line : lines_) {
        if (line.directive == RobotsDirective::user_agent) {
            const bool is_named = names(line);
            rules.enter(is_named, value_of(line) == "*");
            paces.enter(is_named, value_of(line) == "*");
            continue;
        }
        paces.closed = true;
        if (line.directive == RobotsDirective::allow ||
            line.directive == RobotsDirective::disallow) {
            // A rule before any User-agent is nobody's and closes nothing.
            if (rules.named || rules.everyone) rules.closed = true;
            if (!rules.speaks_to(group) || line.size == 0) continue;
            kept.push_back({.allow = line.directive == RobotsDirective::allow,
                            .line = line.number,
                            .pattern = value_of(line)});
        } else if (paces.speaks_to(group)) {
            pace_lines.push_back(&line);
        }
    }
    RobotsRules out(group, kept);
    for (const Line* line : pace_lines) {
        if (line->directive == RobotsDirective::crawl_delay) {
            if (const auto delay = parse_delay(value_of(*line))) out.add_crawl_delay(*delay);
        } else if (const auto rate = parse_rate(value_of(*line))) {
            out.add_rate(*rate);
        }
    }
    return out;
}

}  // namespace sluice::crawl
