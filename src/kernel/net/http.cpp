// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/http.h"

#include "kernel/base/text.h"

#include <fmt/format.h>

#include <atomic>
#include <iterator>

namespace sluice {

namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::optional<std::string_view> first_of(const Pairs& pairs, std::string_view name) {
    for (const auto& [key, value] : pairs) {
        if (key == name) return value;
    }
    return std::nullopt;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string json_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            (out += '\\') += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
            out += c;
        }
    }
    return out += '"';
}

std::vector<std::string> segments_of(std::string_view path) {
    std::vector<std::string> segments;
    if (path.starts_with('/')) path.remove_prefix(1);
    for (const auto part : split(path, '/')) segments.emplace_back(part);
    return segments;
}

bool match_segments(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
                    Pairs& captures) {
    captures.clear();
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const std::string& wanted = pattern[i];
        if (wanted == "*") {
            std::string rest;
            for (std::size_t j = i; j < path.size(); ++j) (rest += j > i ? "/" : "") += path[j];
            captures.emplace_back("*", std::move(rest));
            return path.size() > i;
        }
        if (i >= path.size()) return false;
        if (wanted.starts_with(':')) {
            if (path[i].empty()) return false;
            captures.emplace_back(wanted.substr(1), path[i]);
        } else if (wanted != path[i]) {
            return false;
        }
    }
    return path.size() == pattern.size();
}

}  // namespace

std::optional<std::string_view> HttpRequest::query_value(std::string_view name) const {
    return first_of(query, name);
}

std::optional<std::string_view> HttpRequest::header(std::string_view name) const {
    return first_of(headers, name);
}

std::string_view HttpRequest::capture(std::string_view name) const {
    const auto found = first_of(captures, name);
    SLUICE_CHECK(found.has_value());
    return *found;
}

HttpResponse HttpResponse::text(int status, std::string body) {
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

HttpResponse HttpResponse::json(std::string body, int status) {
    HttpResponse response;
    response.status = status;
    response.content_type = "application/json";
    response.body = std::move(body);
    return response;
}

HttpResponse HttpResponse::error(const Error& error) {
    return json("{\"error\":{\"code\":" + json_text(to_string(error.code)) +
                    ",\"message\":" + json_text(error.message) + "}}\n",
                http_status(error.code));
}

int http_status(Code code) {
    switch (code) {
        case Code::invalid: return 400;
        case Code::not_found: return 404;
        case Code::exists:
        case Code::conflict: return 409;
        case Code::busy: return 503;
        case Code::timeout: return 504;
        case Code::cancelled: return 503;
        case Code::exhausted: return 507;
        case Code::denied: return 403;
        case Code::corrupt:
        case Code::io:
        case Code::internal: return 500;
    }
    return 500;
}

std::string_view http_reason(int status) {
    static constexpr std::pair<int, std::string_view> reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (const auto& [code, text] : reasons) {
        if (code == status) return text;
    }
    return "Status";
}

struct HttpReply::Once {
    explicit Once(Send sender) : send(std::move(sender)) {}
    ~Once() { answer(HttpResponse::error(fail(Code::busy, "the server dropped the request"))); }
    Once(const Once&) = delete;
    Once& operator=(const Once&) = delete;
    void answer(HttpResponse response) {
        if (!done.exchange(true)) send(std::move(response));
    }
    Send send;
    std::atomic<bool> done{false};
};

HttpReply::HttpReply(Send send) : once_(std::make_shared<Once>(std::move(send))) {}

void HttpReply::operator()(HttpResponse response) const { once_->answer(std::move(response)); }

void HttpRouter::add(std::string method, std::string pattern, HttpHandler handler) {
    SLUICE_CHECK(pattern.starts_with('/'));
    routes_.push_back({std::move(method), segments_of(pattern), std::move(handler), nullptr});
}

void HttpRouter::add_async(std::string method, std::string pattern, HttpAsyncHandler handler) {
    SLUICE_CHECK(pattern.starts_with('/'));
    routes_.push_back({std::move(method), segments_of(pattern), nullptr, std::move(handler)});
}

HttpRouter::Match HttpRouter::find(std::string_view method, std::string_view path) const {
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    const std::vector<std::string> segments = segments_of(path);
    Match match;
    for (const Route& route : routes_) {
        if (!match_segments(route.segments, segments, match.captures)) continue;
        if (route.method == wanted) {
            match.route = &route;
            return match;
        }
        if (match.allowed.find(route.method) != std::string::npos) continue;
        if (!match.allowed.empty()) match.allowed += ", ";
        match.allowed += route.method == "GET" ? "GET, HEAD" : route.method;
    }
    match.captures.clear();
    return match;
}

Result<std::string> percent_decode(std::string_view text, bool plus_is_blank) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) return fail(Code::invalid, "a broken % escape");
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
        }
        if (out.back() == '\0') return fail(Code::invalid, "a NUL character");
    }
    return out;
}

}  // namespace sluice
