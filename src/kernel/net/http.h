// SPDX-License-Identifier: Apache-2.0
// What an HTTP handler sees and answers, and the table of routes. No sockets here.
#pragma once

#include "kernel/base/result.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// One request, complete, within the server's limits.
struct HttpRequest {
    std::string method;
    /// Percent-decoded path without the query, always starting with '/'.
    std::string path;
    /// Decoded query parameters in order.
    std::vector<std::pair<std::string, std::string>> query;
    /// Values of the ":name" segments of the route.
    std::vector<std::pair<std::string, std::string>> captures;
    /// Names in lower case.
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    /// "host:port" of the peer.
    std::string remote;

    /// The first value of that name.
    [[nodiscard]] std::optional<std::string_view> query_value(std::string_view name) const;
    /// The first value; the name in lower case.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
    /// The value of ":name"; the route must have it (checked).
    [[nodiscard]] std::string_view capture(std::string_view name) const;
};

/// One answer. Content-Length, Date, Connection and the security headers are added by the server.
struct HttpResponse {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
    /// Further headers. A line break in a value is dropped.
    std::vector<std::pair<std::string, std::string>> headers;

    static HttpResponse text(int status, std::string body);
    static HttpResponse json(std::string body, int status = 200);
    /// {"error":{"code":"not_found","message":"…"}} with the status that fits the code.
    static HttpResponse error(const Error& error);
};

/// The status for an error code: invalid 400, denied 403, not_found 404, …
int http_status(Code code);
/// "Not Found".
std::string_view http_reason(int status);

/// Answers an asynchronous request, once, from any thread. If every copy goes without an answer,
/// the client gets 503.
class HttpReply {
public:
    using Send = std::function<void(HttpResponse)>;
    explicit HttpReply(Send send);
    /// Further calls are ignored.
    void operator()(HttpResponse response) const;

private:
    struct Once;
    std::shared_ptr<Once> once_;
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;
using HttpAsyncHandler = std::function<void(HttpRequest, HttpReply)>;

/// Method and path pattern to handler. Patterns: "/api/jobs/:id" (one segment), "/assets/*" (the
/// rest, captured as "*"). Filled before the server starts; handlers run on I/O threads and must
/// not block.
class HttpRouter {
public:
    void add(std::string method, std::string pattern, HttpHandler handler);
    void add_async(std::string method, std::string pattern, HttpAsyncHandler handler);

    struct Route {
        std::string method;
        std::vector<std::string> segments;
        HttpHandler handler;
        HttpAsyncHandler async_handler;
    };
    struct Match {
        /// Null: no route has this path (not_allowed empty) or not with this method.
        const Route* route = nullptr;
        std::vector<std::pair<std::string, std::string>> captures;
        /// For 405: "GET, HEAD, POST".
        std::string allowed;
    };
    /// HEAD is answered by the GET route. The first route added wins.
    [[nodiscard]] Match find(std::string_view method, std::string_view path) const;

private:
    std::vector<Route> routes_;
};

/// Percent-decoding; '+' is a blank where `plus_is_blank`. Errors: invalid (a broken escape, a
/// NUL).
Result<std::string> percent_decode(std::string_view text, bool plus_is_blank);

}  // namespace sluice
