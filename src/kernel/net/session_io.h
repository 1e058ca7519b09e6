// SPDX-License-Identifier: Apache-2.0
// What session.cpp, runtime.cpp and listener.cpp share and nobody else needs.
#pragma once

#include "kernel/net/owned_fd.h"
#include "kernel/net/session.h"
#include "kernel/net/tls.h"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>

namespace sluice {

namespace asio = boost::asio;
struct Session::Io {
    OwnedFd socket;
    TlsStream tls;  // Empty for plain TCP.
};

struct Session::Adopt {
    OwnedFd socket;  // Connected, non-blocking.
    HostPort remote;
    SessionOptions options;
    std::unique_ptr<SessionHandler> handler;
    std::shared_ptr<TlsContext> tls;
    std::string tls_name;  // The server's name, for the client's side.
    std::shared_ptr<void> ticket;
};

inline constexpr std::size_t scratch_bytes = 64 * 1024;

inline HostPort to_host_port(const asio::ip::tcp::endpoint& endpoint) {
    auto address = endpoint.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    return {address.to_string(), endpoint.port()};
}

}  // namespace sluice
