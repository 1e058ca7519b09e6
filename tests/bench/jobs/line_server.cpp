// SPDX-License-Identifier: Apache-2.0
#include "line_server.h"

#include "roles.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {

namespace {

constexpr std::string_view ok_line = "+OK\r\n";

[[noreturn]] void cannot_serve(const char* what) {
    std::perror(what);
    std::exit(1);
}

int listen_on(std::uint16_t port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        cannot_serve("bind");
    if (::listen(listener, 64) != 0) cannot_serve("listen");
    return listener;
}

std::string fixed_job() {
    std::string job;
    append_job(job, "default");
    return '$' + std::to_string(job.size()) + "\r\n" + job + "\r\n";
}

void accept_and_greet(int listener, int epoll) {
    const int descriptor = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return;
    const int one = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    constexpr std::string_view hello = "+HI {\"v\":2}\r\n";
    (void)::send(descriptor, hello.data(), hello.size(), MSG_NOSIGNAL);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event);
}

}  // namespace

void serve_lines(std::uint16_t port) {
    const std::string job = fixed_job();
    const int listener = listen_on(port);
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = listener;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    std::array<epoll_event, 64> events{};
    std::array<char, 65536> in;
    std::vector<std::string> begun(1024);  // by descriptor: of a line that is not whole yet
    std::string out;
    for (;;) {
        const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const int descriptor = events[static_cast<std::size_t>(i)].data.fd;
            if (descriptor == listener) {
                accept_and_greet(listener, epoll);
                continue;
            }
            std::string& line = begun.at(static_cast<std::size_t>(descriptor));
            const ssize_t got = ::recv(descriptor, in.data(), in.size(), 0);
            if (got <= 0) {
                ::close(descriptor);
                line.clear();
                continue;
            }
            std::string_view rest(in.data(), static_cast<std::size_t>(got));
            out.clear();
            for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos;) {
                const char verb = line.empty() ? rest.front() : line.front();
                out += verb == 'F' ? std::string_view(job) : ok_line;
                line.clear();
                rest.remove_prefix(end + 1);
            }
            line += rest;
            if (!out.empty()) (void)::send(descriptor, out.data(), out.size(), MSG_NOSIGNAL);
        }
    }
}

}  // namespace sluice::bench
