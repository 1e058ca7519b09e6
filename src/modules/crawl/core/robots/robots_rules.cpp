// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/robots/robots_rules.h"

#include "kernel/base/bytes.h"
#include "modules/crawl/core/robots/robots_line.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <utility>

namespace sluice::crawl {

namespace {

constexpr char format_version = 1;
/// More patterns or longer ones than a file of 500 KiB can hold are not ours.
constexpr std::uint64_t decoded_rules_max = 500 * 1024;
constexpr std::size_t decoded_bytes_max = 8 * 1024 * 1024;

/// Where `needle` begins in `text`, from `from` on. memmem of the C library takes linear time.
std::size_t find_from(std::string_view text, std::string_view needle, std::size_t from) {
    const void* found =
        ::memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
    if (found == nullptr) return std::string_view::npos;
    return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::uint16_t minute_of_day(WallTime now) {
    const auto since = now.time_since_epoch();
    const auto of_day = since - std::chrono::floor<std::chrono::days>(since);
    return static_cast<std::uint16_t>(
        std::chrono::duration_cast<std::chrono::minutes>(of_day).count());
}

bool holds(const RobotsRate& rate, std::uint16_t minute) {
    if (!rate.window) return true;
    const auto [first, last] = *rate.window;
    return first <= last ? minute >= first && minute <= last : minute >= first || minute <= last;
}

}  // namespace

std::string to_string(const RobotsVerdict& verdict) {
    if (verdict.line != 0) {
        return "line " + std::to_string(verdict.line) +
               (verdict.allowed ? ": Allow: " : ": Disallow: ") + std::string(verdict.pattern);
    }
    switch (verdict.group) {
        case RobotsGroup::none: return "no group for this crawler";
        case RobotsGroup::everyone: return "no rule for everyone matches";
        case RobotsGroup::named: return "no rule for this crawler matches";
    }
    return {};
}

void RobotsRules::ByteSet::add(std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        (byte & 64 ? high : low) |= std::uint64_t{1} << (byte & 63);
    }
}

RobotsRules::RobotsRules(RobotsGroup group, const std::vector<RobotsRule>& rules) : group_(group) {
    for (const RobotsRule& rule : rules) add_rule(rule);
    build_index();
}

void RobotsRules::add_rule(const RobotsRule& rule) {
    // A path begins with a slash, so other patterns than these never match.
    if (rule.pattern.empty() || (rule.pattern[0] != '/' && rule.pattern[0] != '*')) return;
    Rule added{.begin = static_cast<std::uint32_t>(text_.size()), .line = rule.line};
    text_ += rule.pattern;
    added.shown = static_cast<std::uint16_t>(rule.pattern.size());
    added.priority = added.shown;
    added.allow = rule.allow;
    added.anchored = rule.pattern.back() == '$';
    added.size = static_cast<std::uint16_t>(added.shown - (added.anchored ? 1 : 0));
    const auto star = std::min(rule.pattern.find('*'), std::size_t{added.size});
    added.prefix = static_cast<std::uint16_t>(star);
    rules_.push_back(added);
    const std::size_t slash = rule.pattern.rfind('/');
    if (rule.allow && slash != std::string_view::npos &&
        rule.pattern.substr(slash).starts_with("/index.htm")) {
        // Google reads "/folder/index.html" also as "/folder/$".
        added.size = static_cast<std::uint16_t>(slash + 1);
        added.priority = static_cast<std::uint16_t>(added.size + 1);
        added.prefix = std::min(added.prefix, added.size);
        added.anchored = true;
        rules_.push_back(added);
    }
}

std::string_view RobotsRules::prefix_of(const Rule& rule) const {
    return {text_.data() + rule.begin, rule.prefix};
}

void RobotsRules::build_index() {
    const auto before = [this](const Rule& a, const Rule& b) {
        const int order = prefix_of(a).compare(prefix_of(b));
        if (order != 0) return order < 0;
        if (a.priority != b.priority) return a.priority > b.priority;
        if (a.allow != b.allow) return a.allow;
        return a.line < b.line;
    };
    std::sort(rules_.begin(), rules_.end(), before);
    for (std::uint32_t i = 0; i < rules_.size(); ++i) {
        const Rule& rule = rules_[i];
        ByteSet needs;
        for (std::size_t at = 0; at < rule.size; ++at) {
            if (text_[rule.begin + at] != '*') needs.add({text_.data() + rule.begin + at, 1});
        }
        needs_.push_back(needs);
        const std::string_view prefix = prefix_of(rule);
        if (!nodes_.empty() && prefix == prefix_of(rules_[nodes_.back().first])) continue;
        // The parent of a new node is found on the way up from the one before it.
        std::uint32_t parent =
            nodes_.empty() ? no_node : static_cast<std::uint32_t>(nodes_.size() - 1);
        while (parent != no_node && !prefix.starts_with(prefix_of(rules_[nodes_[parent].first]))) {
            parent = nodes_[parent].parent;
        }
        const std::uint16_t above =
            parent == no_node ? std::uint16_t{0} : nodes_[parent].priority_max;
        nodes_.push_back({.first = i,
                          .parent = parent,
                          .size = rule.prefix,
                          .priority_max = std::max(rule.priority, above)});
    }
}

std::uint32_t RobotsRules::find_node(std::string_view path) const {
    // The last node that is not above the path: whatever is a prefix of the path is a prefix of it.
    const auto above = std::upper_bound(nodes_.begin(), nodes_.end(), path,
                                        [this](std::string_view wanted, const Node& node) {
                                            return wanted < prefix_of(rules_[node.first]);
                                        });
    if (above == nodes_.begin()) return no_node;
    auto node = static_cast<std::uint32_t>(above - nodes_.begin() - 1);
    const std::string_view prefix = prefix_of(rules_[nodes_[node].first]);
    const std::size_t both = std::min(prefix.size(), path.size());
    const auto differ =
        std::mismatch(prefix.begin(), prefix.begin() + static_cast<long>(both), path.begin());
    const auto common = static_cast<std::size_t>(differ.first - prefix.begin());
    while (node != no_node && nodes_[node].size > common) node = nodes_[node].parent;
    return node;
}

/// The prefix is known to match. The first place of each part between stars is as good as any
/// later one, so nothing is ever tried twice.
bool RobotsRules::matches(const Rule& rule, std::string_view path) const {
    const std::string_view pattern(text_.data() + rule.begin, rule.size);
    if (rule.prefix == rule.size) return !rule.anchored || path.size() == pattern.size();
    std::size_t at = rule.prefix;
    std::size_t begin = std::size_t{rule.prefix} + 1;
    while (begin <= pattern.size()) {
        const std::size_t end = std::min(pattern.find('*', begin), pattern.size());
        const std::string_view part = pattern.substr(begin, end - begin);
        if (end == pattern.size() && rule.anchored) {
            return path.size() - at >= part.size() && path.ends_with(part);
        }
        if (!part.empty()) {
            const std::size_t found = find_from(path, part, at);
            if (found == std::string_view::npos) return false;
            at = found + part.size();
        }
        begin = end + 1;
    }
    return true;
}

/// The better of `best` and the best rule of the node that matches.
const RobotsRules::Rule* RobotsRules::best_of_node(std::uint32_t node, std::string_view path,
                                                   const ByteSet& bytes, const Rule* best) const {
    const std::size_t end = node + 1 < nodes_.size() ? nodes_[node + 1].first : rules_.size();
    for (std::size_t i = nodes_[node].first; i < end; ++i) {
        const Rule& rule = rules_[i];
        if (best != nullptr) {
            if (rule.priority < best->priority) return best;
            const bool better = rule.priority > best->priority || (rule.allow && !best->allow) ||
                                (rule.allow == best->allow && rule.line < best->line);
            if (!better) continue;
        }
        if (bytes.covers(needs_[i]) && matches(rule, path)) best = &rule;
    }
    return best;
}

RobotsVerdict RobotsRules::verdict(std::string_view path) const {
    if (path == "/robots.txt") return {.group = group_};
    const bool is_normal = std::none_of(path.begin(), path.end(),
                                        [](char c) { return c == '%' || (c & '\x80') != 0; });
    return is_normal ? match(path) : match(normalise_robots_pattern(path));
}

RobotsVerdict RobotsRules::match(std::string_view path) const {
    RobotsVerdict out{.group = group_};
    if (nodes_.empty()) return out;
    ByteSet bytes;
    bytes.add(path);
    const Rule* best = nullptr;
    for (std::uint32_t node = find_node(path); node != no_node; node = nodes_[node].parent) {
        if (best != nullptr && nodes_[node].priority_max < best->priority) break;
        best = best_of_node(node, path, bytes, best);
    }
    if (best != nullptr) {
        out.allowed = best->allow;
        out.line = best->line;
        out.pattern = {text_.data() + best->begin, best->shown};
    }
    return out;
}

void RobotsRules::add_crawl_delay(Duration delay) {
    delay = std::clamp(delay, Duration{0}, robots_delay_max);
    crawl_delay_ = crawl_delay_ ? std::max(*crawl_delay_, delay) : delay;
}

void RobotsRules::add_rate(const RobotsRate& rate) {
    if (rate.requests == 0 || rates_.size() >= robots_rates_max) return;
    rates_.push_back(rate);
    rates_.back().period = std::clamp(rate.period, Duration{0}, robots_delay_max);
}

Duration RobotsRules::pause(WallTime now) const {
    Duration out = crawl_delay_.value_or(Duration{0});
    const std::uint16_t minute = minute_of_day(now);
    for (const RobotsRate& rate : rates_) {
        if (holds(rate, minute)) out = std::max(out, rate.period / rate.requests);
    }
    return out;
}

std::string RobotsRules::encode() const {
    std::string out(1, format_version);
    out += static_cast<char>(group_);
    put_varint(out, crawl_delay_ ? static_cast<std::uint64_t>(crawl_delay_->count()) + 1 : 0);
    put_varint(out, rates_.size());
    for (const RobotsRate& rate : rates_) {
        put_varint(out, rate.requests);
        put_varint(out, static_cast<std::uint64_t>(rate.period.count()));
        put_varint(out, rate.window ? (*rate.window)[0] + 1U : 0);
        if (rate.window) put_varint(out, (*rate.window)[1]);
    }
    // A folder's rule comes again from that of its index.html.
    std::vector<const Rule*> whole;
    for (const Rule& rule : rules_) {
        if (rule.priority == rule.shown) whole.push_back(&rule);
    }
    std::sort(whole.begin(), whole.end(),
              [](const Rule* a, const Rule* b) { return a->begin < b->begin; });
    put_varint(out, whole.size());
    for (const Rule* rule : whole) {
        put_varint(out, std::uint64_t{rule->line} * 2 + (rule->allow ? 1 : 0));
        put_string(out, std::string_view(text_).substr(rule->begin, rule->shown));
    }
    return out;
}

Result<RobotsRules> RobotsRules::decode(std::string_view bytes) {
    const auto damaged = [] { return fail(Code::corrupt, "damaged robots rules"); };
    if (bytes.size() > decoded_bytes_max) return damaged();
    ByteReader in(bytes);
    const std::string_view head = in.take(2);
    if (!in.ok() || head[0] != format_version || head[1] < 0 || head[1] > 2) return damaged();
    const std::uint64_t delay = in.varint();
    const std::uint64_t rate_count = in.varint();
    constexpr auto delay_max = static_cast<std::uint64_t>(robots_delay_max.count());
    if (!in.ok() || delay > delay_max + 1 || rate_count > robots_rates_max) return damaged();
    std::vector<RobotsRate> rates(rate_count);
    for (RobotsRate& rate : rates) {
        const std::uint64_t requests = in.varint();
        const std::uint64_t period = in.varint();
        const std::uint64_t first = in.varint();
        const std::uint64_t last = first > 0 ? in.varint() : 0;
        const bool fits = requests >= 1 && requests <= UINT32_MAX && period <= delay_max;
        if (!in.ok() || !fits || first > 1440 || last > 1439) return damaged();
        rate.requests = static_cast<std::uint32_t>(requests);
        rate.period = Duration{static_cast<std::int64_t>(period)};
        if (first > 0) {
            rate.window = {static_cast<std::uint16_t>(first - 1), static_cast<std::uint16_t>(last)};
        }
    }
    const std::uint64_t count = in.varint();
    if (!in.ok() || count > decoded_rules_max) return damaged();
    std::vector<RobotsRule> rules;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t line = in.varint();
        const std::string_view pattern = in.string();
        const bool fits = line / 2 <= UINT32_MAX && pattern.size() <= UINT16_MAX;
        if (!in.ok() || !fits) return damaged();
        rules.push_back({line % 2 == 1, static_cast<std::uint32_t>(line / 2), pattern});
    }
    if (!in.at_end()) return damaged();
    RobotsRules out(static_cast<RobotsGroup>(head[1]), rules);
    if (delay > 0) out.crawl_delay_ = Duration{static_cast<std::int64_t>(delay - 1)};
    out.rates_ = std::move(rates);
    return out;
}

}  // namespace sluice::crawl
