// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/http/date.h"

#include "kernel/base/ascii.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

namespace sluice::crawl {

namespace {

constexpr std::array<std::string_view, 12> month_names = {"jan", "feb", "mar", "apr", "may", "jun",
                                                          "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> day_names = {"Sun", "Mon", "Tue", "Wed",
                                                       "Thu", "Fri", "Sat"};

struct Civil {
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
};

/// 1 to 12, or 0.
unsigned month_number(std::string_view word) {
    for (unsigned i = 0; i < month_names.size(); ++i) {
        if (starts_with_ignoring_case(word, month_names[i])) return i + 1;
    }
    return 0;
}

Result<WallTime> to_wall(const Civil& civil) {
    const std::chrono::year_month_day date{std::chrono::year{civil.year},
                                           std::chrono::month{civil.month},
                                           std::chrono::day{civil.day}};
    const bool in_range = civil.hour <= 23 && civil.minute <= 59 && civil.second <= 60;
    if (!date.ok() || !in_range) return fail(Code::invalid, "no such date");
    const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
    const std::int64_t seconds =
        days * 86'400 + civil.hour * 3600 + civil.minute * 60 + std::min(civil.second, 59);
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 1'000'000'000;
    return wall_from_ns(std::clamp(seconds, -most, most) * 1'000'000'000);
}

/// Reads from the front of a text; after a failure every further read fails.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    int number(std::size_t digits_min, std::size_t digits_max) {
        std::size_t count = 0;
        int value = 0;
        while (count < rest_.size() && count < digits_max && is_ascii_digit(rest_[count])) {
            value = value * 10 + (rest_[count++] - '0');
        }
        ok_ = ok_ && count >= digits_min;
        rest_.remove_prefix(count);
        return value;
    }
    std::string_view word() {
        std::size_t count = 0;
        while (count < rest_.size() && is_ascii_alpha(rest_[count])) ++count;
        ok_ = ok_ && count >= 3;
        const std::string_view out = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return out;
    }
    bool skip(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char c) { ok_ = skip(c) && ok_; }
    void blanks() {
        while (skip(' ')) {
        }
    }
    void time(Civil& civil) {
        civil.hour = number(1, 2);
        expect(':');
        civil.minute = number(2, 2);
        expect(':');
        civil.second = number(2, 2);
    }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::string_view rest() const { return rest_; }

private:
    std::string_view rest_;
    bool ok_ = true;
};

/// "Nov  6 08:49:37 1994"
void read_asctime(Scanner& in, Civil& civil) {
    civil.month = month_number(in.word());
    in.blanks();
    civil.day = static_cast<unsigned>(in.number(1, 2));
    in.blanks();
    in.time(civil);
    in.blanks();
    civil.year = in.number(4, 4);
}

/// "06 Nov 1994 08:49:37 GMT" or "06-Nov-94 08:49:37 GMT"
void read_fixdate(Scanner& in, Civil& civil, int year_now) {
    civil.day = static_cast<unsigned>(in.number(1, 2));
    if (!in.skip('-')) in.expect(' ');
    civil.month = month_number(in.word());
    if (!in.skip('-')) in.expect(' ');
    const std::size_t before = in.rest().size();
    civil.year = in.number(2, 4);
    if (before - in.rest().size() == 2) {
        civil.year += year_now / 100 * 100;
        if (civil.year >= year_now + 50) civil.year -= 100;
    }
    in.expect(' ');
    in.time(civil);
    in.blanks();
    in.word();  // GMT or UTC; other zones are not allowed and not worth refusing a date for
}

int year_of(WallTime time) {
    const auto days = std::chrono::floor<std::chrono::days>(time.time_since_epoch());
    return int{std::chrono::year_month_day{std::chrono::sys_days{days}}.year()};
}

bool is_cookie_delimiter(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == 0x09 || (byte >= 0x20 && byte <= 0x2F) || (byte >= 0x3B && byte <= 0x40) ||
           (byte >= 0x5B && byte <= 0x60) || (byte >= 0x7B && byte <= 0x7E);
}

/// What has been found so far in the date of a cookie; each is taken once.
struct CookieDate {
    std::optional<Civil> time;
    unsigned day = 0;
    unsigned month = 0;
    std::optional<int> year;

    bool take_time(std::string_view token) {
        Scanner in(token);
        Civil found;
        found.hour = in.number(1, 2);
        in.expect(':');
        found.minute = in.number(1, 2);
        in.expect(':');
        found.second = in.number(1, 2);
        if (!in.ok() || (!in.rest().empty() && is_ascii_digit(in.rest().front()))) return false;
        time = found;
        return true;
    }
    void take(std::string_view token) {
        if (!time && take_time(token)) return;
        std::size_t digits = 0;
        while (digits < token.size() && is_ascii_digit(token[digits])) ++digits;
        const int number = Scanner(token.substr(0, std::min<std::size_t>(digits, 4))).number(0, 4);
        if (day == 0 && (digits == 1 || digits == 2)) {
            day = number == 0 ? 99 : static_cast<unsigned>(number);
        } else if (month == 0 && month_number(token) != 0) {
            month = month_number(token);
        } else if (!year && digits >= 2 && digits <= 4) {
            year = number >= 100 ? number : number >= 70 ? number + 1900 : number + 2000;
        }
    }
};

}  // namespace

Result<WallTime> parse_http_date(std::string_view text, WallTime now) {
    Scanner in(trim_ascii(text));
    Civil civil;
    in.word();
    if (in.skip(',')) {
        in.blanks();
        read_fixdate(in, civil, year_of(now));
    } else {
        in.blanks();
        read_asctime(in, civil);
    }
    if (!in.ok() || civil.month == 0 || !trim_ascii(in.rest()).empty()) {
        return fail(Code::invalid, "not a date of HTTP");
    }
    return to_wall(civil);
}

Result<WallTime> parse_cookie_date(std::string_view text) {
    CookieDate found;
    for (std::size_t at = 0; at < text.size();) {
        if (is_cookie_delimiter(text[at])) {
            ++at;
            continue;
        }
        std::size_t end = at;
        while (end < text.size() && !is_cookie_delimiter(text[end])) ++end;
        found.take(text.substr(at, end - at));
        at = end;
    }
    if (!found.time || found.day == 0 || found.month == 0 || !found.year || *found.year < 1601) {
        return fail(Code::invalid, "not the date of a cookie");
    }
    Civil civil = *found.time;
    civil.year = *found.year;
    civil.month = found.month;
    civil.day = found.day;
    if (civil.second > 59) return fail(Code::invalid, "no such date");
    return to_wall(civil);
}

std::string format_http_date(WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
    const auto days = std::chrono::floor<std::chrono::days>(seconds);
    const std::chrono::sys_days date{days};
    const std::chrono::year_month_day civil{date};
    const auto of_day = static_cast<unsigned>((seconds - days).count());
    const auto two = [](std::string& out, unsigned value) {
        out += static_cast<char>('0' + value / 10 % 10);
        out += static_cast<char>('0' + value % 10);
    };
    std::string out(day_names[std::chrono::weekday{date}.c_encoding()]);
    out += ", ";
    two(out, unsigned{civil.day()});
    std::string month(month_names[unsigned{civil.month()} - 1]);
    month[0] = ascii_upper(month[0]);
    out += ' ' + month + ' ';
    const auto year = static_cast<unsigned>(int{civil.year()});
    two(out, year / 100);
    two(out, year % 100);
    out += ' ';
    two(out, of_day / 3600);
    out += ':';
    two(out, of_day / 60 % 60);
    out += ':';
    two(out, of_day % 60);
    return out + " GMT";
}

}  // namespace sluice::crawl
