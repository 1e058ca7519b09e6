// SPDX-License-Identifier: Apache-2.0
// RobotsRules: what a robots.txt says to one crawler, small enough to be kept for each host and
// quick enough to be asked for each link. Made by Robots::for_agent. Does not know when the file
// was fetched or how (robots_fetch.h).
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// Which groups of the file speak to the crawler.
enum class RobotsGroup : std::uint8_t {
    none,      ///< No group names it and none is for everyone: all is allowed.
    everyone,  ///< The groups of "*".
    named,     ///< The groups that name it; those of "*" do not count then.
};

/// May a path be fetched, and why.
struct RobotsVerdict {
    bool allowed = true;
    RobotsGroup group = RobotsGroup::none;
    std::uint32_t line = 0;    ///< Of the rule that decided; 0: none did.
    std::string_view pattern;  ///< Of that rule, percent-encoded; valid while the rules live.
};
/// "line 12: Disallow: /private/", or why no rule decided.
std::string to_string(const RobotsVerdict& verdict);

/// "Request-rate: 10/1m 0600-0845"
struct RobotsRate {
    std::uint32_t requests = 1;
    Duration period{0};
    /// Minutes of the day (UTC) in which it holds, first and last; none: always.
    std::optional<std::array<std::uint16_t, 2>> window;
    friend bool operator==(const RobotsRate&, const RobotsRate&) = default;
};

/// Rates kept for one crawler; further ones are left out.
inline constexpr std::size_t robots_rates_max = 16;
/// A longer Crawl-delay or period is read as this one (its user has a cap of its own).
inline constexpr Duration robots_delay_max = 24h;

/// A rule as it stands in the file.
struct RobotsRule {
    bool allow = false;
    std::uint32_t line = 0;
    std::string_view pattern;  ///< Normalised, not empty.
};

class RobotsRules {
public:
    /// Allows everything.
    RobotsRules() = default;
    RobotsRules(RobotsGroup group, const std::vector<RobotsRule>& rules);

    /// Asks for one path with its query ("/a?b"). The longest pattern that matches decides, allow
    /// at equal length. The path is compared percent-encoded in upper case (RFC 9309, 2.2.2), and
    /// "/robots.txt" itself is always allowed (2.2.2). Takes time in proportion to the path for
    /// each pattern with "*" that begins like it, and to the logarithm of the number of all others.
    [[nodiscard]] RobotsVerdict verdict(std::string_view path) const;
    /// The same of the path byte for byte and without exception: what Google's matcher answers.
    [[nodiscard]] RobotsVerdict match(std::string_view path) const;

    [[nodiscard]] RobotsGroup group() const { return group_; }
    /// Patterns, counting one that stands for a folder and its index.html twice.
    [[nodiscard]] std::size_t rule_count() const { return rules_.size(); }

    [[nodiscard]] std::optional<Duration> crawl_delay() const { return crawl_delay_; }
    [[nodiscard]] const std::vector<RobotsRate>& rates() const { return rates_; }
    /// The larger of two delays is kept.
    void add_crawl_delay(Duration delay);
    void add_rate(const RobotsRate& rate);
    /// The pause between requests that Crawl-delay and the rates in force at `now` ask for; 0 if
    /// none does.
    [[nodiscard]] Duration pause(WallTime now) const;

    /// A durable form: a version byte, then the rules in the order of the file.
    [[nodiscard]] std::string encode() const;
    /// Errors: corrupt.
    static Result<RobotsRules> decode(std::string_view bytes);

private:
    /// One pattern, found again in text_. Sizes fit: a line has at most 16,663 bytes, three times
    /// that when percent-encoded.
    struct Rule {
        std::uint32_t begin = 0;
        std::uint32_t line = 0;
        std::uint16_t size = 0;    ///< Bytes to compare: without "$", or up to the folder's slash.
        std::uint16_t shown = 0;   ///< Bytes of the whole pattern.
        std::uint16_t prefix = 0;  ///< Bytes before the first "*".
        std::uint16_t priority = 0;  ///< Google's: the length of the pattern.
        bool allow = false;
        bool anchored = false;
    };
    /// The bytes that a pattern needs, as a set; a path without them need not be searched.
    struct ByteSet {
        std::uint64_t low = 0;
        std::uint64_t high = 0;
        void add(std::string_view text);
        [[nodiscard]] bool covers(const ByteSet& other) const {
            return (other.low & ~low) == 0 && (other.high & ~high) == 0;
        }
    };
    /// All rules with the same bytes before their first "*".
    struct Node {
        std::uint32_t first = 0;   ///< In rules_, which are sorted by these bytes.
        std::uint32_t parent = 0;  ///< The node of the longest shorter prefix of these bytes.
        std::uint16_t size = 0;
        std::uint16_t priority_max = 0;  ///< Of this node and all parents.
    };
    static constexpr std::uint32_t no_node = UINT32_MAX;

    void add_rule(const RobotsRule& rule);
    void build_index();
    [[nodiscard]] std::string_view prefix_of(const Rule& rule) const;
    [[nodiscard]] std::uint32_t find_node(std::string_view path) const;
    [[nodiscard]] bool matches(const Rule& rule, std::string_view path) const;
    [[nodiscard]] const Rule* best_of_node(std::uint32_t node, std::string_view path,
                                           const ByteSet& bytes, const Rule* best) const;

    RobotsGroup group_ = RobotsGroup::none;
    std::string text_;
    std::vector<Rule> rules_;
    std::vector<ByteSet> needs_;
    std::vector<Node> nodes_;
    std::optional<Duration> crawl_delay_;
    std::vector<RobotsRate> rates_;
};

}  // namespace sluice::crawl
