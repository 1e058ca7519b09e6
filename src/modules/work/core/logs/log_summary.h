// SPDX-License-Identifier: Apache-2.0
// What a log says as a whole: counts, a series over time, the most frequent, the slowest. Takes
// text in pieces; lines beyond a length are counted, not kept. Pure, bounded memory.
#pragma once

#include "modules/work/core/logs/log_line.h"
#include "modules/work/core/sketch/quantile_sketch.h"
#include "modules/work/core/sketch/top_counter.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

struct LogLimits {
    std::size_t line_bytes_max = 64 * 1024;
    /// Different texts among which the most frequent are looked for, and bytes kept of each.
    std::size_t top_table_max = 10'000;
    std::size_t text_bytes_max = 200;
    /// Points of the series; with more it is made coarser.
    std::size_t points_max = 1500;
    std::size_t examples_max = 5;
    std::size_t slowest_max = 10;
    /// Lines looked at to find out the format.
    std::size_t detect_lines = 200;
};

struct LogRequest {
    std::optional<LogFormat> format{};  ///< None: found out.
    LogNames names{};
    std::optional<WallTime> from{};   ///< Lines before it, or without a time, are left out.
    std::optional<WallTime> until{};  ///< As well as this and later ones.
    /// Seconds of one point of the series; 0: the smallest of a minute, an hour and a day (and so
    /// on) that keeps to the limit.
    std::int64_t step_seconds = 0;
};

/// One point of the series.
struct LogPoint {
    std::uint64_t lines = 0;
    std::uint64_t errors = 0;
    std::uint64_t bytes = 0;
};

struct SlowLine {
    double seconds = 0;
    std::optional<WallTime> time;
    std::string method;
    std::string path;
    int status = 0;
};

/// A line that could not be read.
struct UnreadLine {
    std::uint64_t line = 0;
    std::string text;
};

class LogSummary {
public:
    explicit LogSummary(LogRequest request, LogLimits limits = {});

    void feed(std::string_view text);
    void finish();

    /// What was found, or was told; none while no line is of any format.
    [[nodiscard]] std::optional<LogFormat> format() const { return format_; }

    std::uint64_t lines = 0;     ///< That are not blank.
    std::uint64_t unparsed = 0;  ///< Of another format, or too long.
    std::uint64_t too_long = 0;
    std::uint64_t left_out = 0;  ///< By time.
    std::uint64_t counted = 0;
    std::uint64_t errors = 0;  ///< Status from 500, or level error and worse.
    std::uint64_t bytes = 0;
    std::uint64_t bytes_max = 0;
    std::array<std::uint64_t, 6> classes{};  ///< Status 1xx to 5xx by their first digit; 0: others.
    std::optional<WallTime> first, last;
    std::vector<UnreadLine> examples;
    TopCounter paths, clients, agents, referrers, sources, methods, levels, kinds;
    QuantileSketch latency;
    double latency_sum = 0, latency_max = 0;
    [[nodiscard]] std::vector<SlowLine> slowest() const;
    /// Seconds of one point, and the points that are not empty.
    [[nodiscard]] std::int64_t step_seconds() const { return step_; }
    [[nodiscard]] const std::map<std::int64_t, LogPoint>& series() const { return series_; }

private:
    void take_line(std::string_view line);
    void decide_format();
    void read_line(std::string_view line, std::uint64_t number);
    void note_unread(std::string_view line, std::uint64_t number);
    void count(const LogRecord& record);
    void count_error(const LogRecord& record);
    void count_time(const LogRecord& record, bool error);
    void widen();

    LogRequest request_;
    LogLimits limits_;
    std::optional<LogFormat> format_;
    std::optional<LogReader> reader_;
    std::uint64_t line_number_ = 0;
    std::string partial_;
    bool skipping_ = false;
    /// Until the format is known.
    std::vector<std::string> waiting_;
    std::vector<std::uint64_t> waiting_numbers_;
    std::int64_t step_ = 60;
    std::map<std::int64_t, LogPoint> series_;
    std::vector<SlowLine> slow_;  ///< A heap with the quickest on top.
    std::string kind_;
};

}  // namespace sluice::work
