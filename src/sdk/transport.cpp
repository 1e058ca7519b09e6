// SPDX-License-Identifier: Apache-2.0
#include "sdk/transport.h"

#include "kernel/sync/clock.h"
#include "sdk/name_lookup.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::sdk {

namespace {

std::string system_text(int number) {
    std::array<char, 128> text{};
    return strerror_r(number, text.data(), text.size());
}
Error io_error(std::string_view what, int number) {
    return fail(Code::io, std::string(what) + ": " + system_text(number));
}

class Socket {
public:
    explicit Socket(int fd) : fd_(fd) {}
    ~Socket() {
        if (fd_ >= 0) close(fd_);
    }
    Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Socket& operator=(Socket&&) = delete;
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

// ---------------------------------------------------------------------------- plain

class PlainTransport final : public Transport {
public:
    explicit PlainTransport(Socket socket) : socket_(std::move(socket)) {}

    Result<std::size_t> send_some(std::string_view bytes) override {
        for (;;) {
            const ssize_t sent = send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent >= 0) return static_cast<std::size_t>(sent);
            if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
            if (errno != EINTR) return io_error("send", errno);
        }
    }
    Result<std::size_t> receive_some(std::span<char> room) override {
        for (;;) {
            const ssize_t got = recv(socket_.fd(), room.data(), room.size(), 0);
            if (got > 0) return static_cast<std::size_t>(got);
            if (got == 0) return fail(Code::io, "the server closed the connection");
            if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
            if (errno != EINTR) return io_error("receive", errno);
        }
    }
    Status wait(bool to_send, Patience patience) override {
        const int events = POLLIN | (to_send ? POLLOUT : 0);
        return wait_for(socket_.fd(), static_cast<short>(events), patience);
    }
    void finish_sending() noexcept override { shutdown(socket_.fd(), SHUT_WR); }

private:
    Socket socket_;
};

// ---------------------------------------------------------------------------- TLS

/// OpenSSL writes with write(), which would raise SIGPIPE on a closed connection; a library must
/// not change the process's handlers, so the signal is blocked and taken back around each call.
class SigpipeShield {
public:
    SigpipeShield() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        sigset_t pending;
        sigpending(&pending);
        was_pending_ = sigismember(&pending, SIGPIPE) == 1;
        pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    }
    ~SigpipeShield() {
        const timespec at_once{};
        if (!was_pending_) {
            while (sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) continue;
        }
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    SigpipeShield(const SigpipeShield&) = delete;
    SigpipeShield& operator=(const SigpipeShield&) = delete;

private:
    sigset_t pipe_{};
    sigset_t before_{};
    bool was_pending_ = false;
};

std::string openssl_text() {
    const unsigned long number = ERR_get_error();
    if (number == 0) return "connection ended";
    std::array<char, 256> text{};
    ERR_error_string_n(number, text.data(), text.size());
    ERR_clear_error();
    return text.data();
}

class TlsTransport final : public Transport {
public:
    using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
    using Session = std::unique_ptr<SSL, decltype(&SSL_free)>;

    TlsTransport(Socket socket, Context context, Session session)
        : socket_(std::move(socket)), context_(std::move(context)), session_(std::move(session)) {}

    static Result<std::unique_ptr<Transport>> open(Socket socket, const std::string& host,
                                                   const TlsTrust& trust, Patience patience);

    Result<std::size_t> send_some(std::string_view bytes) override {
        std::size_t sent = 0;
        const SigpipeShield shield;
        ERR_clear_error();
        const int ok = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &sent);
        if (ok == 1) return sent;
        return would_wait(ok, "TLS send", send_wants_);
    }
    Result<std::size_t> receive_some(std::span<char> room) override {
        std::size_t got = 0;
        const SigpipeShield shield;
        ERR_clear_error();
        const int ok = SSL_read_ex(session_.get(), room.data(), room.size(), &got);
        if (ok == 1) return got;
        return would_wait(ok, "TLS receive", receive_wants_);
    }
    Status wait(bool to_send, Patience patience) override {
        if (SSL_pending(session_.get()) > 0) return {};
        const int events = receive_wants_ | (to_send ? send_wants_ : 0);
        return wait_for(socket_.fd(), static_cast<short>(events), patience);
    }
    void finish_sending() noexcept override { shutdown(socket_.fd(), SHUT_WR); }

private:
    Result<std::size_t> would_wait(int ok, std::string_view what, short& wants) {
        const int why = SSL_get_error(session_.get(), ok);
        if (why == SSL_ERROR_WANT_READ) wants = POLLIN;
        if (why == SSL_ERROR_WANT_WRITE) wants = POLLOUT;
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return std::size_t{0};
        if (why == SSL_ERROR_ZERO_RETURN) return fail(Code::io, "the server closed the connection");
        return fail(Code::io, std::string(what) + ": " + openssl_text());
    }

    Socket socket_;
    Context context_;
    Session session_;
    short send_wants_ = POLLOUT;
    short receive_wants_ = POLLIN;
};

bool is_ip_address(const std::string& host) {
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
    freeaddrinfo(found);
    return true;
}

Status set_trust(SSL_CTX* context, SSL* session, const std::string& host, const TlsTrust& trust) {
    if (!trust.verify) return {};
    const int loaded = trust.ca_file.empty()
                           ? SSL_CTX_set_default_verify_paths(context)
                           : SSL_CTX_load_verify_locations(context, trust.ca_file.c_str(), nullptr);
    if (loaded != 1) {
        return fail(Code::invalid,
                    "cannot read authorities " + trust.ca_file + ": " + openssl_text());
    }
    SSL_set_verify(session, SSL_VERIFY_PEER, nullptr);
    const int named = is_ip_address(host)
                          ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str())
                          : SSL_set1_host(session, host.c_str());
    if (named != 1) return fail(Code::internal, "TLS host name: " + openssl_text());
    return {};
}

Status shake_hands(SSL* session, int fd, Patience patience) {
    for (;;) {
        const SigpipeShield shield;
        ERR_clear_error();
        const int ok = SSL_connect(session);
        if (ok == 1) return {};
        const int why = SSL_get_error(session, ok);
        if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
            SLUICE_TRY_STATUS(
                wait_for(fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, patience));
            continue;
        }
        const long verdict = SSL_get_verify_result(session);
        if (verdict != X509_V_OK) {
            return fail(Code::denied, std::string("the server's certificate is not accepted: ") +
                                          X509_verify_cert_error_string(verdict));
        }
        return fail(Code::io, "TLS handshake: " + openssl_text());
    }
}

Result<std::unique_ptr<Transport>> TlsTransport::open(Socket socket, const std::string& host,
                                                      const TlsTrust& trust, Patience patience) {
    Context context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    if (!context || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
        return fail(Code::internal, "TLS: " + openssl_text());
    }
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // A server that ends without TLS's goodbye is a closed connection like any other.
    SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    Session session(SSL_new(context.get()), &SSL_free);
    if (!session || SSL_set_fd(session.get(), socket.fd()) != 1 ||
        (!is_ip_address(host) && SSL_set_tlsext_host_name(session.get(), host.c_str()) != 1)) {
        return fail(Code::internal, "TLS: " + openssl_text());
    }
    SLUICE_TRY_STATUS(set_trust(context.get(), session.get(), host, trust));
    SLUICE_TRY_STATUS(shake_hands(session.get(), socket.fd(), patience));
    return std::unique_ptr<Transport>(
        std::make_unique<TlsTransport>(std::move(socket), std::move(context), std::move(session)));
}

// ---------------------------------------------------------------------------- connecting

Result<Socket> connect_to(const addrinfo& address, Patience patience) {
    Socket socket(::socket(address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                           address.ai_protocol));
    if (socket.fd() < 0) return io_error("socket", errno);
    const int one = 1;
    setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(socket.fd(), address.ai_addr, address.ai_addrlen) == 0) return socket;
    if (errno != EINPROGRESS) return io_error("connect", errno);
    SLUICE_TRY_STATUS(wait_for(socket.fd(), POLLOUT, patience));
    int problem = 0;
    socklen_t size = sizeof problem;
    getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &problem, &size);
    if (problem != 0) return io_error("connect", problem);
    return socket;
}

/// Of the time, the share of the next of so many addresses: one that answers nothing, as where a
/// network drops what is sent by IPv6, must not use up that of those behind it.
Patience share_of(Patience patience, std::ptrdiff_t addresses) {
    if (addresses <= 1 || patience.deadline == no_deadline) return patience;
    const Instant now = monotonic_now();
    patience.deadline = now + std::max(patience.deadline - now, Duration{0}) / addresses;
    return patience;
}

std::ptrdiff_t count_of(const addrinfo* address) {
    std::ptrdiff_t count = 0;
    for (; address != nullptr; address = address->ai_next) ++count;
    return count;
}

}  // namespace

Result<std::unique_ptr<Transport>> Transport::open(const ServerAddress& server,
                                                   const TlsTrust& trust, Patience patience) {
    auto addresses = NameLookup::shared().find(server.host, server.port, patience);
    if (!addresses) return std::move(addresses).error();
    Error last = fail(Code::not_found, "no address");
    for (const addrinfo* address = addresses->get(); address != nullptr;
         address = address->ai_next) {
        auto socket = connect_to(*address, share_of(patience, count_of(address)));
        if (!socket) {
            last = std::move(socket).error();
            if (last.code == Code::cancelled) break;
            continue;
        }
        if (!server.tls) {
            return std::unique_ptr<Transport>(
                std::make_unique<PlainTransport>(std::move(socket).value()));
        }
        auto secured = TlsTransport::open(std::move(socket).value(), server.host, trust, patience);
        if (!secured) return std::move(secured).error().in(server.text());
        return secured;
    }
    return std::move(last).in(server.text());
}

}  // namespace sluice::sdk
