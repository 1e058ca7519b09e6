// SPDX-License-Identifier: Apache-2.0
#include "app/http_call.h"

#include "kernel/base/text.h"
#include "kernel/net/address.h"
#include "kernel/sync/clock.h"
#include "sdk/name_lookup.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

namespace sluice::app {

namespace {

constexpr std::size_t answer_bytes_max = 64 << 20;

/// Owns a socket.
class Socket {
public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {}
    ~Socket() {
        if (descriptor_ >= 0) close(descriptor_);
    }
    Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    Socket& operator=(Socket&&) = delete;
    [[nodiscard]] int get() const { return descriptor_; }

private:
    int descriptor_;
};

Result<Socket> connect_to(const HostPort& address, Duration timeout) {
    const sdk::Patience patience{.deadline = deadline_after(timeout), .wake = nullptr};
    auto found = sdk::NameLookup::shared().find(address.host, address.port, patience);
    if (!found) return fail(Code::io, found.error().message);
    for (const addrinfo* one = found->get(); one != nullptr; one = one->ai_next) {
        Socket socket(::socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol));
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout).count();
        const timeval limit{.tv_sec = seconds, .tv_usec = 0};
        setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        if (connect(socket.get(), one->ai_addr, one->ai_addrlen) == 0) return socket;
    }
    return fail(Code::io, "no server at " + address.text() + " (" + std::strerror(errno) +
                              ")\n  start one here:   sluice serve"
                              "\n  or name another:  --http HOST:PORT, its admin side");
}

std::string base64(std::string_view text) {
    static constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            bits = bits << 8 | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0U);
        }
        for (std::size_t j = 0; j < 4; ++j) {
            out += i + j > text.size() ? '=' : digits[bits >> (18 - 6 * j) & 63];
        }
    }
    return out;
}

std::string request_text(const HostPort& address, const HttpCall& call) {
    std::string text =
        call.method + ' ' + call.path + " HTTP/1.1\r\nHost: " + address.text() +
        "\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: " +
        std::to_string(call.body.size()) + "\r\n";
    if (const char* password = std::getenv("SLUICE_HTTP_PASSWORD");
        password != nullptr && *password != '\0') {
        text += "Authorization: Basic " + base64(":" + std::string(password)) + "\r\n";
    }
    return text + "\r\n" + call.body;
}

}  // namespace

Result<HttpAnswer> http_call(const HttpTarget& target, const HttpCall& call) {
    std::string_view where = target.address;
    if (where.starts_with("http://")) where.remove_prefix(7);
    if (where.ends_with('/')) where.remove_suffix(1);
    SLUICE_TRY(const HostPort address, parse_host_port(where));
    SLUICE_TRY(const Socket socket, connect_to(address, target.timeout));
    const std::string request = request_text(address, call);
    std::size_t sent = 0;
    while (sent < request.size()) {
        const ssize_t count =
            send(socket.get(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) return fail(Code::io, "the server closed the connection");
        sent += static_cast<std::size_t>(count);
    }
    std::string text;
    std::array<char, 16384> buffer{};
    while (text.size() < answer_bytes_max) {
        const ssize_t count = recv(socket.get(), buffer.data(), buffer.size(), 0);
        if (count < 0)
            return fail(errno == EAGAIN ? Code::timeout : Code::io,
                        "no answer from " + address.text());
        if (count == 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    const std::size_t head_end = text.find("\r\n\r\n");
    if (head_end == std::string::npos || !text.starts_with("HTTP/1.1 ")) {
        return fail(Code::io, address.text() +
                                  " does not speak HTTP; is it the admin side, and "
                                  "without TLS?");
    }
    SLUICE_TRY(const std::int64_t status, parse_int(std::string_view(text).substr(9, 3)));
    return HttpAnswer{static_cast<int>(status), text.substr(head_end + 4)};
}

}  // namespace sluice::app
