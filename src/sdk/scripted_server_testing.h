// SPDX-License-Identifier: Apache-2.0
// For tests only: a small server on a free loopback port that greets, takes HELLO, and answers
// every further line as the test's script says. One thread with poll(); no queue logic of its own.
#pragma once

#include "kernel/base/check.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/thread.h"
#include "kernel/wire/line_framer.h"
#include "sdk/server_url.h"
#include "sdk/wake.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::sdk {

class ScriptedServer {
public:
    /// Called on the server's thread for each line but HELLO; sends what it returns. To answer
    /// later, return nothing and call send() from a later script call or from post().
    using Script = std::function<std::string(ScriptedServer&, int connection, std::string line)>;

    explicit ScriptedServer(Script script, std::string greeting = "+HI {\"v\":2,\"x\":1}\r\n",
                            std::uint16_t port = 0)
        : script_(std::move(script)), greeting_(std::move(greeting)), posts_(1000) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int on = 1;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        at.sin_port = htons(port);
        SLUICE_CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
        SLUICE_CHECK(::listen(listener_, 64) == 0);
        socklen_t size = sizeof at;
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
        thread_ = Thread("scripted", [this] { run(); });
    }
    ~ScriptedServer() {
        posts_.close();
        wake_.notify();
        thread_.join();
        for (auto& [fd, framer] : sessions_) ::close(fd);
        ::close(listener_);
    }
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;

    [[nodiscard]] ServerAddress address() const {
        return {.host = "127.0.0.1", .port = port_, .username = {}, .password = {}};
    }

    /// Runs something on the server's thread and waits for its end.
    void post(std::function<void()> act) {
        Channel<int> done(1);
        posts_.push([&] {
            act();
            done.push(1);
        });
        wake_.notify();
        int ignored = 0;
        done.pop(ignored);
    }

    // From here on: on the server's thread only.

    void send(int connection, std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    /// Ends the connection once the current script call has returned.
    void drop(int connection) { dropped_.push_back(connection); }
    void drop_all() {
        for (const auto& [fd, framer] : sessions_) drop(fd);
    }
    std::vector<std::string> hellos;
    /// Told about connections that the other side closed.
    std::function<void(int connection)> on_close;

private:
    void run() {
        while (!posts_.is_closed()) {
            std::vector<pollfd> entries{{wake_.fd(), POLLIN, 0}, {listener_, POLLIN, 0}};
            for (const auto& [fd, framer] : sessions_) entries.push_back({fd, POLLIN, 0});
            ::poll(entries.data(), entries.size(), -1);
            if (entries[0].revents != 0) run_posts();
            if (entries[1].revents != 0) accept_one();
            for (std::size_t i = 2; i < entries.size(); ++i) {
                if (entries[i].revents != 0) read_one(entries[i].fd);
            }
            end_dropped();
        }
    }
    void run_posts() {
        wake_.clear();
        std::vector<std::function<void()>> acts;
        posts_.try_pop_all(acts, 1000);
        for (auto& act : acts) act();
    }
    void accept_one() {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        sessions_.emplace(fd, LineFramer(std::size_t{64} << 20));
        send(fd, greeting_);
    }
    void read_one(int fd) {
        const auto session = sessions_.find(fd);
        if (session == sessions_.end()) return;
        auto room = session->second.prepare(65536);
        const ssize_t got = ::recv(fd, room.data(), room.size(), 0);
        if (got <= 0) {
            if (on_close) on_close(fd);
            drop(fd);
            return;
        }
        session->second.commit(static_cast<std::size_t>(got));
        for (;;) {
            const FramedLine line = session->second.next();
            if (line.outcome != LineOutcome::line) return;
            std::string text(line.text);
            if (text.starts_with("HELLO ")) {
                hellos.push_back(text);
                if (hello_refusals > 0) {
                    --hello_refusals;
                    send(fd, "-BUSY server is busy, try again\r\n");
                    drop(fd);
                } else if (answers_hello) {
                    send(fd, "+OK\r\n");
                }
            } else {
                send(fd, script_(*this, fd, std::move(text)));
            }
        }
    }
    void end_dropped() {
        for (const int fd : std::exchange(dropped_, {})) {
            if (sessions_.erase(fd) > 0) ::close(fd);
        }
    }

public:
    bool answers_hello = true;
    /// So many HELLOs more are refused as BUSY, and their connections ended.
    int hello_refusals = 0;

private:
    Script script_;
    std::string greeting_;
    Channel<std::function<void()>> posts_;
    Wake wake_;
    int listener_ = -1;
    std::uint16_t port_ = 0;
    std::map<int, LineFramer> sessions_;
    std::vector<int> dropped_;
    Thread thread_;
};

/// A loopback port on which nobody listens, and which nobody else gets as long as this lives.
class RefusingPort {
public:
    RefusingPort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        SLUICE_CHECK(::bind(socket_, reinterpret_cast<sockaddr*>(&at), size) == 0);
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
    }
    ~RefusingPort() { ::close(socket_); }
    RefusingPort(const RefusingPort&) = delete;
    RefusingPort& operator=(const RefusingPort&) = delete;

    [[nodiscard]] ServerAddress address() const {
        return {.host = "127.0.0.1", .port = port_, .username = {}, .password = {}};
    }

private:
    int socket_;
    std::uint16_t port_ = 0;
};

/// A bulk reply.
inline std::string bulk(std::string_view text) {
    return '$' + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

}  // namespace sluice::sdk
