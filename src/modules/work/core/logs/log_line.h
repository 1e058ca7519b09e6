// SPDX-License-Identifier: Apache-2.0
// One line of a log as what it says, in four formats: the combined and common format of web
// servers, JSON lines, logfmt, and syslog (RFC 5424). Pure.
#pragma once

#include "kernel/base/time.h"
#include "kernel/wire/json_reader.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

enum class LogFormat { combined, json, logfmt, syslog };
inline constexpr std::array log_formats = {LogFormat::combined, LogFormat::json, LogFormat::logfmt,
                                           LogFormat::syslog};
std::string_view to_string(LogFormat format);

/// What a line says. Texts are views of the line or of the reader's memory, valid until its next
/// line; empty ones were not there ("-" counts as not there).
struct LogRecord {
    std::optional<WallTime> time;
    std::string_view client;
    std::string_view method;
    std::string_view path;  ///< Without the query.
    std::string_view referrer;
    std::string_view agent;
    std::string_view source;  ///< Program, logger or service.
    std::string_view level;
    std::string_view message;
    int status = 0;  ///< 0: none.
    std::optional<std::uint64_t> bytes;
    std::optional<double> seconds;  ///< How long the request took.
};

/// The members of JSON lines and keys of logfmt that are read. Each has well-known names; a name
/// set here is looked for instead.
enum class LogMember {
    time,
    client,
    method,
    path,
    referrer,
    agent,
    source,
    level,
    message,
    status,
    bytes,
    latency,
};
inline constexpr std::size_t log_member_count = 12;
std::string_view to_string(LogMember member);

struct LogNames {
    std::array<std::string, log_member_count> names{};
};

/// Reads lines of one format. Single owner.
class LogReader {
public:
    explicit LogReader(LogFormat format, LogNames names = {});

    /// False if the line is not of this format.
    bool read(std::string_view line, LogRecord& out);
    [[nodiscard]] LogFormat format() const { return format_; }

private:
    bool read_format(std::string_view line, LogRecord& out);
    bool read_combined(std::string_view line, LogRecord& out);
    bool read_json(std::string_view line, LogRecord& out);
    bool read_logfmt(std::string_view line, LogRecord& out);
    bool read_syslog(std::string_view line, LogRecord& out);
    [[nodiscard]] std::optional<LogMember> member_of(std::string_view name) const;
    void set(LogMember member, std::string_view name, std::string_view value, LogRecord& out);

    LogFormat format_;
    LogNames names_;
    JsonParser json_;
    std::string unescaped_;
};

/// "15/Jul/2026:00:03:01 +0000" (years 1970 to 2261).
std::optional<WallTime> parse_log_date(std::string_view text);
/// ISO 8601, the date of web server logs, or seconds, milli-, micro- or nanoseconds since 1970 (by
/// their size).
std::optional<WallTime> parse_log_time(std::string_view text);

/// The format that most of these lines are of; none if none is of any.
std::optional<LogFormat> detect_log_format(const std::vector<std::string>& lines,
                                           const LogNames& names);

}  // namespace sluice::work
