// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/http/cookie.h"

#include "kernel/base/ascii.h"
#include "modules/crawl/core/http/date.h"

#include <algorithm>

namespace sluice::crawl {

namespace {

std::string_view trim_blanks(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

/// "-1" or digits; further than 100 years is as good as for ever.
std::optional<std::chrono::seconds> parse_max_age(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_ascii_digit)) {
        // "-" alone is negative to RFC 6265, which looks at the first character.
        return std::nullopt;
    }
    if (negative) return std::chrono::seconds{0};
    constexpr std::int64_t most = 100LL * 366 * 86'400;
    std::int64_t seconds = 0;
    for (const char c : text) seconds = std::min(seconds * 10 + (c - '0'), most);
    return std::chrono::seconds{seconds};
}

void take_attribute(SetCookie& cookie, std::string_view part) {
    const std::size_t equals = part.find('=');
    const std::string_view name = trim_blanks(part.substr(0, equals));
    const std::string_view value =
        equals == std::string_view::npos ? "" : trim_blanks(part.substr(equals + 1));
    if (equals_ignoring_case(name, "expires")) {
        if (const auto date = parse_cookie_date(value)) cookie.expires = *date;
    } else if (equals_ignoring_case(name, "max-age")) {
        if (const auto age = parse_max_age(value)) cookie.max_age = age;
    } else if (equals_ignoring_case(name, "domain")) {
        if (!value.empty()) cookie.domain = ascii_lowered(value.substr(value[0] == '.' ? 1 : 0));
    } else if (equals_ignoring_case(name, "path")) {
        cookie.path = value.starts_with('/') ? value : "";
    } else if (equals_ignoring_case(name, "secure")) {
        cookie.secure = true;
    } else if (equals_ignoring_case(name, "httponly")) {
        cookie.http_only = true;
    }
}

}  // namespace

std::optional<SetCookie> parse_set_cookie(std::string_view header) {
    using namespace std::string_view_literals;
    header = header.substr(0, header.find_first_of("\0\r\n"sv));
    const std::string_view pair = header.substr(0, header.find(';'));
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    SetCookie cookie;
    cookie.name = trim_blanks(pair.substr(0, equals));
    cookie.value = trim_blanks(pair.substr(equals + 1));
    if (cookie.name.empty()) return std::nullopt;
    std::string_view rest = header.substr(pair.size());
    while (!rest.empty()) {
        rest.remove_prefix(1);  // the semicolon
        const std::string_view part = rest.substr(0, rest.find(';'));
        take_attribute(cookie, part);
        rest.remove_prefix(part.size());
    }
    return cookie;
}

std::string_view default_cookie_path(std::string_view request_path) {
    request_path = request_path.substr(0, request_path.find('?'));
    const std::size_t slash = request_path.rfind('/');
    if (!request_path.starts_with('/') || slash == 0) return "/";
    return request_path.substr(0, slash);
}

bool cookie_path_matches(std::string_view request_path, std::string_view cookie_path) {
    request_path = request_path.substr(0, request_path.find('?'));
    if (request_path.empty()) request_path = "/";
    if (!request_path.starts_with(cookie_path)) return false;
    return request_path.size() == cookie_path.size() || cookie_path.ends_with('/') ||
           request_path[cookie_path.size()] == '/';
}

}  // namespace sluice::crawl
