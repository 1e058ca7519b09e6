// SPDX-License-Identifier: Apache-2.0
// What session.cpp, runtime.cpp, listener.cpp and connect.cpp share and nobody else needs: the
// Asio types behind IoThread and Session.
#pragma once

#include "kernel/net/session.h"
#include "kernel/net/tls.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace sluice {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using TcpAcceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using SteadyTimer =
    asio::basic_waitable_timer<std::chrono::steady_clock,
                               asio::wait_traits<std::chrono::steady_clock>, Executor>;

struct IoThread::Reactor {
    Reactor() : context(1), work(context.get_executor()), timer(context.get_executor()) {}
    asio::io_context context;
    asio::executor_work_guard<Executor> work;
    SteadyTimer timer;
};

struct Session::Io {
    TcpSocket socket;
    int descriptor;
    TlsStream tls;  // Empty for plain TCP.
};

struct Session::Adopt {
    TcpSocket socket;
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
