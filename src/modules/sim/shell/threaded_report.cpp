// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/shell/threaded_report.h"

#include "kernel/wire/json_text.h"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>

namespace sluice::sim {

namespace {

/// Seconds to the microsecond: more digits would only say what else the machine did.
double rounded_seconds(Duration duration) { return std::round(to_seconds(duration) * 1e6) / 1e6; }
double rounded(double number) { return std::round(number * 1e3) / 1e3; }

void put_config(JsonWriter& json, const ThreadedConfig& config) {
    json.begin_object();
    json.key("mode").string("threads");
    json.key("items").unsigned_integer(config.items);
    json.key("producers").unsigned_integer(config.producers);
    json.key("consumers").unsigned_integer(config.consumers);
    json.key("capacity").unsigned_integer(config.capacity);
    json.key("failure_rate").number(config.failure_rate);
    json.key("retry").unsigned_integer(config.retries);
    json.key("priority").unsigned_integer(config.priorities);
    json.key("timeout_s").number(rounded_seconds(config.timeout));
    json.key("arrival").string(config.arrival ? config.arrival->text() : "asap");
    json.key("service").string(config.service.text());
    json.key("shutdown").string(to_string(config.shutdown));
    json.key("seed").unsigned_integer(config.seed);
    json.end_object();
}

void put_times(JsonWriter& json, const Histogram& times) {
    json.begin_object();
    json.key("mean").number(rounded_seconds(times.mean()));
    json.key("p50").number(rounded_seconds(times.quantile(0.5)));
    json.key("p95").number(rounded_seconds(times.quantile(0.95)));
    json.key("p99").number(rounded_seconds(times.quantile(0.99)));
    json.key("max").number(rounded_seconds(times.max()));
    json.end_object();
}

void put_consumers(JsonWriter& json, const ThreadedStats& stats) {
    json.key("consumers").begin_array();
    for (std::size_t i = 0; i < stats.consumers.size(); ++i) {
        const ConsumerStats& one = stats.consumers[i];
        json.begin_object();
        json.key("consumer").unsigned_integer(i);
        json.key("consumed").unsigned_integer(one.consumed);
        json.key("failed").unsigned_integer(one.failed);
        json.key("attempts").unsigned_integer(one.attempts);
        json.key("mean_time_s").number(rounded_seconds(one.mean_time()));
        json.key("busy_s").number(rounded_seconds(one.busy));
        json.key("blocked_on_empty_s").number(rounded_seconds(one.blocked_on_empty));
        json.key("timeouts").unsigned_integer(one.timeouts);
        json.end_object();
    }
    json.end_array();
    json.key("producers").begin_array();
    for (std::size_t i = 0; i < stats.producers.size(); ++i) {
        json.begin_object();
        json.key("producer").unsigned_integer(i);
        json.key("produced").unsigned_integer(stats.producers[i].produced);
        json.key("blocked_on_full_s").number(rounded_seconds(stats.producers[i].blocked_on_full));
        json.end_object();
    }
    json.end_array();
}

void put_stats(JsonWriter& json, const ThreadedStats& stats) {
    json.begin_object();
    json.key("end").string(to_string(stats.end));
    json.key("produced").unsigned_integer(stats.produced);
    json.key("consumed").unsigned_integer(stats.consumed);
    json.key("failed").unsigned_integer(stats.failed);
    json.key("left").unsigned_integer(stats.left);
    json.key("retried").unsigned_integer(stats.retried);
    json.key("timeouts").unsigned_integer(stats.timeouts);
    json.key("elapsed_s").number(rounded_seconds(stats.elapsed));
    json.key("throughput").number(rounded(stats.throughput));
    json.key("queue_depth_max").unsigned_integer(stats.queue_depth_max);
    json.key("queue_depth_mean").number(rounded(stats.queue_depth_mean));
    json.key("blocked_on_full_s").number(rounded_seconds(stats.blocked_on_full));
    json.key("blocked_on_empty_s").number(rounded_seconds(stats.blocked_on_empty));
    json.key("wait_s");
    put_times(json, stats.wait);
    json.key("work_s");
    put_times(json, stats.work);
    json.key("mean_time_per_consumer_s").begin_array();
    for (const ConsumerStats& one : stats.consumers) json.number(rounded_seconds(one.mean_time()));
    json.end_array();
    put_consumers(json, stats);
    json.end_object();
}

void put_item(JsonWriter& json, const ItemResult& result) {
    json.begin_object();
    json.key("item").unsigned_integer(result.item);
    json.key("end").string(to_string(result.end));
    json.key("attempts").unsigned_integer(result.attempts);
    json.key("priority").unsigned_integer(result.priority);
    json.key("producer").unsigned_integer(result.producer);
    json.key("consumer");
    if (result.attempts > 0)
        json.unsigned_integer(result.consumer);
    else
        json.null();
    json.key("waited_s").number(rounded_seconds(result.waited));
    json.key("worked_s").number(rounded_seconds(result.worked));
    json.end_object();
}

/// "1.234 s", "12.3 ms", "85 us".
std::string shown(Duration duration) {
    const double time = to_seconds(duration);
    char text[32];
    if (time >= 1)
        std::snprintf(text, sizeof text, "%.2f s", time);
    else if (time >= 1e-3)
        std::snprintf(text, sizeof text, "%.1f ms", time * 1e3);
    else
        std::snprintf(text, sizeof text, "%.0f us", time * 1e6);
    return text;
}

std::string shown(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", number);
    return text;
}

std::string counted(std::uint64_t count, std::string_view noun) {
    return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

void put_line(std::string& out, std::string_view name, const std::string& text) {
    out += "  ";
    out += name;
    out.append(name.size() < 14 ? 14 - name.size() : 1, ' ');
    out += text;
    out += '\n';
}

void put_consumer_bars(std::string& out, const ThreadedStats& stats) {
    constexpr std::size_t width = 30;
    constexpr std::size_t shown_max = 32;
    out += "\nBusy consumers\n";
    for (std::size_t i = 0; i < std::min(stats.consumers.size(), shown_max); ++i) {
        const ConsumerStats& one = stats.consumers[i];
        const double share =
            std::clamp(to_seconds(one.busy) / std::max(to_seconds(stats.elapsed), 1e-9), 0.0, 1.0);
        const auto full = static_cast<std::size_t>(std::lround(share * width));
        char head[64];
        std::snprintf(head, sizeof head, "  %4zu  [", i);
        char tail[96];
        std::snprintf(tail, sizeof tail, "] %3.0f %%  %" PRIu64 " items, mean %s\n", share * 100,
                      one.consumed + one.failed, shown(one.mean_time()).c_str());
        out += head + std::string(full, '#') + std::string(width - full, '.') + tail;
    }
    if (stats.consumers.size() > shown_max)
        out += "  and " + std::to_string(stats.consumers.size() - shown_max) + " more\n";
}

}  // namespace

std::string threaded_json(const ThreadedReport& report) {
    std::string text;
    JsonWriter json(text);
    json.begin_object();
    json.key("config");
    put_config(json, report.config);
    json.key("stats");
    put_stats(json, report.stats);
    json.key("results_sample").begin_array();
    for (const ItemResult& result : report.sample) put_item(json, result);
    json.end_array();
    json.end_object();
    return text;
}

std::string threaded_text(const ThreadedReport& report) {
    const ThreadedStats& stats = report.stats;
    const Histogram& wait = stats.wait;
    std::string out = counted(report.config.producers, "producer") + ", " +
                      counted(report.config.consumers, "consumer") + ", room for " +
                      std::to_string(report.config.capacity) + ": " +
                      std::string(to_string(stats.end)) + " after " + shown(stats.elapsed) + "\n\n";
    put_line(out, "items",
             std::to_string(stats.produced) + " produced = " + std::to_string(stats.consumed) +
                 " consumed + " + std::to_string(stats.failed) + " failed + " +
                 std::to_string(stats.left) + " left; " + std::to_string(stats.retried) +
                 " attempts were retries");
    put_line(out, "throughput", shown(stats.throughput) + " items/s");
    put_line(out, "queue depth",
             "mean " + shown(stats.queue_depth_mean) + ", max " +
                 std::to_string(stats.queue_depth_max) + " of " +
                 std::to_string(report.config.capacity));
    put_line(out, "wait",
             "mean " + shown(wait.mean()) + ", p50 " + shown(wait.quantile(0.5)) + ", p95 " +
                 shown(wait.quantile(0.95)) + ", p99 " + shown(wait.quantile(0.99)) + ", max " +
                 shown(wait.max()));
    put_line(out, "work",
             "mean " + shown(stats.work.mean()) + ", p95 " + shown(stats.work.quantile(0.95)));
    put_line(out, "blocked",
             "producers on a full queue " + shown(stats.blocked_on_full) +
                 ", consumers on an empty one " + shown(stats.blocked_on_empty) + " (" +
                 std::to_string(stats.timeouts) + " timeouts)");
    put_consumer_bars(out, stats);
    return out;
}

}  // namespace sluice::sim
