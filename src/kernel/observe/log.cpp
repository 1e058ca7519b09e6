// SPDX-License-Identifier: Apache-2.0
// Formatting and writing of log lines. Own code instead of spdlog: what matters here is escaping
// and one write call a line, and neither comes from the library.
#include "kernel/observe/log.h"

#include "kernel/base/text.h"
#include "kernel/sync/clock.h"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>
#include <iterator>

#include <unistd.h>

namespace sluice {

namespace {

constexpr std::size_t value_bytes_max = 1024;
constexpr std::size_t line_bytes_max = 4000;

// The one piece of process-wide state: where lines go. Written once at start.
std::atomic<LogLevel> current_level{LogLevel::info};
std::atomic<LogFormat> current_format{LogFormat::human};
std::atomic<int> current_descriptor{2};

constexpr std::string_view level_names[] = {"debug", "info", "warning", "error"};
constexpr std::string_view level_columns[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};

/// The length of the valid UTF-8 sequence at the start of `text`, or 0.
std::size_t utf8_length(std::string_view text) {
    auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xF0 && lead <= 0xF4   ? 4
                               : lead >= 0xE0 && lead < 0xF0  ? 3
                               : lead >= 0xC2 && lead <= 0xDF ? 2
                                                              : 0;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0) != 0x80) return 0;
    }
    const unsigned second = byte(1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;
    if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
    return length;
}

/// C1 controls (U+0080..U+009F), line and paragraph separators and bidirectional overrides can
/// forge or reorder a line on a terminal although they are valid UTF-8.
bool is_deceptive(std::string_view sequence) {
    if (sequence.size() == 2) {
        return sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0;
    }
    if (sequence.size() != 3 || sequence[0] != '\xE2') return false;
    const auto second = static_cast<unsigned char>(sequence[1]);
    const auto third = static_cast<unsigned char>(sequence[2]);
    if (second == 0x80) return third >= 0xA8 && third <= 0xAE;
    return second == 0x81 && third >= 0xA6 && third <= 0xA9;
}

/// Appends `text` in double quotes, escaped as JSON; what is printed is inert on a terminal.
void append_quoted(std::string& out, std::string_view text) {
    const bool cut = text.size() > value_bytes_max;
    if (cut) text = truncate_utf8(text, value_bytes_max);
    out += '"';
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const char c = text.front();
        if (length == 0 || is_deceptive(text.substr(0, length))) {
            out += "\\ufffd";
        } else if (c == '"' || c == '\\') {
            (out += '\\') += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\r') {
            out += "\\r";
        } else if (c == '\t') {
            out += "\\t";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out.append(text.substr(0, length));
        }
        text.remove_prefix(length == 0 ? 1 : length);
    }
    out += cut ? "…\"" : "\"";
}

bool is_plain(std::string_view text) {
    if (text.empty() || text.size() > value_bytes_max) return false;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte >= 0x7F || c == '"' || c == '\\' || c == '=') return false;
    }
    return true;
}

void append_value(std::string& out, LogFormat format, const LogValue& value) {
    std::visit(
        [&](auto v) {
            using V = decltype(v);
            if constexpr (std::is_same_v<V, std::string_view>) {
                if (format == LogFormat::human && is_plain(v)) {
                    out += v;
                } else {
                    append_quoted(out, v);
                }
            } else if constexpr (std::is_same_v<V, double>) {
                if (std::isfinite(v)) {
                    fmt::format_to(std::back_inserter(out), "{}", v);
                } else {
                    out += "null";
                }
            } else {
                fmt::format_to(std::back_inserter(out), "{}", v);
            }
        },
        value.storage());
}

void write_line(std::string_view line) {
    const int descriptor = current_descriptor.load(std::memory_order_relaxed);
    while (!line.empty()) {
        const ssize_t written = ::write(descriptor, line.data(), line.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;  // A log that cannot be written must not stop the server.
        line.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace

Result<LogLevel> parse_log_level(std::string_view text) {
    for (std::size_t i = 0; i < std::size(level_names); ++i) {
        if (text == level_names[i]) return static_cast<LogLevel>(i);
    }
    return fail(Code::invalid, "a log level is debug, info, warning or error");
}

Result<LogFormat> parse_log_format(std::string_view text) {
    if (text == "human") return LogFormat::human;
    if (text == "json") return LogFormat::json;
    return fail(Code::invalid, "a log format is human or json");
}

void log_start(LogOptions options) {
    current_level = options.level;
    current_format = options.format;
    current_descriptor = options.descriptor;
}

bool log_enabled(LogLevel level) { return level >= current_level.load(std::memory_order_relaxed); }

std::string format_log_line(LogFormat format, const LogEvent& event) {
    std::string out;
    out.reserve(256);
    const auto level = static_cast<std::size_t>(event.level);
    std::size_t left_out = 0;
    if (format == LogFormat::json) {
        out += R"({"time":")" + format_rfc3339(event.at) + R"(","level":")";
        (out += level_names[level]) += R"(","message":)";
        append_quoted(out, event.message);
    } else {
        ((out += format_rfc3339(event.at)) += ' ') += level_columns[level];
        (out += ' ') += event.message;
    }
    for (const LogField& field : event.fields) {
        const std::size_t before = out.size();
        if (format == LogFormat::json) {
            ((out += ",\"") += field.key) += "\":";
        } else {
            ((out += ' ') += field.key) += '=';
        }
        append_value(out, format, field.value);
        if (out.size() > line_bytes_max) {
            out.resize(before);
            ++left_out;
        }
    }
    if (left_out > 0) {
        out += format == LogFormat::json ? ",\"fields_left_out\":" : " fields_left_out=";
        out += std::to_string(left_out);
    }
    if (format == LogFormat::json) out += '}';
    return out;
}

void log(LogLevel level, LogMessage message, LogFields fields) {
    if (!log_enabled(level)) return;
    std::string line = format_log_line(current_format.load(std::memory_order_relaxed),
                                       {level, message.text(), fields, wall_now()});
    line += '\n';
    write_line(line);
}

std::int64_t LogLimiter::admit(Instant now) {
    if (!bucket_.take(now).allowed) {
        suppressed_.fetch_add(1, std::memory_order_relaxed);
        return -1;
    }
    return suppressed_.exchange(0, std::memory_order_relaxed);
}

void log_warning_limited(LogLimiter& limiter, Instant now, LogMessage message, LogFields fields) {
    const std::int64_t suppressed = limiter.admit(now);
    if (suppressed < 0) return;
    const LogField* f = fields.begin();
    const LogField last("suppressed", suppressed);
    switch (fields.size()) {
        case 0: return log_warning(message, {last});
        case 1: return log_warning(message, {f[0], last});
        case 2: return log_warning(message, {f[0], f[1], last});
        case 3: return log_warning(message, {f[0], f[1], f[2], last});
        default: return log_warning(message, {f[0], f[1], f[2], f[3], last});
    }
}

}  // namespace sluice
