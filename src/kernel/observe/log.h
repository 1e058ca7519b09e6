// SPDX-License-Identifier: Apache-2.0
// The process's log: one line per event, human or JSON, to stderr. Not a metrics channel, and not a
// place for format strings: the message is a literal, everything that varies is a field.
#pragma once

#include "kernel/algo/shared_buckets.h"
#include "kernel/base/result.h"
#include "kernel/base/time.h"

#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace sluice {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { human, json };

/// "debug", "info", "warning" or "error". Errors: invalid.
Result<LogLevel> parse_log_level(std::string_view text);
/// "human" or "json". Errors: invalid.
Result<LogFormat> parse_log_format(std::string_view text);

/// A message that exists at compile time; text of a user can never become one.
class LogMessage {
public:
    consteval LogMessage(const char* text) : text_(text) {}  // NOLINT(google-explicit-constructor)
    [[nodiscard]] std::string_view text() const { return text_; }

private:
    std::string_view text_;
};

/// The value of a field. Text is borrowed for the call only.
class LogValue {
public:
    using Storage = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

    LogValue(std::string_view text) : value_(text) {}               // NOLINT(google-explicit-*)
    LogValue(const char* text) : value_(std::string_view(text)) {}  // NOLINT(google-explicit-*)
    LogValue(const std::string& text)                               // NOLINT(google-explicit-*)
        : value_(std::string_view(text)) {}
    LogValue(bool value) : value_(value) {}    // NOLINT(google-explicit-constructor)
    LogValue(double value) : value_(value) {}  // NOLINT(google-explicit-constructor)
    template <class Rep, class Period>
    LogValue(std::chrono::duration<Rep, Period> value)  // NOLINT(google-explicit-constructor)
        : value_(to_seconds(value)) {}
    template <std::signed_integral I>
        requires(!std::same_as<I, bool>)
    LogValue(I value) : value_(static_cast<std::int64_t>(value)) {}  // NOLINT(google-explicit-*)
    template <std::unsigned_integral I>
        requires(!std::same_as<I, bool>)
    LogValue(I value) : value_(static_cast<std::uint64_t>(value)) {}  // NOLINT(google-explicit-*)

    [[nodiscard]] const Storage& storage() const { return value_; }

private:
    Storage value_;
};

/// One key/value pair. Keys are literals in lower snake_case; durations are written in seconds.
struct LogField {
    LogField(const char* field_key, LogValue field_value) : key(field_key), value(field_value) {}
    std::string_view key;
    LogValue value;
};
using LogFields = std::initializer_list<LogField>;

/// How the log behaves; set once at start, before other threads exist.
struct LogOptions {
    LogLevel level = LogLevel::info;
    LogFormat format = LogFormat::human;
    int descriptor = 2;
};

/// Sets level, format and destination of the whole process. Until then: info, human, stderr.
void log_start(LogOptions options);
/// Whether an event of this level would be written; ask before computing costly fields.
bool log_enabled(LogLevel level);

/// Writes one line with one write call. Text is escaped (no CR, LF, control or ANSI bytes reach the
/// line, invalid UTF-8 is replaced), each value is cut at 1 KiB and the line at 4,000 bytes. Any
/// thread.
void log(LogLevel level, LogMessage message, LogFields fields = {});
inline void log_debug(LogMessage message, LogFields fields = {}) {
    if (log_enabled(LogLevel::debug)) log(LogLevel::debug, message, fields);
}
inline void log_info(LogMessage message, LogFields fields = {}) {
    log(LogLevel::info, message, fields);
}
inline void log_warning(LogMessage message, LogFields fields = {}) {
    log(LogLevel::warning, message, fields);
}
inline void log_error(LogMessage message, LogFields fields = {}) {
    log(LogLevel::error, message, fields);
}

/// Renders the line that log() would write, without the line end. For tests and other sinks.
struct LogEvent {
    LogLevel level;
    std::string_view message;
    LogFields fields;
    WallTime at;
};
std::string format_log_line(LogFormat format, const LogEvent& event);

/// For warnings that a client or a broken disk can cause a million times: lets one through per
/// interval and counts the rest in the field "suppressed" of the next one. Any thread.
class LogLimiter {
public:
    explicit LogLimiter(Duration interval = 10s) : bucket_({.per = interval}) {}

    /// The number suppressed since the last one if this one may be written, or -1.
    std::int64_t admit(Instant now);

private:
    SharedTokenBucket<> bucket_;
    std::atomic<std::int64_t> suppressed_{0};
};

/// log_warning through a limiter; fields past the fourth are left out.
void log_warning_limited(LogLimiter& limiter, Instant now, LogMessage message,
                         LogFields fields = {});

}  // namespace sluice
