// SPDX-License-Identifier: Apache-2.0
// Counters, gauges and histograms, and their rendering for Prometheus. A Registry is passed to
// whoever measures; there is no global one.
#pragma once

#include "kernel/base/time.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/sharded_counter.h"

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// A number that only grows. Any thread; threads on different processors do not slow each other
/// down.
using Counter = ShardedCounter;

/// A number that goes up and down. Any thread.
class Gauge {
public:
    void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
    void add(std::int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
    void sub(std::int64_t n = 1) { value_.fetch_sub(n, std::memory_order_relaxed); }
    [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::int64_t> value_{0};
};

/// A distribution over fixed buckets. Any thread; a scrape that runs meanwhile may see an
/// observation in one number and not yet in another.
class HistogramMetric {
public:
    /// `bounds`: upper bounds, strictly ascending, at least one, at most 64.
    explicit HistogramMetric(std::span<const double> bounds);

    void observe(double value);
    /// In seconds, as Prometheus wants durations.
    void observe(Duration duration) { observe(to_seconds(duration)); }

    [[nodiscard]] std::span<const double> bounds() const { return bounds_; }
    /// The count in bucket i alone (not cumulative); i == bounds().size() is the rest.
    [[nodiscard]] std::uint64_t count_in(std::size_t i) const {
        return counts_[i].load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t count() const;
    [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }

private:
    std::vector<double> bounds_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
    std::atomic<double> sum_{0};
};

/// 50 µs to 60 s in steps of about 2.5: for anything a person or a client waits for.
std::span<const double> latency_buckets();

/// Name and help line of a metric family. Names: [a-zA-Z_:][a-zA-Z0-9_:]*; counters end in _total.
struct MetricInfo {
    std::string_view name;
    std::string_view help;
};
/// Pairs of label name and value; values may be any text.
using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// All metrics of one server. Asking twice for the same name and labels gives the same metric;
/// references stay valid as long as the registry. Ask once and keep the reference: asking takes a
/// lock. A name reused with another type, or an ill-formed name, is a programmer's fault (checked).
///
/// Limit: `label_sets_max` label sets in a family. Past it all further label sets share one metric
/// whose label values are "other", so that hostile names cannot fill the memory.
class Registry {
public:
    explicit Registry(std::size_t label_sets_max = 1000);
    ~Registry();
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    Counter& counter(MetricInfo info, Labels labels = {});
    Gauge& gauge(MetricInfo info, Labels labels = {});
    HistogramMetric& histogram(MetricInfo info, Labels labels = {},
                               std::span<const double> bounds = latency_buckets());

    /// Text exposition format 0.0.4, families by name, label sets in order of appearance. The
    /// content type is "text/plain; version=0.0.4; charset=utf-8". Any thread.
    [[nodiscard]] std::string render_prometheus() const;

private:
    enum class Kind;
    struct Series;
    struct Family;
    Series& find_or_add(Kind kind, MetricInfo info, Labels labels, std::span<const double> bounds);

    const std::size_t label_sets_max_;
    mutable Mutex mutex_{"metrics"};
    std::vector<std::unique_ptr<Family>> families_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice
