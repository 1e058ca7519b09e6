// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/http/header.h"

#include "kernel/base/ascii.h"
#include "modules/crawl/core/http/date.h"

#include <algorithm>
#include <cstdint>

namespace sluice::crawl {

namespace {

constexpr std::int64_t seconds_max = 365LL * 86'400;

bool is_token_char(char c) {
    return is_ascii_alpha(c) || is_ascii_digit(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

std::string_view take_until(std::string_view& text, std::string_view ends) {
    const std::string_view out = text.substr(0, text.find_first_of(ends));
    text.remove_prefix(out.size());
    return out;
}

/// Behind the opening quote; leaves `text` behind the closing one, or empty.
std::string take_quoted(std::string_view& text) {
    std::string out;
    while (!text.empty()) {
        char c = text.front();
        text.remove_prefix(1);
        if (c == '"') break;
        if (c == '\\' && !text.empty()) {
            c = text.front();
            text.remove_prefix(1);
        }
        out += c;
    }
    return out;
}

/// name=value or name="value" at the front, up to one of `ends`, which is left there.
struct Parameter {
    std::string_view name;
    std::string value;
    bool has_value = false;
};
Parameter take_parameter(std::string_view& text, std::string_view ends) {
    Parameter out;
    out.name = trim_ascii(take_until(text, std::string("=") + std::string(ends)));
    if (text.empty() || text.front() != '=') return out;
    text.remove_prefix(1);
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    out.has_value = true;
    if (!text.empty() && text.front() == '"') {
        text.remove_prefix(1);
        out.value = take_quoted(text);
        take_until(text, ends);
    } else {
        out.value = trim_ascii(take_until(text, ends));
    }
    return out;
}

/// Digits only; what is too large is the largest.
std::optional<std::int64_t> whole_seconds(std::string_view text) {
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_ascii_digit)) return std::nullopt;
    std::int64_t out = 0;
    for (const char c : text) out = std::min(out * 10 + (c - '0'), seconds_max);
    return out;
}

void add_rels(HeaderLink& link, std::string_view words) {
    while (!words.empty()) {
        const std::string_view word = take_until(words, " \t\r\n\f");
        if (!word.empty()) link.rels.push_back(ascii_lowered(word));
        if (!words.empty()) words.remove_prefix(1);
    }
}

}  // namespace

bool MimeType::is_xml() const {
    return essence == "text/xml" || essence == "application/xml" || essence.ends_with("+xml");
}

std::optional<MimeType> parse_content_type(std::string_view value) {
    value = trim_ascii(value.substr(0, header_value_bytes_max));
    const std::string_view type = take_until(value, "/");
    if (value.empty() || !is_token(type)) return std::nullopt;
    value.remove_prefix(1);
    const std::string_view subtype = trim_ascii(take_until(value, ";"));
    if (!is_token(subtype)) return std::nullopt;
    MimeType out{.essence = ascii_lowered(type) + '/' + ascii_lowered(subtype), .charset = {}};
    bool found = false;
    while (!value.empty()) {
        value.remove_prefix(1);  // the semicolon
        const Parameter parameter = take_parameter(value, ";");
        // The first charset counts.
        if (!found && equals_ignoring_case(parameter.name, "charset") && !parameter.value.empty()) {
            out.charset = parameter.value;
            found = true;
        }
    }
    return out;
}

std::optional<Duration> parse_retry_after(std::string_view value, WallTime now) {
    value = trim_ascii(value);
    if (const auto seconds = whole_seconds(value)) return std::chrono::seconds{*seconds};
    const auto date = parse_http_date(value, now);
    if (!date) return std::nullopt;
    if (*date <= now) return Duration{0};
    const Duration most = std::chrono::seconds{seconds_max};
    return *date > now + most ? most : *date - now;
}

CacheControl parse_cache_control(std::string_view value) {
    value = value.substr(0, header_value_bytes_max);
    CacheControl out;
    while (true) {
        const Parameter parameter = take_parameter(value, ",");
        if (equals_ignoring_case(parameter.name, "no-store")) out.no_store = true;
        if (equals_ignoring_case(parameter.name, "no-cache")) out.no_cache = true;
        if (equals_ignoring_case(parameter.name, "max-age")) {
            const Duration age = std::chrono::seconds{whole_seconds(parameter.value).value_or(0)};
            out.max_age = std::min(out.max_age.value_or(age), age);
        }
        if (value.empty()) return out;
        value.remove_prefix(1);
    }
}

bool HeaderLink::has_rel(std::string_view rel) const {
    return std::find(rels.begin(), rels.end(), rel) != rels.end();
}

std::vector<HeaderLink> parse_link_header(std::string_view value) {
    value = value.substr(0, header_value_bytes_max);
    std::vector<HeaderLink> out;
    while (out.size() < header_links_max) {
        take_until(value, "<");
        if (value.empty()) break;
        value.remove_prefix(1);
        const std::string_view url = take_until(value, ">");
        if (value.empty()) break;
        value.remove_prefix(1);
        HeaderLink link{.url = std::string(trim_ascii(url)), .rels = {}, .type = {}};
        bool has_rel = false;
        take_until(value, ";,");
        while (!value.empty() && value.front() == ';') {
            value.remove_prefix(1);
            const Parameter parameter = take_parameter(value, ";,");
            // The first rel counts (RFC 8288, 3.3).
            if (!has_rel && equals_ignoring_case(parameter.name, "rel")) {
                has_rel = true;
                add_rels(link, parameter.value);
            } else if (equals_ignoring_case(parameter.name, "type")) {
                link.type = ascii_lowered(parameter.value);
            }
        }
        out.push_back(std::move(link));
    }
    return out;
}

std::string_view parse_etag(std::string_view value) {
    value = trim_ascii(value.substr(0, header_value_bytes_max));
    std::string_view quoted = value;
    if (quoted.starts_with("W/")) quoted.remove_prefix(2);
    const bool is_quoted = quoted.size() >= 2 && quoted.front() == '"' && quoted.back() == '"';
    if (!is_quoted) return {};
    for (const char c : quoted.substr(1, quoted.size() - 2)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == '"' || byte == 0x7F) return {};
    }
    return value;
}

std::string_view parse_last_modified(std::string_view value, WallTime now) {
    value = trim_ascii(value);
    return parse_http_date(value, now) ? value : std::string_view{};
}

}  // namespace sluice::crawl
