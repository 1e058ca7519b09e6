// SPDX-License-Identifier: Apache-2.0
// The small languages of the flags of `sluice crawl`: rates, names, credentials, headers.
#include "app/crawl_config.h"
#include "kernel/base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sluice::app {

namespace {

constexpr double rate_max = 1e6;        // a second
constexpr double burst_seconds = 0.05;  // of a rate, at once

Error bad(std::string_view what, const std::string& text, const char* form) {
    return fail(Code::invalid, std::string(what) + " '" + text + "': write it as " + form);
}

bool is_token(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

}  // namespace

Result<TokenBucketLimit> parse_rate(std::string_view text) {
    const std::size_t slash = text.find('/');
    const std::string_view number = trim(text.substr(0, slash));
    const std::string_view unit =
        slash == std::string_view::npos ? "s" : trim(text.substr(slash + 1));
    double rate = 0;
    const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), rate);
    const bool is_number = error == std::errc{} && stop == number.data() + number.size();
    const double seconds = unit == "s" || unit == "sec"   ? 1
                           : unit == "min" || unit == "m" ? 60
                           : unit == "h"                  ? 3600
                           : unit == "day" || unit == "d" ? 86400
                                                          : 0;
    if (!is_number || seconds == 0 || !(rate > 0) || !std::isfinite(rate) ||
        rate / seconds > rate_max || seconds / rate > 86400 * 365.0)
        return bad("a rate is not", std::string(text), "5 (a second), 0.5, 90/min or 200/h");
    const double interval = seconds / rate;
    TokenBucketLimit limit;
    limit.per = Duration{static_cast<std::int64_t>(std::ceil(interval * 1e9))};
    limit.burst = 1 + static_cast<std::uint64_t>(burst_seconds / interval);
    return limit;
}

Result<NameAddresses> parse_resolve(const std::string& text) {
    const std::size_t equals = text.find('=');
    NameAddresses entry;
    if (equals != std::string::npos && equals > 0) {
        entry.name = text.substr(0, equals);
        for (const std::string_view address : split(std::string_view(text).substr(equals + 1), ','))
            entry.addresses.emplace_back(trim(address));
    }
    if (entry.addresses.empty()) return bad("--resolve", text, "NAME=ADDRESS[,ADDRESS…]");
    for (const std::string& address : entry.addresses)
        if (!IpAddress::parse(address)) return bad("--resolve", text, "NAME=ADDRESS[,ADDRESS…]");
    return entry;
}

Result<std::vector<NameAddresses>> parse_hosts(std::string_view text) {
    std::vector<NameAddresses> entries;
    std::size_t number = 0;
    for (std::string_view line : split(text, '\n')) {
        ++number;
        line = trim(line.substr(0, line.find('#')));
        const std::vector<std::string_view> words = split_words(line);
        if (words.empty()) continue;
        if (words.size() < 2 || !IpAddress::parse(words[0]))
            return fail(Code::invalid, "line " + std::to_string(number) +
                                           " is not 'ADDRESS NAME…': " + std::string(line));
        for (std::size_t i = 1; i < words.size(); ++i)
            entries.push_back({std::string(words[i]), {std::string(words[0])}});
    }
    return entries;
}

namespace {

/// "{env:NAME}": what the variable holds.
Result<std::string> read_secret(std::string_view text, const std::string& whole,
                                const std::function<const char*(const char*)>& variable) {
    if (!text.starts_with("{env:") || !text.ends_with('}'))
        return fail(Code::invalid,
                    "--auth '" + whole.substr(0, whole.find(':')) +
                        ":…': a password on the command line can be read by everybody on this "
                        "machine; put it into a variable and write {env:VARIABLE}");
    const std::string name(text.substr(5, text.size() - 6));
    const char* value = variable(name.c_str());
    if (value == nullptr || *value == '\0')
        return fail(Code::invalid, "--auth: the variable " + name + " is not set");
    return std::string(value);
}

}  // namespace

Result<crawl::FetchCredentials> parse_auth(
    const std::string& text, const std::function<const char*(const char*)>& variable) {
    constexpr const char* form =
        "HOST=basic:USER:{env:VARIABLE}, HOST=digest:…, HOST=ntlm:… or HOST=bearer:{env:VARIABLE}";
    using Kind = crawl::FetchCredentials::Kind;
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) return bad("--auth", text, form);
    crawl::FetchCredentials credentials;
    credentials.hosts = text.substr(0, equals);
    const std::string rest = text.substr(equals + 1);
    const std::size_t colon = rest.find(':');
    const std::string kind = rest.substr(0, colon);
    const std::string more = colon == std::string::npos ? "" : rest.substr(colon + 1);
    if (kind == "bearer") {
        credentials.kind = Kind::bearer;
        SLUICE_TRY(credentials.token, read_secret(more, text, variable));
        return credentials;
    }
    if (kind != "basic" && kind != "digest" && kind != "ntlm") return bad("--auth", text, form);
    credentials.kind = kind == "basic" ? Kind::basic : kind == "digest" ? Kind::digest : Kind::ntlm;
    const std::size_t user_end = more.find(':');
    if (user_end == std::string::npos || user_end == 0) return bad("--auth", text, form);
    credentials.user = more.substr(0, user_end);
    SLUICE_TRY(credentials.password,
               read_secret(std::string_view(more).substr(user_end + 1), text, variable));
    return credentials;
}

Result<crawl::HttpHeader> parse_header(const std::string& text) {
    const std::size_t colon = text.find(':');
    crawl::HttpHeader header;
    if (colon != std::string::npos)
        header = {text.substr(0, colon),
                  std::string(trim(std::string_view(text).substr(colon + 1)))};
    const bool is_clean = std::all_of(header.value.begin(), header.value.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F;
    });
    if (!is_token(header.name) || !is_clean) return bad("--header", text, "'NAME: VALUE'");
    return header;
}

}  // namespace sluice::app
