// SPDX-License-Identifier: Apache-2.0
// For tests only: an HTTP server on a free loopback port that answers each path with given bytes,
// without end, never, or as a script says, which sees and sends every byte. A thread for each
// connection.
#pragma once

#include "kernel/net/owned_fd.h"
#include "kernel/sync/thread.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <csignal>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// The server's end of a connection, as a stream of bytes; plain TCP. Another one: TLS.
class LoopbackStream {
public:
    explicit LoopbackStream(int fd) : fd_(fd) {}
    virtual ~LoopbackStream() = default;
    LoopbackStream(const LoopbackStream&) = delete;
    LoopbackStream& operator=(const LoopbackStream&) = delete;
    /// Before the first byte; false if there is nobody to talk to.
    virtual bool open() { return true; }
    virtual ssize_t read(char* to, std::size_t size) { return ::recv(fd_, to, size, 0); }
    virtual ssize_t write(const char* from, std::size_t size) {
        return ::send(fd_, from, size, MSG_NOSIGNAL);
    }
    /// Bytes are held that poll() knows nothing of.
    [[nodiscard]] virtual bool has_more() const { return false; }
    virtual void close() {}

protected:
    int fd_;
};

class LoopbackServer {
public:
    /// One connection, for a script.
    class Peer {
    public:
        Peer(OwnedFd fd, std::unique_ptr<LoopbackStream> stream, int stop, int number)
            : fd_(std::move(fd)), stream_(std::move(stream)), stop_(stop), number_(number) {}
        ~Peer() { close(); }
        Peer(const Peer&) = delete;
        Peer& operator=(const Peer&) = delete;

        /// False if the client has gone, or the server stops.
        bool send(std::string_view bytes) {
            while (!bytes.empty()) {
                if (!wait(POLLOUT)) return false;
                const ssize_t count = stream_->write(bytes.data(), std::min(bytes.size(), piece));
                if (count <= 0) return false;
                bytes.remove_prefix(static_cast<std::size_t>(count));
            }
            return true;
        }
        /// What comes next; empty if the client has gone, or the server stops.
        std::string receive() {
            if (!stream_->has_more() && !wait(POLLIN)) return {};
            std::string bytes(piece, '\0');
            const ssize_t count = stream_->read(bytes.data(), bytes.size());
            bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
            return bytes;
        }
        /// Up to and with the empty line; what follows is kept for the next. Empty at the end.
        std::string receive_head() {
            for (;;) {
                const std::size_t end = rest_.find("\r\n\r\n");
                if (end != std::string::npos) {
                    std::string head = rest_.substr(0, end + 4);
                    rest_.erase(0, end + 4);
                    return head;
                }
                const std::string more = receive();
                if (more.empty()) return {};
                rest_ += more;
            }
        }
        /// What follows the head, so many bytes; fewer if the client has gone, or the server stops.
        std::string receive_body(std::size_t size) {
            while (rest_.size() < size) {
                const std::string more = receive();
                if (more.empty()) break;
                rest_ += more;
            }
            std::string body = rest_.substr(0, size);
            rest_.erase(0, body.size());
            return body;
        }
        /// Returns when the client has gone, or the server stops.
        void wait_gone() {
            while (!receive().empty()) {
            }
        }
        void close() {
            if (fd_) stream_->close();
            fd_.reset();
        }
        /// Ends the connection with a reset.
        void reset() {
            const linger now{1, 0};
            ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
            fd_.reset();
        }
        [[nodiscard]] bool is_open() const { return static_cast<bool>(fd_); }
        /// The server's connections from 0 on.
        [[nodiscard]] int number() const { return number_; }

    private:
        friend class LoopbackServer;
        static constexpr std::size_t piece = 64 * 1024;
        [[nodiscard]] bool wait(short events) const {
            if (!fd_) return false;
            pollfd wanted[2] = {{fd_.get(), events, 0}, {stop_, POLLIN, 0}};
            ::poll(wanted, 2, -1);
            return wanted[1].revents == 0;
        }
        OwnedFd fd_;
        std::unique_ptr<LoopbackStream> stream_;
        int stop_;
        int number_;
        std::string rest_;
    };
    /// Answers a request; the connection is kept for the next one unless the script closes it.
    using Script = std::function<void(Peer&, const std::string& head)>;
    using MakeStream = std::function<std::unique_ptr<LoopbackStream>(int fd)>;

    /// `address`: "127.0.0.1", "127.0.0.2", "::1"; port 0: a free one.
    explicit LoopbackServer(const std::string& address = "127.0.0.1", int port = 0)
        : address_(address) {
        const bool v6 = address.find(':') != std::string::npos;
        listener_ = OwnedFd(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const int on = 1;
        ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        sockaddr_storage storage{};
        auto* raw = reinterpret_cast<sockaddr*>(&storage);
        socklen_t size = v6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
        auto* v4_form = reinterpret_cast<sockaddr_in*>(&storage);
        auto* v6_form = reinterpret_cast<sockaddr_in6*>(&storage);
        storage.ss_family = v6 ? AF_INET6 : AF_INET;
        void* place = v6 ? static_cast<void*>(&v6_form->sin6_addr) : &v4_form->sin_addr;
        EXPECT_EQ(::inet_pton(storage.ss_family, address.c_str(), place), 1);
        v4_form->sin_port = htons(static_cast<std::uint16_t>(port));  // at the same place in both
        EXPECT_EQ(::bind(listener_.get(), raw, size), 0);
        EXPECT_EQ(::listen(listener_.get(), 256), 0);
        EXPECT_EQ(::getsockname(listener_.get(), raw, &size), 0);
        port_ = ntohs(v4_form->sin_port);
    }
    ~LoopbackServer() { stop(); }
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;

    /// Before start(), as all that follow: the whole answer to GET `path`; then the end.
    void answer(const std::string& path, std::string bytes) {
        script(path, [bytes = std::move(bytes)](Peer& peer, const std::string&) {
            peer.send(bytes);
            peer.close();
        });
    }
    /// 200 with this body; the connection is kept.
    void answer_ok(const std::string& path, const std::string& body) {
        const std::string bytes =
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body;
        script(path, [bytes](Peer& peer, const std::string&) { peer.send(bytes); });
    }
    void redirect(const std::string& path, const std::string& to) {
        answer(path,
               "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nContent-Length: 9\r\n\r\nelsewhere");
    }
    void script(const std::string& path, Script act) { scripts_[path] = std::move(act); }
    /// Instead of all paths: the whole connection.
    void at_connect(std::function<void(Peer&)> act) { at_connect_ = std::move(act); }
    void speak(MakeStream make) { make_stream_ = std::move(make); }
    void start() {
        thread_ = Thread("http", [this] { serve(); });
    }
    /// Waits for its threads: for who owns what scripts use and goes before the server.
    void stop() {
        if (std::exchange(stopped_, true)) return;
        const std::uint64_t one = 1;
        EXPECT_EQ(::write(stop_.get(), &one, sizeof one), 8);
        thread_.join();
    }

    [[nodiscard]] std::string url(const std::string& path) const {
        return "http://" +
               (address_.find(':') == std::string::npos ? address_ : "[" + address_ + "]") + ":" +
               std::to_string(port_) + path;
    }
    [[nodiscard]] int port() const { return port_; }
    /// Requests answered or begun; connections accepted.
    [[nodiscard]] int requests() const { return requests_; }
    [[nodiscard]] int connections() const { return connections_; }

    /// Path that is answered by a body without end; path that is answered never.
    static constexpr std::string_view endless = "/endless";
    static constexpr std::string_view silent = "/silent";
    /// Readable once a request for `silent` has arrived.
    [[nodiscard]] int silent_arrived() const { return arrived_.get(); }

private:
    void serve() {
        std::vector<Thread> threads;
        for (;;) {
            pollfd wanted[2] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
            ::poll(wanted, 2, -1);
            if (wanted[1].revents != 0) return;
            OwnedFd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!fd) continue;
            auto stream =
                make_stream_ ? make_stream_(fd.get()) : std::make_unique<LoopbackStream>(fd.get());
            auto peer = std::make_unique<Peer>(std::move(fd), std::move(stream), stop_.get(),
                                               connections_++);
            threads.emplace_back("http-peer", [this, peer = std::move(peer)] { talk(*peer); });
        }
    }

    void talk(Peer& peer) {
        // TLS libraries write without MSG_NOSIGNAL.
        sigset_t broken_pipe;
        sigemptyset(&broken_pipe);
        sigaddset(&broken_pipe, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
        if (at_connect_) return at_connect_(peer);
        if (!peer.stream_->open()) return peer.close();
        while (peer.is_open()) {
            const std::string head = peer.receive_head();
            if (head.empty()) break;
            ++requests_;
            const std::size_t begin = head.find(' ') + 1;
            reply(peer, head, head.substr(begin, head.find(' ', begin) - begin));
        }
        peer.close();
    }

    void reply(Peer& peer, const std::string& head, const std::string& path) {
        if (path == silent) {
            const std::uint64_t one = 1;
            EXPECT_EQ(::write(arrived_.get(), &one, sizeof one), 8);
            peer.wait_gone();
            peer.close();
        } else if (path == endless) {
            bool there = peer.send("HTTP/1.1 200 OK\r\n\r\n");
            const std::string piece(64 * 1024, 'x');
            while (there) there = peer.send(piece);
            peer.close();
        } else if (const auto found = scripts_.find(path); found != scripts_.end()) {
            found->second(peer, head);
        } else {
            peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone");
        }
    }

    std::string address_;
    OwnedFd listener_;
    OwnedFd stop_{::eventfd(0, EFD_CLOEXEC)};
    OwnedFd arrived_{::eventfd(0, EFD_CLOEXEC)};
    int port_ = 0;
    std::atomic<int> requests_ = 0;
    std::atomic<int> connections_ = 0;
    std::map<std::string, Script> scripts_;
    std::function<void(Peer&)> at_connect_;
    MakeStream make_stream_;
    Thread thread_;
    bool stopped_ = false;
};

}  // namespace sluice
