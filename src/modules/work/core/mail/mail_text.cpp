// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/mail/mail_text.h"

#include "kernel/base/text.h"

#include <algorithm>
#include <array>

namespace sluice::work {

namespace {

constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view hex_letters = "0123456789ABCDEF";
constexpr std::size_t quoted_line_max = 75;  // and then the "=" of a soft end
/// Bytes of text in one encoded word: `=?UTF-8?B?` and `?=` leave 63 letters of its 75.
constexpr std::size_t word_bytes_max = 45;

unsigned char byte_of(char c) { return static_cast<unsigned char>(c); }
bool is_printable(char c) { return byte_of(c) >= 0x20 && byte_of(c) < 0x7F; }
bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(), is_printable) &&
           text.find("=?") == std::string_view::npos;
}

void put_hex(std::string& out, char c) {
    out += hex_letters[byte_of(c) >> 4U];
    out += hex_letters[byte_of(c) & 15U];
}

/// Folds at blanks where a line would grow too long; blanks are kept.
void put_folded(std::string& out, std::size_t column, std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' ', 1), text.size());
        if (column + end > mail_line_max && text.front() == ' ' && column > 1) {
            out += "\r\n";
            column = 0;
        }
        out += text.substr(0, end);
        column += end;
        text.remove_prefix(end);
    }
}

std::string encoded_words(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::string_view part = truncate_utf8(text, word_bytes_max);
        if (!out.empty()) out += "\r\n ";
        out += "=?UTF-8?B?" + base64(part, 0) + "?=";
        text.remove_prefix(part.size());
    }
    return out;
}

}  // namespace

std::string base64(std::string_view bytes, std::size_t line_max) {
    std::string out;
    out.reserve(bytes.size() * 4 / 3 + bytes.size() / 30 + 8);
    std::size_t column = 0;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = static_cast<std::uint32_t>(byte_of(bytes[i])) << 16U;
        if (count > 1) group |= static_cast<std::uint32_t>(byte_of(bytes[i + 1])) << 8U;
        if (count > 2) group |= byte_of(bytes[i + 2]);
        for (std::size_t k = 0; k < 4; ++k) {
            out += k <= count ? base64_letters[(group >> (18U - 6U * k)) & 63U] : '=';
        }
        column += 4;
        if (line_max != 0 && column + 4 > line_max) {
            out += "\r\n";
            column = 0;
        }
    }
    if (line_max != 0 && column != 0) out += "\r\n";
    return out;
}

std::string quoted_printable(std::string_view text) {
    std::string out;
    std::size_t column = 0;
    const auto put = [&](std::string_view piece) {
        if (column + piece.size() > quoted_line_max) {
            out += "=\r\n";
            column = 0;
        }
        out += piece;
        column += piece.size();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool pair = c == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
        if (c == '\n' || c == '\r') {
            i += pair ? 1 : 0;
            out += "\r\n";
            column = 0;
            continue;
        }
        const bool at_end = i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
        const bool blank = c == ' ' || c == '\t';
        // A dot or "From " at the beginning of a line has a meaning on the way.
        const bool risky = column == 0 && (c == '.' || c == 'F');
        if ((is_printable(c) || c == '\t') && c != '=' && !(blank && at_end) && !risky) {
            put(std::string_view(&c, 1));
        } else {
            std::string code = "=";
            put_hex(code, c);
            put(code);
        }
    }
    if (column != 0) out += "\r\n";
    return out;
}

bool is_header_text(std::string_view text) {
    if (std::any_of(text.begin(), text.end(),
                    [](char c) { return byte_of(c) < 0x20 || byte_of(c) == 0x7F; })) {
        return false;
    }
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto lead = byte_of(rest.front());
        const std::size_t size = lead < 0x80                    ? 1
                                 : lead >= 0xC2 && lead <= 0xDF ? 2
                                 : lead >= 0xE0 && lead <= 0xEF ? 3
                                 : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                                : 0;
        if (size == 0 || size > rest.size()) return false;
        for (std::size_t i = 1; i < size; ++i) {
            if ((byte_of(rest[i]) & 0xC0U) != 0x80) return false;
        }
        rest.remove_prefix(size);
    }
    return true;
}

std::string mail_header(std::string_view name, std::string_view text) {
    std::string out(name);
    out += ':';
    text = trim(text);
    const auto longest = [text] {
        std::size_t most = 0;
        for (const std::string_view word : split(text, ' ')) most = std::max(most, word.size());
        return most;
    };
    if (is_plain(text) && longest() < 900) {
        put_folded(out, out.size(), " " + std::string(text));
    } else {
        const std::string words = encoded_words(text);
        const std::size_t first = std::min(words.find('\r'), words.size());
        if (out.size() + 1 + first > mail_line_max - 2) out += "\r\n";
        out += " " + words;
    }
    return out + "\r\n";
}

std::string mail_phrase(std::string_view text) {
    if (!is_plain(text) || text.size() > 60) return encoded_words(text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string mail_parameter(std::string_view name, std::string_view value) {
    std::string out = ";\r\n " + std::string(name);
    if (is_plain(value) && value.size() <= 60) return out + "=" + mail_phrase(value);
    out += "*=UTF-8''";
    for (const char c : value) {
        const bool free = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        if (free) {
            out += c;
        } else {
            out += '%';
            put_hex(out, c);
        }
    }
    return out;
}

std::string mail_date(WallTime time) {
    using namespace std::chrono;
    static constexpr std::array<std::string_view, 7> days = {"Sun", "Mon", "Tue", "Wed",
                                                             "Thu", "Fri", "Sat"};
    static constexpr std::array<std::string_view, 12> months = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sys_time<nanoseconds> point{nanoseconds(to_ns(time))};
    const sys_days day = floor<std::chrono::days>(point);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<seconds>(point - day));
    const auto two = [](auto number) {
        const std::string text = std::to_string(number);
        return text.size() < 2 ? "0" + text : text;
    };
    return std::string(days[weekday(day).c_encoding()]) + ", " +
           two(static_cast<unsigned>(date.day())) + " " +
           std::string(months[static_cast<unsigned>(date.month()) - 1]) + " " +
           std::to_string(static_cast<int>(date.year())) + " " + two(clock.hours().count()) + ":" +
           two(clock.minutes().count()) + ":" + two(clock.seconds().count()) + " +0000";
}

}  // namespace sluice::work
