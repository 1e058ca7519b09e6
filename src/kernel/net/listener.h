// SPDX-License-Identifier: Apache-2.0
// Listener: accepts TCP (or TLS) connections on one address and spreads them over the I/O threads,
// within limits.
#pragma once

#include "kernel/base/result.h"
#include "kernel/net/address.h"
#include "kernel/net/session.h"
#include "kernel/net/tls.h"
#include "kernel/observe/metrics.h"

#include <functional>
#include <memory>
#include <string>

namespace sluice {

/// What to listen on and for how many.
struct ListenerOptions {
    /// The value of the label "listener" in metrics and logs.
    std::string name;
    /// "host:port"; port 0 takes a free one.
    std::string address;
    SessionOptions session;
    /// Null for plain TCP.
    std::shared_ptr<TlsContext> tls;
    /// Connections past these limits are closed at once.
    std::size_t connections_max = 20'000;
    std::size_t connections_per_address_max = 20'000;
    int backlog = 1024;
};

/// Makes the protocol's side of a new connection, on the connection's thread. Null refuses it.
using HandlerFactory = std::function<std::unique_ptr<SessionHandler>()>;

/// An open listening socket. Closes when destroyed; sessions live on.
class Listener {
public:
    /// Binds and starts accepting. Metrics: sluice_connections, sluice_connections_accepted_total,
    /// sluice_connections_refused_total. Errors: invalid (the address), io (in use, not permitted).
    static Result<std::unique_ptr<Listener>> open(Runtime& runtime, Registry& metrics,
                                                  ListenerOptions options, HandlerFactory factory);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// Where it really listens, with the real port.
    [[nodiscard]] const HostPort& address() const { return address_; }
    [[nodiscard]] std::size_t connection_count() const;
    /// Accepts nothing more; returns when the socket is closed. Idempotent. Not from an I/O thread.
    void close();

private:
    struct State;
    Listener() = default;
    std::shared_ptr<State> state_;
    HostPort address_;
};

}  // namespace sluice
