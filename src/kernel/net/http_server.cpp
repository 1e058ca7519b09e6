// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 (RFC 9112) over a Session: one request at a time; pipelined ones wait their turn unread.
#include "kernel/net/http_server.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "kernel/net/http_parse.h"
#include "kernel/observe/log.h"
#include "kernel/sync/clock.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

namespace sluice {

namespace {

namespace http = boost::beast::http;

constexpr std::string_view security_headers =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n";

struct Settings {
    HttpServerOptions options;
    std::shared_ptr<const HttpRouter> router;
    std::array<unsigned char, SHA256_DIGEST_LENGTH> password_hash{};
    Counter& requests;
    Counter& client_errors;
    Counter& server_errors;
    HistogramMetric& seconds;
};

std::array<unsigned char, SHA256_DIGEST_LENGTH> sha256(std::string_view text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
    return hash;
}

/// "Localhost:7420" -> "localhost", "[::1]:80" -> "[::1]".
std::string host_without_port(std::string_view host) {
    const std::size_t colon = host.rfind(':');
    if (colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos) {
        host = host.substr(0, colon);
    }
    return ascii_lowered(host);
}

/// The password of "Basic base64(user:password)", compared in a time that does not depend on it.
bool password_fits(const Settings& settings, std::string_view authorization) {
    constexpr std::string_view scheme = "basic ";
    if (authorization.size() < scheme.size() || authorization.size() > 1024 ||
        ascii_lowered(authorization.substr(0, scheme.size())) != scheme) {
        return false;
    }
    const std::string_view encoded = trim(authorization.substr(scheme.size()));
    std::string decoded(encoded.size(), '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                                     reinterpret_cast<const unsigned char*>(encoded.data()),
                                     static_cast<int>(encoded.size()));
    if (size < 0) return false;
    const auto padding = std::count(encoded.begin(), encoded.end(), '=');
    if (padding > 2) return false;
    decoded.resize(static_cast<std::size_t>(size - padding));
    const std::size_t colon = decoded.find(':');
    if (colon == std::string::npos) return false;
    const auto hash = sha256(std::string_view(decoded).substr(colon + 1));
    return CRYPTO_memcmp(hash.data(), settings.password_hash.data(), hash.size()) == 0;
}

/// Header names and values as they may stand on the wire.
std::string without_line_breaks(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c != '\r' && c != '\n' && c != '\0') out += c;
    }
    return out;
}

std::string http_date(WallTime now) {
    const auto seconds = static_cast<std::time_t>(to_ns(now) / 1'000'000'000);
    return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(seconds));
}

class HttpSession final : public SessionHandler {
public:
    explicit HttpSession(std::shared_ptr<const Settings> settings)
        : settings_(std::move(settings)) {}

    void on_open(Session& session) override { wait_for_head(session); }
    std::size_t on_bytes(Session& session, std::string_view unread) override;

private:
    void wait_for_head(Session& session);
    void parse_failed(Session& session, boost::system::error_code error);
    void head_arrived(Session& session);
    void dispatch(Session& session);
    [[nodiscard]] std::optional<HttpResponse> refuse(const HttpRequest& request) const;
    void reply(Session& session, HttpResponse response);

    std::shared_ptr<const Settings> settings_;
    std::optional<HttpParser> parser_;
    Instant started_{};
    bool head_seen_ = false;
    bool busy_ = false;
    bool is_head_request_ = false;
    bool is_http_10_ = false;
    bool close_after_reply_ = false;
};

void HttpSession::wait_for_head(Session& session) {
    parser_.reset();
    head_seen_ = false;
    session.clear_deadline();
    session.set_idle_timeout(settings_->options.keep_alive_timeout);
}

std::size_t HttpSession::on_bytes(Session& session, std::string_view unread) {
    std::size_t used = 0;
    while (used < unread.size() && !busy_ && session.is_open()) {
        if (!parser_) {
            set_up(parser_.emplace(), settings_->options.body_max);
            started_ = session.thread().now();
            session.set_deadline(started_ + settings_->options.head_timeout);
        }
        const std::string_view rest = unread.substr(used);
        boost::system::error_code error;
        const std::size_t taken =
            parser_->put(boost::asio::buffer(rest.data(), rest.size()), error);
        used += taken;
        if (!head_seen_ && parser_->is_header_done()) {
            head_arrived(session);
            // Its end cannot be known: what follows must not pass for another request.
            const bool is_coded = parser_->get().count(http::field::transfer_encoding) > 0;
            if (is_coded && !parser_->chunked()) error = http::error::bad_transfer_encoding;
        }
        if (error == http::error::need_more) {
            if (!head_seen_ && rest.size() - taken > http_head_bytes_max) {
                parse_failed(session, http::make_error_code(http::error::header_limit));
            }
            if (taken == 0) break;
            continue;
        }
        if (error) {
            parse_failed(session, error);
            break;
        }
        if (parser_->is_done()) dispatch(session);
        if (taken == 0) break;
    }
    return session.is_open() ? used : unread.size();
}

void HttpSession::parse_failed(Session& session, boost::system::error_code error) {
    close_after_reply_ = true;
    int status = 400;
    std::string message = "the request is not valid HTTP/1.1: " + error.message() + "\n";
    if (error == http::error::header_limit) {
        status = 431;
        message = "the request head is larger than 16 KiB\n";
    } else if (error == http::error::body_limit) {
        status = 413;
        message =
            fmt::format("the body is larger than {} bytes\n", settings_->options.body_max.count);
    } else if (error == http::error::bad_version) {
        status = 505;
        message = "this server speaks HTTP/1.1\n";
    }
    reply(session, HttpResponse::text(status, std::move(message)));
}

void HttpSession::head_arrived(Session& session) {
    head_seen_ = true;
    session.set_deadline(session.thread().now() + settings_->options.body_timeout);
    const auto& head = parser_->get();
    is_head_request_ = head.method() == http::verb::head;
    is_http_10_ = head.version() == 10;
    const auto expect = head[http::field::expect];
    const auto length = parser_->content_length();
    if (!parser_->is_done() && ascii_lowered({expect.data(), expect.size()}) == "100-continue" &&
        (!length || *length <= settings_->options.body_max.count)) {
        session.write("HTTP/1.1 100 Continue\r\n\r\n");
    }
}

std::optional<HttpResponse> HttpSession::refuse(const HttpRequest& request) const {
    const auto& allowed = settings_->options.hosts_allowed;
    const auto host = request.header("host");
    if (!host && !is_http_10_) return HttpResponse::text(400, "the Host header is missing\n");
    if (!allowed.empty() && (!host || std::find(allowed.begin(), allowed.end(),
                                                host_without_port(*host)) == allowed.end())) {
        return HttpResponse::text(421, "this server is not called by that host name\n");
    }
    if (!settings_->options.password.empty() &&
        !password_fits(*settings_, request.header("authorization").value_or(""))) {
        auto response = HttpResponse::text(401, "a password is needed\n");
        response.headers.emplace_back("WWW-Authenticate",
                                      "Basic realm=\"sluice\", charset=\"UTF-8\"");
        return response;
    }
    if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
    // A browser says where a request comes from; other sites may not change anything.
    const auto site = request.header("sec-fetch-site");
    if (site && *site != "same-origin" && *site != "none") {
        return HttpResponse::text(403, "requests from other sites are refused\n");
    }
    const auto origin = request.header("origin");
    if (origin && host && *origin != "http://" + std::string(*host) &&
        *origin != "https://" + std::string(*host)) {
        return HttpResponse::text(403, "requests from other origins are refused\n");
    }
    return std::nullopt;
}

void HttpSession::dispatch(Session& session) {
    busy_ = true;
    settings_->requests.add();
    close_after_reply_ = close_after_reply_ || !parser_->get().keep_alive();
    auto request = to_http_request(*parser_, session.remote().text());
    if (!request) return reply(session, HttpResponse::error(request.error()));
    if (auto refused = refuse(*request)) return reply(session, std::move(*refused));
    auto match = settings_->router->find(request->method, request->path);
    if (match.route == nullptr) {
        if (match.allowed.empty()) return reply(session, HttpResponse::text(404, "not found\n"));
        auto response = HttpResponse::text(405, "this path knows only " + match.allowed + "\n");
        response.headers.emplace_back("Allow", match.allowed);
        return reply(session, std::move(response));
    }
    request->captures = std::move(match.captures);
    if (match.route->handler) return reply(session, match.route->handler(*request));
    session.clear_deadline();
    session.set_idle_timeout(Duration::zero());
    session.pause_reading();
    match.route->async_handler(
        std::move(*request),
        HttpReply([this, own = session.shared_from_this()](HttpResponse response) {
            // The task runs only while the session is open, and so while this handler lives.
            own->post([this, response = std::move(response)](Session& later) mutable {
                reply(later, std::move(response));
                later.resume_reading();
            });
        }));
}

void HttpSession::reply(Session& session, HttpResponse response) {
    busy_ = false;
    if (response.status >= 500) {
        settings_->server_errors.add();
    } else if (response.status >= 400) {
        settings_->client_errors.add();
    }
    settings_->seconds.observe(monotonic_now() - started_);
    std::string& out = session.output();
    auto to = std::back_inserter(out);
    fmt::format_to(to, "HTTP/1.1 {} {}\r\nDate: {}\r\n", response.status,
                   http_reason(response.status), http_date(wall_now()));
    const bool may_have_body =
        response.status >= 200 && response.status != 204 && response.status != 304;
    if (may_have_body) {
        fmt::format_to(to, "Content-Type: {}\r\nContent-Length: {}\r\n",
                       without_line_breaks(response.content_type), response.body.size());
    }
    bool has_cache_rule = false;
    for (const auto& [name, value] : response.headers) {
        has_cache_rule = has_cache_rule || ascii_lowered(name) == "cache-control";
        fmt::format_to(to, "{}: {}\r\n", without_line_breaks(name), without_line_breaks(value));
    }
    if (!has_cache_rule) out += "Cache-Control: no-store\r\n";
    out += security_headers;
    if (settings_->options.tls) out += "Strict-Transport-Security: max-age=31536000\r\n";
    if (close_after_reply_) {
        out += "Connection: close\r\n";
    } else if (is_http_10_) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
    if (may_have_body && !is_head_request_) session.write(response.body);
    is_head_request_ = false;
    if (close_after_reply_) return session.close_after_flush();
    wait_for_head(session);
}

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(Runtime& runtime, Registry& metrics,
                                                      HttpServerOptions options,
                                                      std::shared_ptr<const HttpRouter> router) {
    SLUICE_TRY(const HostPort where, parse_host_port(options.address));
    if (options.hosts_allowed.empty() && where.is_loopback()) {
        options.hosts_allowed = {"localhost", "127.0.0.1", "[::1]"};
    }
    for (std::string& host : options.hosts_allowed) host = ascii_lowered(host);
    const ListenerOptions listen{
        .name = "http",
        .address = options.address,
        .session = {.read_buffer_max = kib(64),
                    .read_ahead_max = kib(16),
                    .output_hard_max = mib(64),
                    .handshake_timeout = options.head_timeout,
                    .idle_timeout = options.keep_alive_timeout},
        .tls = options.tls,
        .connections_max = options.connections_max,
        .connections_per_address_max = options.connections_per_address_max};
    const std::string password = options.password;
    auto settings = std::make_shared<const Settings>(
        Settings{std::move(options), std::move(router), sha256(password),
                 metrics.counter({"sluice_http_requests_total", "HTTP requests."}),
                 metrics.counter({"sluice_http_errors_total", "HTTP errors, by side."},
                                 {{"side", "client"}}),
                 metrics.counter({"sluice_http_errors_total", "HTTP errors, by side."},
                                 {{"side", "server"}}),
                 metrics.histogram({"sluice_http_seconds", "From first byte to reply."})});
    SLUICE_TRY(auto listener, Listener::open(runtime, metrics, listen, [settings] {
                   return std::make_unique<HttpSession>(settings);
               }));
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(listener)));
}

}  // namespace sluice
