// SPDX-License-Identifier: Apache-2.0
// For tests only: a blocking TCP client that shows every byte and every way to misbehave.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice {

/// Reads give up after 20 s, so that a fault fails the test instead of hanging it.
class RawClient {
public:
    explicit RawClient(std::uint16_t port, int receive_buffer = 0)
        : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const timeval patience{20, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (receive_buffer > 0) {
            ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                         sizeof receive_buffer);
        }
        const int on = 1;
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address),
                               sizeof address) == 0;
        EXPECT_TRUE(connected_);
    }
    ~RawClient() { close(); }
    RawClient(RawClient&& other) noexcept
        : descriptor_(std::exchange(other.descriptor_, -1)), connected_(other.connected_) {}
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    [[nodiscard]] int descriptor() const { return descriptor_; }

    /// False if the peer has gone.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno == EINTR) continue;
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// Up to `max` bytes; empty at the end of the stream or after a reset.
    std::string receive(std::size_t max = 65536) {
        std::string bytes(max, '\0');
        // A socket with a timeout is interrupted even where the program was only stopped and
        // continued.
        ssize_t count = 0;
        do {
            count = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
        } while (count < 0 && errno == EINTR);
        bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return bytes;
    }
    /// Exactly this many bytes, less only at the end of the stream.
    std::string receive_exactly(std::size_t count) {
        std::string bytes;
        while (bytes.size() < count) {
            const std::string more = receive(std::min<std::size_t>(count - bytes.size(), 65536));
            if (more.empty()) break;
            bytes += more;
        }
        return bytes;
    }
    std::string receive_all() {
        std::string bytes;
        for (std::string more = receive(); !more.empty(); more = receive()) bytes += more;
        return bytes;
    }
    void end_output() { ::shutdown(descriptor_, SHUT_WR); }
    /// Closes with a reset instead of an orderly end.
    void reset() {
        const linger now{1, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close();
    }
    void close() {
        if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    }

private:
    int descriptor_;
    bool connected_ = false;
};

}  // namespace sluice
