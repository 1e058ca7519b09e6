// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/logs/log_summary.h"

#include "kernel/base/text.h"
#include "modules/work/core/csv/csv_value.h"

#include <algorithm>
#include <array>

namespace sluice::work {

namespace {

constexpr std::array<std::int64_t, 6> steps = {60, 3600, 86'400, 604'800, 2'592'000, 31'536'000};
constexpr std::size_t example_bytes_max = 200;
/// What an error's message is told by; numbers in it are all one.
constexpr std::size_t kind_bytes_max = 120;

bool is_error_level(std::string_view level) {
    static constexpr std::array<std::string_view, 12> names = {
        "error", "err",   "fatal", "critical", "crit",     "emergency",
        "alert", "panic", "ERROR", "FATAL",    "CRITICAL", "Error"};
    return std::find(names.begin(), names.end(), level) != names.end();
}

bool is_quicker(const SlowLine& a, const SlowLine& b) { return a.seconds > b.seconds; }

}  // namespace

LogSummary::LogSummary(LogRequest request, LogLimits limits)
    : paths(limits.top_table_max, limits.text_bytes_max),
      clients(limits.top_table_max, limits.text_bytes_max),
      agents(limits.top_table_max, limits.text_bytes_max),
      referrers(limits.top_table_max, limits.text_bytes_max),
      sources(limits.top_table_max, limits.text_bytes_max),
      methods(100, 20),
      levels(100, 20),
      kinds(limits.top_table_max, kind_bytes_max),
      request_(std::move(request)),
      limits_(limits),
      format_(request_.format) {
    if (format_) reader_.emplace(*format_, request_.names);
    if (request_.step_seconds > 0) step_ = request_.step_seconds;
}

void LogSummary::feed(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view part = text.substr(0, end);
        if (end == std::string_view::npos) {
            if (!skipping_ && partial_.size() + part.size() <= limits_.line_bytes_max) {
                partial_ += part;
            } else if (!skipping_) {
                // Its beginning is enough for an example.
                skipping_ = true;
                partial_ += part.substr(0, example_bytes_max);
                partial_.resize(std::min(partial_.size(), example_bytes_max));
            }
            return;
        }
        text.remove_prefix(end + 1);
        const bool long_line = skipping_ || partial_.size() + part.size() > limits_.line_bytes_max;
        if (long_line) {
            ++line_number_;
            ++lines;
            ++too_long;
            partial_ += part.substr(0, example_bytes_max);
            note_unread(partial_, line_number_);
        } else if (partial_.empty()) {
            take_line(part);
        } else {
            partial_ += part;
            take_line(partial_);
        }
        partial_.clear();
        skipping_ = false;
    }
}

void LogSummary::finish() {
    if (!partial_.empty() || skipping_) feed("\n");
    if (!reader_) decide_format();
}

void LogSummary::take_line(std::string_view line) {
    ++line_number_;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) return;
    ++lines;
    if (reader_) return read_line(line, line_number_);
    waiting_.emplace_back(line);
    waiting_numbers_.push_back(line_number_);
    if (waiting_.size() >= limits_.detect_lines) decide_format();
}

void LogSummary::decide_format() {
    format_ = detect_log_format(waiting_, request_.names);
    // Lines of no format: whatever comes is read as the first one, so is counted as unparsed.
    reader_.emplace(format_.value_or(LogFormat::combined), request_.names);
    for (std::size_t i = 0; i < waiting_.size(); ++i) read_line(waiting_[i], waiting_numbers_[i]);
    waiting_ = {};
    waiting_numbers_ = {};
}

void LogSummary::note_unread(std::string_view line, std::uint64_t number) {
    ++unparsed;
    if (examples.size() >= limits_.examples_max) return;
    examples.push_back({number, cut_text(line, example_bytes_max)});
}

void LogSummary::read_line(std::string_view line, std::uint64_t number) {
    LogRecord record;
    if (!reader_->read(line, record)) return note_unread(line, number);
    const bool early = request_.from && (!record.time || *record.time < *request_.from);
    const bool late = request_.until && (!record.time || *record.time >= *request_.until);
    if (early || late) {
        ++left_out;
        return;
    }
    count(record);
}

void LogSummary::count(const LogRecord& record) {
    ++counted;
    const auto add = [](TopCounter& counter, std::string_view text) {
        if (!text.empty()) counter.add(text);
    };
    add(paths, record.path);
    add(clients, record.client);
    add(agents, record.agent);
    add(referrers, record.referrer);
    add(sources, record.source);
    add(methods, record.method);
    add(levels, record.level);
    if (record.status != 0)
        ++classes[record.status < 600 ? static_cast<std::size_t>(record.status / 100) : 0];
    if (record.bytes) {
        bytes = bytes > UINT64_MAX - *record.bytes ? UINT64_MAX : bytes + *record.bytes;
        bytes_max = std::max(bytes_max, *record.bytes);
    }
    const bool error = record.status >= 500 || is_error_level(record.level);
    if (error) ++errors;
    if (record.status >= 400 || error) count_error(record);
    if (record.time) count_time(record, error);
    if (!record.seconds) return;
    latency.add(*record.seconds);
    latency_sum += *record.seconds;
    latency_max = std::max(latency_max, *record.seconds);
    if (slow_.size() >= limits_.slowest_max && slow_.front().seconds >= *record.seconds) return;
    slow_.push_back({*record.seconds, record.time, cut_text(record.method, 20),
                     cut_text(record.path, limits_.text_bytes_max), record.status});
    std::push_heap(slow_.begin(), slow_.end(), is_quicker);
    if (slow_.size() <= limits_.slowest_max) return;
    std::pop_heap(slow_.begin(), slow_.end(), is_quicker);
    slow_.pop_back();
}

void LogSummary::count_error(const LogRecord& record) {
    kind_.clear();
    if (record.status >= 400) {
        kind_ = "HTTP " + std::to_string(record.status);
    } else {
        kind_ = record.level;
    }
    if (!record.message.empty()) {
        kind_ += ": ";
        bool number = false;
        for (const char c : truncate_utf8(record.message, kind_bytes_max)) {
            const bool digit = c >= '0' && c <= '9';
            if (!digit || !number) kind_ += digit ? '#' : c;
            number = digit;
        }
    }
    kinds.add(kind_);
}

void LogSummary::count_time(const LogRecord& record, bool error) {
    if (!first || *record.time < *first) first = record.time;
    if (!last || *record.time > *last) last = record.time;
    const std::int64_t second =
        std::chrono::floor<std::chrono::seconds>(*record.time).time_since_epoch().count();
    const std::int64_t place = second >= 0 ? second / step_ : (second - step_ + 1) / step_;
    LogPoint& point = series_[place * step_];
    ++point.lines;
    point.errors += error ? 1 : 0;
    point.bytes += record.bytes.value_or(0);
    while (series_.size() > limits_.points_max) widen();
}

void LogSummary::widen() {
    const auto* next = std::upper_bound(steps.begin(), steps.end(), step_);
    // 2^63 nanoseconds are 292 years either side, so years always fit.
    step_ = next == steps.end() ? step_ * 10 : *next;
    std::map<std::int64_t, LogPoint> coarse;
    for (const auto& [second, point] : series_) {
        const std::int64_t place = second >= 0 ? second / step_ : (second - step_ + 1) / step_;
        LogPoint& sum = coarse[place * step_];
        sum.lines += point.lines;
        sum.errors += point.errors;
        sum.bytes += point.bytes;
    }
    series_ = std::move(coarse);
}

std::vector<SlowLine> LogSummary::slowest() const {
    std::vector<SlowLine> out = slow_;
    std::sort(out.begin(), out.end(), is_quicker);
    return out;
}

}  // namespace sluice::work
