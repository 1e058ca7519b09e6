// SPDX-License-Identifier: Apache-2.0
// A small HTTP/1.1 server for the admin side: routes, limits, security headers, optional password.
// Beast parses; connections are Sessions like all others. Not a general web server.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/net/http.h"
#include "kernel/net/listener.h"

#include <memory>
#include <string>
#include <vector>

namespace sluice {

/// Where to serve, for whom, and how much.
struct HttpServerOptions {
    std::string address;
    std::shared_ptr<TlsContext> tls;
    /// If not empty, every request needs basic authentication with this password (any user name).
    std::string password;
    /// Host names accepted in the Host header, without port (against DNS rebinding). Empty: on a
    /// loopback address localhost, 127.0.0.1 and [::1]; elsewhere any.
    std::vector<std::string> hosts_allowed;
    Bytes body_max = kib(64);
    Duration head_timeout = 10s;
    Duration body_timeout = 60s;
    Duration keep_alive_timeout = 30s;
    std::size_t connections_max = 1'000;
    std::size_t connections_per_address_max = 256;
};

/// The request head, including the request line, may have this many bytes (431 past it).
inline constexpr std::size_t http_head_bytes_max = 16 * 1024;

/// A running server. Stops accepting when destroyed.
class HttpServer {
public:
    /// The router must be complete. Errors: as Listener::open.
    static Result<std::unique_ptr<HttpServer>> start(Runtime& runtime, Registry& metrics,
                                                     HttpServerOptions options,
                                                     std::shared_ptr<const HttpRouter> router);

    [[nodiscard]] const HostPort& address() const { return listener_->address(); }
    void close() { listener_->close(); }

private:
    explicit HttpServer(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
    std::unique_ptr<Listener> listener_;
};

}  // namespace sluice
