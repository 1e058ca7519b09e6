// SPDX-License-Identifier: Apache-2.0
// Registry and rendering (prometheus.io/docs/instrumenting/exposition_formats, text 0.0.4).
#include "kernel/observe/metrics.h"

#include "kernel/base/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <variant>

namespace sluice {

namespace {

bool is_name(std::string_view name, bool colon_allowed) {
    auto letter = [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
               (colon_allowed && c == ':');
    };
    if (name.empty() || !letter(name.front())) return false;
    return std::all_of(name.begin(), name.end(),
                       [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

void append_escaped(std::string& out, std::string_view text, bool quote_too) {
    for (const char c : text) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '"' && quote_too) {
            out += "\\\"";
        } else {
            out += c;
        }
    }
}

/// `a="x",b="y"`, the form in which labels are compared and printed.
std::string render_labels(Labels labels, bool as_other) {
    std::string out;
    for (const auto& [name, value] : labels) {
        SLUICE_CHECK(is_name(name, false) && name != "le");
        if (!out.empty()) out += ',';
        (out += name) += "=\"";
        append_escaped(out, as_other ? "other" : value, true);
        out += '"';
    }
    return out;
}

std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

}  // namespace

HistogramMetric::HistogramMetric(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {
    SLUICE_CHECK(!bounds_.empty() && bounds_.size() <= 64);
    SLUICE_CHECK(std::adjacent_find(bounds_.begin(), bounds_.end(), std::greater_equal<>()) ==
                 bounds_.end());
}

void HistogramMetric::observe(double value) {
    const auto place = std::lower_bound(bounds_.begin(), bounds_.end(), value);
    counts_[static_cast<std::size_t>(place - bounds_.begin())].fetch_add(1,
                                                                         std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t HistogramMetric::count() const {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= bounds_.size(); ++i) total += count_in(i);
    return total;
}

std::span<const double> latency_buckets() {
    static constexpr double bounds[] = {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                        0.01,    0.025,  0.05,    0.1,    0.25,  0.5,    1,
                                        2.5,     5,      10,      30,     60};
    return bounds;
}

enum class Registry::Kind { counter, gauge, histogram };

struct Registry::Series {
    Series(Kind kind, std::string rendered_labels, std::span<const double> bounds)
        : labels(std::move(rendered_labels)) {
        switch (kind) {
            case Kind::counter: break;
            case Kind::gauge: metric.emplace<Gauge>(); break;
            case Kind::histogram: metric.emplace<HistogramMetric>(bounds); break;
        }
    }

    void render(std::string& out, std::string_view name) const {
        auto to = std::back_inserter(out);
        const std::string braces = labels.empty() ? "" : "{" + labels + "}";
        if (const auto* counter = std::get_if<Counter>(&metric)) {
            fmt::format_to(to, "{}{} {}\n", name, braces, counter->value());
        } else if (const auto* gauge = std::get_if<Gauge>(&metric)) {
            fmt::format_to(to, "{}{} {}\n", name, braces, gauge->value());
        } else if (const auto* histogram = std::get_if<HistogramMetric>(&metric)) {
            const std::string_view comma = labels.empty() ? "" : ",";
            std::uint64_t cumulative = 0;
            const auto bounds = histogram->bounds();
            for (std::size_t i = 0; i <= bounds.size(); ++i) {
                cumulative += histogram->count_in(i);
                const std::string bound = i < bounds.size() ? number(bounds[i]) : "+Inf";
                fmt::format_to(to, "{}_bucket{{{}{}le=\"{}\"}} {}\n", name, labels, comma, bound,
                               cumulative);
            }
            fmt::format_to(to, "{}_sum{} {}\n", name, braces, number(histogram->sum()));
            fmt::format_to(to, "{}_count{} {}\n", name, braces, cumulative);
        }
    }

    const std::string labels;
    std::variant<Counter, Gauge, HistogramMetric> metric;
};

struct Registry::Family {
    std::string name;
    std::string help;
    Kind kind;
    std::vector<std::unique_ptr<Series>> series;
    std::map<std::string, Series*, std::less<>> by_labels;
};

Registry::Registry(std::size_t label_sets_max) : label_sets_max_(label_sets_max) {}
Registry::~Registry() = default;

Registry::Series& Registry::find_or_add(Kind kind, MetricInfo info, Labels labels,
                                        std::span<const double> bounds) {
    SLUICE_CHECK(is_name(info.name, true));
    std::string rendered = render_labels(labels, false);
    const MutexLock lock(mutex_);
    auto place = std::lower_bound(
        families_.begin(), families_.end(), info.name,
        [](const auto& family, std::string_view name) { return family->name < name; });
    if (place == families_.end() || (*place)->name != info.name) {
        auto family = std::make_unique<Family>(
            Family{std::string(info.name), std::string(info.help), kind, {}, {}});
        place = families_.insert(place, std::move(family));
    }
    Family& family = **place;
    SLUICE_CHECK(family.kind == kind);
    if (auto found = family.by_labels.find(rendered); found != family.by_labels.end()) {
        return *found->second;
    }
    if (family.series.size() >= label_sets_max_) {
        rendered = render_labels(labels, true);
        if (auto found = family.by_labels.find(rendered); found != family.by_labels.end()) {
            return *found->second;
        }
    }
    Series& added = *family.series.emplace_back(std::make_unique<Series>(kind, rendered, bounds));
    family.by_labels.emplace(std::move(rendered), &added);
    return added;
}

Counter& Registry::counter(MetricInfo info, Labels labels) {
    return std::get<Counter>(find_or_add(Kind::counter, info, labels, {}).metric);
}

Gauge& Registry::gauge(MetricInfo info, Labels labels) {
    return std::get<Gauge>(find_or_add(Kind::gauge, info, labels, {}).metric);
}

HistogramMetric& Registry::histogram(MetricInfo info, Labels labels,
                                     std::span<const double> bounds) {
    return std::get<HistogramMetric>(find_or_add(Kind::histogram, info, labels, bounds).metric);
}

std::string Registry::render_prometheus() const {
    static constexpr std::string_view kinds[] = {"counter", "gauge", "histogram"};
    std::string out;
    const MutexLock lock(mutex_);
    for (const auto& family : families_) {
        ((out += "# HELP ") += family->name) += ' ';
        append_escaped(out, family->help, false);
        ((out += "\n# TYPE ") += family->name) += ' ';
        (out += kinds[static_cast<std::size_t>(family->kind)]) += '\n';
        for (const auto& series : family->series) series->render(out, family->name);
    }
    return out;
}

}  // namespace sluice
