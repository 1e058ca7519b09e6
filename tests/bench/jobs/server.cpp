// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace sluice::bench {

namespace {

/// The whole answer to one GET; empty when there is none.
std::string http_get(std::uint16_t port, std::string_view path) {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string out;
    if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
        const std::string request = "GET " + std::string(path) +
                                    " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        (void)::send(descriptor, request.data(), request.size(), MSG_NOSIGNAL);
        std::array<char, 16384> buffer;
        for (ssize_t count = 0; (count = ::recv(descriptor, buffer.data(), buffer.size(), 0)) > 0;)
            out.append(buffer.data(), static_cast<std::size_t>(count));
    }
    ::close(descriptor);
    return out;
}

}  // namespace

void Sluice::start() {
    http_port_ = free_port();
    process.emplace(std::vector<std::string>{options_.program, "serve", "--data", data, "--jobs",
                                             "127.0.0.1:" + std::to_string(port), "--http",
                                             "127.0.0.1:" + std::to_string(http_port_), "--set",
                                             "jobs.connections_max=30000"},
                    data + ".log");
    start_seconds = process->wait_for_port(port);
}

double Sluice::metric(std::string_view name) const {
    const std::string text = http_get(http_port_, "/metrics");
    const std::string line = '\n' + std::string(name) + ' ';
    const std::size_t at = text.find(line);
    return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + line.size(), nullptr);
}

}  // namespace sluice::bench
