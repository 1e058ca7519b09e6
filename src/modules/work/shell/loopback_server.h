// SPDX-License-Identifier: Apache-2.0
// For tests only: an HTTP server on a free loopback port that answers each path with given bytes,
// or without end. One connection at a time, one request each.
#pragma once

#include "kernel/net/owned_fd.h"
#include "kernel/sync/thread.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <atomic>
#include <map>
#include <string>
#include <string_view>

namespace sluice::work {

class LoopbackServer {
public:
    LoopbackServer() {
        listener_ = OwnedFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* raw = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(listener_.get(), raw, size), 0);
        EXPECT_EQ(::listen(listener_.get(), 16), 0);
        EXPECT_EQ(::getsockname(listener_.get(), raw, &size), 0);
        port_ = ntohs(address.sin_port);
        stop_ = OwnedFd(::eventfd(0, EFD_CLOEXEC));
    }
    ~LoopbackServer() {
        const std::uint64_t one = 1;
        EXPECT_EQ(::write(stop_.get(), &one, sizeof one), 8);
        thread_.join();
    }
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;

    /// Before start(): the whole answer to GET `path`.
    void answer(const std::string& path, std::string bytes) { answers_[path] = std::move(bytes); }
    void answer_ok(const std::string& path, const std::string& body) {
        answer(path, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
                         std::to_string(body.size()) + "\r\n\r\n" + body);
    }
    void redirect(const std::string& path, const std::string& to) {
        answer(path,
               "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nContent-Length: 9\r\n\r\nelsewhere");
    }
    void start() {
        thread_ = Thread("http", [this] { serve(); });
    }

    [[nodiscard]] std::string url(const std::string& path) const {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }
    [[nodiscard]] int port() const { return port_; }
    /// Requests answered or begun.
    [[nodiscard]] int requests() const { return requests_; }

    /// Path that is answered by a body without end; path that is answered never.
    static constexpr std::string_view endless = "/endless";
    static constexpr std::string_view silent = "/silent";
    /// Readable once a request for `silent` has arrived.
    [[nodiscard]] int silent_arrived() const { return arrived_.get(); }

private:
    /// False when it is time to stop.
    bool wait(int fd, short events) const {
        pollfd wanted[2] = {{fd, events, 0}, {stop_.get(), POLLIN, 0}};
        ::poll(wanted, 2, -1);
        return wanted[1].revents == 0;
    }

    void serve() {
        while (wait(listener_.get(), POLLIN)) {
            const OwnedFd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            std::string request;
            while (request.find("\r\n\r\n") == std::string::npos && wait(peer.get(), POLLIN)) {
                char piece[1024];
                const ssize_t count = ::recv(peer.get(), piece, sizeof piece, 0);
                if (count <= 0) break;
                request.append(piece, static_cast<std::size_t>(count));
            }
            ++requests_;
            const std::size_t begin = request.find(' ') + 1;
            reply(peer.get(), request.substr(begin, request.find(' ', begin) - begin));
        }
    }

    void reply(int peer, const std::string& path) {
        if (path == silent) {
            const std::uint64_t one = 1;
            EXPECT_EQ(::write(arrived_.get(), &one, sizeof one), 8);
            char byte = 0;
            while (wait(peer, POLLIN) && ::recv(peer, &byte, 1, 0) > 0) {
            }
            return;
        }
        if (path == endless) {
            send_all(peer, "HTTP/1.1 200 OK\r\n\r\n");
            const std::string piece(64 * 1024, 'x');
            while (wait(peer, POLLOUT) && send_all(peer, piece)) {
            }
            return;
        }
        const auto found = answers_.find(path);
        send_all(peer, found != answers_.end()
                           ? found->second
                           : "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
    }

    static bool send_all(int peer, std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t count = ::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }

    OwnedFd listener_;
    OwnedFd stop_;
    OwnedFd arrived_{::eventfd(0, EFD_CLOEXEC)};
    int port_ = 0;
    std::atomic<int> requests_ = 0;
    std::map<std::string, std::string> answers_;
    Thread thread_;
};

}  // namespace sluice::work
