// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/logs/log_line.h"

#include "modules/work/core/csv/csv_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sluice::work {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
    Number value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
        return std::nullopt;
    }
    return value;
}

/// What stands before the next blank, moved past with it.
std::string_view take_word(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

/// A text in double quotes (a backslash hides what follows), moved past with the blank after it.
std::optional<std::string_view> take_quoted(std::string_view& rest) {
    if (rest.empty() || rest.front() != '"') return std::nullopt;
    std::size_t at = 1;
    for (;;) {
        at = rest.find_first_of("\"\\", at);
        if (at == std::string_view::npos) return std::nullopt;
        if (rest[at] == '"') break;
        at += 2;
    }
    const std::string_view text = rest.substr(1, at - 1);
    rest.remove_prefix(at + 1);
    if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
    return text;
}

std::string_view unless_dash(std::string_view text) {
    return text == "-" ? std::string_view() : text;
}

std::string_view without_query(std::string_view path) { return path.substr(0, path.find('?')); }

int status_number(std::string_view text) {
    const auto number = whole_number<int>(text);
    return number && *number >= 100 && *number <= 999 ? *number : 0;
}

/// "GET /path HTTP/1.1" in parts; what is something else is a path without a method.
void set_request(std::string_view request, LogRecord& out) {
    std::string_view rest = request;
    const std::string_view method = take_word(rest);
    const bool named = !method.empty() && method.size() <= 20 &&
                       std::all_of(method.begin(), method.end(),
                                   [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
    if (!named || rest.empty()) {
        out.path = unless_dash(request);
        return;
    }
    out.method = method;
    const std::size_t protocol = rest.rfind(" HTTP/");
    out.path = without_query(rest.substr(0, protocol));
}

std::optional<double> scaled(std::string_view number, double unit) {
    const auto value = as_number(number);
    if (!value || !(*value >= 0) || !std::isfinite(*value * unit)) return std::nullopt;
    return *value * unit;
}

/// "0.25", "250ms", "1.5s", or a number whose unit the member's name ends with.
std::optional<double> duration_of(std::string_view name, std::string_view text) {
    struct Unit {
        std::string_view word;
        double seconds;
    };
    static constexpr Unit units[] = {{"ms", 1e-3}, {"us", 1e-6}, {"\u00b5s", 1e-6},
                                     {"ns", 1e-9}, {"s", 1},     {"m", 60}};
    for (const auto& [word, seconds] : units) {
        if (text.size() > word.size() && text.ends_with(word)) {
            return scaled(text.substr(0, text.size() - word.size()), seconds);
        }
    }
    for (const auto& [word, seconds] : units) {
        if (name.size() > word.size() + 1 && name.ends_with(word) &&
            name[name.size() - word.size() - 1] == '_') {
            return scaled(text, seconds);
        }
    }
    return scaled(text, 1);
}

constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// What programs call the members, where nobody says otherwise.
struct KnownMember {
    std::string_view name;
    LogMember member;
};
constexpr KnownMember known_members[] = {{"time", LogMember::time},
                                         {"timestamp", LogMember::time},
                                         {"@timestamp", LogMember::time},
                                         {"ts", LogMember::time},
                                         {"date", LogMember::time},
                                         {"client", LogMember::client},
                                         {"client_ip", LogMember::client},
                                         {"remote_addr", LogMember::client},
                                         {"remote_ip", LogMember::client},
                                         {"ip", LogMember::client},
                                         {"method", LogMember::method},
                                         {"request_method", LogMember::method},
                                         {"path", LogMember::path},
                                         {"uri", LogMember::path},
                                         {"url", LogMember::path},
                                         {"request_uri", LogMember::path},
                                         {"referrer", LogMember::referrer},
                                         {"referer", LogMember::referrer},
                                         {"http_referer", LogMember::referrer},
                                         {"user_agent", LogMember::agent},
                                         {"http_user_agent", LogMember::agent},
                                         {"agent", LogMember::agent},
                                         {"source", LogMember::source},
                                         {"logger", LogMember::source},
                                         {"service", LogMember::source},
                                         {"app", LogMember::source},
                                         {"level", LogMember::level},
                                         {"severity", LogMember::level},
                                         {"lvl", LogMember::level},
                                         {"message", LogMember::message},
                                         {"msg", LogMember::message},
                                         {"status", LogMember::status},
                                         {"status_code", LogMember::status},
                                         {"bytes", LogMember::bytes},
                                         {"size", LogMember::bytes},
                                         {"bytes_sent", LogMember::bytes},
                                         {"body_bytes_sent", LogMember::bytes},
                                         {"latency", LogMember::latency},
                                         {"latency_ms", LogMember::latency},
                                         {"duration", LogMember::latency},
                                         {"duration_ms", LogMember::latency},
                                         {"request_time", LogMember::latency},
                                         {"response_time", LogMember::latency},
                                         {"elapsed", LogMember::latency},
                                         {"took", LogMember::latency}};

}  // namespace

std::string_view to_string(LogFormat format) {
    switch (format) {
        case LogFormat::combined: return "combined";
        case LogFormat::json: return "json";
        case LogFormat::logfmt: return "logfmt";
        case LogFormat::syslog: return "syslog";
    }
    return "";
}

std::string_view to_string(LogMember member) {
    static constexpr std::array<std::string_view, log_member_count> names = {
        "time",   "client", "method",  "path",   "referrer", "agent",
        "source", "level",  "message", "status", "bytes",    "latency"};
    return names[static_cast<std::size_t>(member)];
}

std::optional<WallTime> parse_log_date(std::string_view text) {
    // dd/Mon/yyyy:hh:mm:ss +zzzz
    if (text.size() < 20 || text[2] != '/' || text[6] != '/' || text[11] != ':') return {};
    const std::size_t month = month_names.find(text.substr(3, 3));
    if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
    // Put into the order of ISO 8601, which is read elsewhere.
    const std::size_t number = month / 3 + 1;
    std::array<char, 32> iso{};
    const std::string_view time = text.substr(12, 8);
    const std::string_view zone = text.size() > 21 ? text.substr(21) : std::string_view();
    if (zone.size() > 6) return std::nullopt;
    std::size_t at = 0;
    const auto put = [&](std::string_view part) { at += part.copy(iso.data() + at, part.size()); };
    put(text.substr(7, 4));
    put("-");
    iso[at++] = static_cast<char>('0' + number / 10);
    iso[at++] = static_cast<char>('0' + number % 10);
    put("-");
    put(text.substr(0, 2));
    put("T");
    put(time);
    put(zone);
    return as_time(std::string_view(iso.data(), at));
}

std::optional<WallTime> parse_log_time(std::string_view text) {
    if (text.empty()) return std::nullopt;
    if (const auto time = as_time(text)) return time;
    if (const auto time = parse_log_date(text)) return time;
    const auto number = as_number(text);
    if (!number || *number < 0) return std::nullopt;
    // Seconds until the year 2286, milliseconds after 1970-04-26, and so on.
    double seconds = *number;
    for (const double limit : {1e10, 1e13, 1e16}) {
        if (*number >= limit) seconds = *number / (limit / 1e7);
    }
    if (seconds >= 9.2e9) return std::nullopt;
    return wall_from_ns(static_cast<std::int64_t>(seconds * 1e9));
}

LogReader::LogReader(LogFormat format, LogNames names)
    : format_(format), names_(std::move(names)) {}

bool LogReader::read(std::string_view line, LogRecord& out) {
    out = {};
    if (!read_format(line, out)) return false;
    // What is said to be older than the clocks of computers is no time.
    if (out.time && to_ns(*out.time) < 0) out.time.reset();
    return true;
}

bool LogReader::read_format(std::string_view line, LogRecord& out) {
    switch (format_) {
        case LogFormat::combined: return read_combined(line, out);
        case LogFormat::json: return read_json(line, out);
        case LogFormat::logfmt: return read_logfmt(line, out);
        case LogFormat::syslog: return read_syslog(line, out);
    }
    return false;
}

bool LogReader::read_combined(std::string_view line, LogRecord& out) {
    std::string_view rest = line;
    out.client = unless_dash(take_word(rest));
    // Names of users may have blanks; the date begins with the first bracket.
    const std::size_t open = rest.find('[');
    const std::size_t close = rest.find(']', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos) return false;
    out.time = parse_log_date(rest.substr(open + 1, close - open - 1));
    rest.remove_prefix(close + 1);
    if (!out.time || !rest.starts_with(" \"")) return false;
    rest.remove_prefix(1);
    const auto request = take_quoted(rest);
    if (!request) return false;
    set_request(*request, out);
    out.status = status_number(take_word(rest));
    if (out.status == 0) return false;
    const std::string_view bytes = take_word(rest);
    out.bytes = whole_number<std::uint64_t>(bytes);
    if (!out.bytes && bytes != "-") return false;
    if (const auto referrer = take_quoted(rest)) out.referrer = unless_dash(*referrer);
    if (const auto agent = take_quoted(rest)) out.agent = unless_dash(*agent);
    // What people add: nginx's $request_time is seconds with a point, Apache's %D microseconds.
    const std::string_view extra = take_word(rest);
    if (!extra.empty() && is_digit(extra.front())) {
        const bool point = extra.find('.') != std::string_view::npos;
        out.seconds = scaled(extra, point ? 1 : 1e-6);
    }
    return true;
}

std::optional<LogMember> LogReader::member_of(std::string_view name) const {
    for (std::size_t i = 0; i < log_member_count; ++i) {
        if (!names_.names[i].empty() && names_.names[i] == name) return static_cast<LogMember>(i);
    }
    for (const auto& row : known_members) {
        if (row.name != name) continue;
        // A name of one's own takes the place of all well-known ones.
        if (!names_.names[static_cast<std::size_t>(row.member)].empty()) return std::nullopt;
        return row.member;
    }
    return std::nullopt;
}

void LogReader::set(LogMember member, std::string_view name, std::string_view value,
                    LogRecord& out) {
    switch (member) {
        case LogMember::time: out.time = parse_log_time(value); break;
        case LogMember::client: out.client = unless_dash(value); break;
        case LogMember::method: out.method = value; break;
        case LogMember::path: out.path = without_query(value); break;
        case LogMember::referrer: out.referrer = unless_dash(value); break;
        case LogMember::agent: out.agent = unless_dash(value); break;
        case LogMember::source: out.source = value; break;
        case LogMember::level: out.level = value; break;
        case LogMember::message: out.message = value; break;
        case LogMember::status: out.status = status_number(value); break;
        case LogMember::bytes: out.bytes = whole_number<std::uint64_t>(value); break;
        case LogMember::latency: out.seconds = duration_of(name, value); break;
    }
}

bool LogReader::read_json(std::string_view line, LogRecord& out) {
    if (line.empty() || line.front() != '{') return false;
    const auto root = json_.parse(line, {.depth_max = 32, .nodes_max = 10'000});
    if (!root || !root->is_object()) return false;
    for (const auto& [name, value] : root->members()) {
        const auto member = member_of(name);
        if (!member || value.is_object() || value.is_array() || value.is_null()) continue;
        const auto text = value.as_string();
        set(*member, name, text ? *text : value.raw(), out);
    }
    return true;
}

bool LogReader::read_logfmt(std::string_view line, LogRecord& out) {
    unescaped_.clear();
    unescaped_.reserve(line.size());  // so that views into it stay
    std::size_t pairs = 0;
    bool known = false;
    std::string_view rest = line;
    while (!rest.empty()) {
        if (rest.front() == ' ') {
            rest.remove_prefix(1);
            continue;
        }
        const std::size_t end = std::min(rest.find_first_of(" ="), rest.size());
        const std::string_view name = rest.substr(0, end);
        rest.remove_prefix(end);
        if (name.empty() || name.find('"') != std::string_view::npos) return false;
        if (rest.empty() || rest.front() != '=') continue;  // a word without a value
        rest.remove_prefix(1);
        std::string_view value;
        if (!rest.empty() && rest.front() == '"') {
            const auto quoted = take_quoted(rest);
            if (!quoted) return false;
            const std::size_t begin = unescaped_.size();
            for (std::size_t i = 0; i < quoted->size(); ++i) {
                const bool escape = (*quoted)[i] == '\\' && i + 1 < quoted->size();
                if (escape) ++i;
                unescaped_ += escape && (*quoted)[i] == 'n' ? '\n' : (*quoted)[i];
            }
            value = std::string_view(unescaped_).substr(begin);
        } else {
            value = take_word(rest);
        }
        ++pairs;
        if (const auto member = member_of(name)) {
            known = true;
            set(*member, name, value, out);
        }
    }
    return pairs >= 2 && known;
}

bool LogReader::read_syslog(std::string_view line, LogRecord& out) {
    // <PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]
    const std::size_t close = line.find('>');
    if (line.empty() || line.front() != '<' || close == std::string_view::npos || close > 4) {
        return false;
    }
    const auto priority = whole_number<unsigned>(line.substr(1, close - 1));
    if (!priority || *priority > 191) return false;
    std::string_view rest = line.substr(close + 1);
    if (take_word(rest) != "1") return false;
    const std::string_view stamp = take_word(rest);
    if (stamp != "-") {
        out.time = as_time(stamp);
        if (!out.time) return false;
    }
    out.client = unless_dash(take_word(rest));
    out.source = unless_dash(take_word(rest));
    take_word(rest);
    take_word(rest);
    static constexpr std::array<std::string_view, 8> levels = {
        "emergency", "alert", "critical", "error", "warning", "notice", "info", "debug"};
    out.level = levels[*priority % 8];
    if (rest.starts_with('[')) {
        bool quoted = false;
        std::size_t at = 0;
        for (; at < rest.size(); ++at) {
            if (rest[at] == '\\' && quoted) {
                ++at;
            } else if (rest[at] == '"') {
                quoted = !quoted;
            } else if (rest[at] == ']' && !quoted &&
                       (at + 1 == rest.size() || rest[at + 1] != '[')) {
                break;
            }
        }
        if (at >= rest.size()) return false;
        rest.remove_prefix(at + 1);
    } else if (rest.starts_with('-')) {
        rest.remove_prefix(1);
    } else {
        return false;
    }
    if (!rest.empty() && rest.front() != ' ') return false;
    if (!rest.empty()) rest.remove_prefix(1);
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    out.message = rest;
    return true;
}

std::optional<LogFormat> detect_log_format(const std::vector<std::string>& lines,
                                           const LogNames& names) {
    std::optional<LogFormat> best;
    std::size_t most = 0;
    for (const LogFormat format : log_formats) {
        LogReader reader(format, names);
        LogRecord record;
        const auto count = static_cast<std::size_t>(
            std::count_if(lines.begin(), lines.end(),
                          [&](const std::string& line) { return reader.read(line, record); }));
        if (count <= most) continue;
        most = count;
        best = format;
    }
    return best;
}

}  // namespace sluice::work
