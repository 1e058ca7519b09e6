// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/listener.h"

#include "kernel/net/address_lookup.h"
#include "kernel/net/session_io.h"
#include "kernel/observe/log.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/wait_group.h"

#include <boost/asio/ip/address.hpp>

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <map>
#include <memory>
#include <system_error>

namespace sluice {

namespace {

// After an accept that failed for want of descriptors; the backlog holds the callers meanwhile.
constexpr Duration accept_pause = 100ms;
/// Connections taken in one turn before sessions get theirs.
constexpr int accepts_max = 64;

/// Counts connections in all and by address; a ticket is a place taken.
class ConnectionCount : public std::enable_shared_from_this<ConnectionCount> {
public:
    ConnectionCount(std::size_t total_max, std::size_t per_address_max, Gauge& gauge)
        : total_max_(total_max), per_address_max_(per_address_max), gauge_(gauge) {}

    /// Null if there is no place.
    std::shared_ptr<void> take(const asio::ip::address& address) {
        const MutexLock lock(mutex_);
        if (total_ >= total_max_) return nullptr;
        auto [entry, is_new] = by_address_.try_emplace(address, 0);
        if (entry->second >= per_address_max_) return nullptr;
        ++entry->second;
        ++total_;
        gauge_.add();
        return std::make_shared<Ticket>(shared_from_this(), address);
    }

    [[nodiscard]] std::size_t total() const {
        const MutexLock lock(mutex_);
        return total_;
    }

private:
    struct Ticket {
        Ticket(std::shared_ptr<ConnectionCount> count, asio::ip::address from)
            : owner(std::move(count)), address(std::move(from)) {}
        Ticket(const Ticket&) = delete;
        Ticket& operator=(const Ticket&) = delete;
        ~Ticket() { owner->give_back(address); }
        std::shared_ptr<ConnectionCount> owner;
        asio::ip::address address;
    };

    void give_back(const asio::ip::address& address) {
        const MutexLock lock(mutex_);
        --total_;
        gauge_.sub();
        const auto entry = by_address_.find(address);
        if (--entry->second == 0) by_address_.erase(entry);
    }

    const std::size_t total_max_;
    const std::size_t per_address_max_;
    Gauge& gauge_;
    mutable Mutex mutex_{"net.listener"};
    std::size_t total_ SLUICE_GUARDED_BY(mutex_) = 0;
    std::map<asio::ip::address, std::size_t> by_address_ SLUICE_GUARDED_BY(mutex_);
};

constexpr Duration name_time_max = 10s;

/// A thread that hangs in a look-up can only end with the process, which has no address to listen
/// on and ends.
Result<asio::ip::tcp::endpoint> resolve(const HostPort& where) {
    auto lookup = std::make_unique<AddressLookup>();
    auto found = lookup->find(where, deadline_after(name_time_max));
    if (!found && found.error().code == Code::timeout) static_cast<void>(lookup.release());
    return found;
}

bool set_option(int socket, int level, int name, int value) {
    return ::setsockopt(socket, level, name, &value, sizeof value) == 0;
}

/// The listening socket, non-blocking. Errors: io.
Result<OwnedFd> open_acceptor(const asio::ip::tcp::endpoint& endpoint, int backlog) {
    const bool is_v6 = endpoint.protocol() == asio::ip::tcp::v6();
    const bool only_v6 = is_v6 && endpoint.address() != asio::ip::address_v6::any();
    OwnedFd socket(
        ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (socket && set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1) &&
        (!is_v6 || set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, only_v6 ? 1 : 0)) &&
        ::bind(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) == 0 &&
        ::listen(socket.get(), backlog) == 0) {
        return socket;
    }
    const int error = errno;
    std::string message = "cannot listen on " + to_host_port(endpoint).text() + ": " +
                          std::generic_category().message(error);
    if (error == EADDRINUSE) {
        message += " (another program, or another server of this kind, listens there already)";
    } else if (error == EACCES && endpoint.port() < 1024) {
        message += " (ports below 1024 need the capability CAP_NET_BIND_SERVICE)";
    }
    return fail(Code::io, std::move(message));
}

/// An address as accept4() and getsockname() give it.
struct SocketAddress {
    asio::ip::tcp::endpoint endpoint;
    socklen_t size = static_cast<socklen_t>(endpoint.capacity());
    sockaddr* data() { return endpoint.data(); }
    const asio::ip::tcp::endpoint& get() {
        endpoint.resize(size);
        return endpoint;
    }
};

}  // namespace

struct Listener::State final : std::enable_shared_from_this<State>, Watcher {
    State(Runtime& owner, IoThread& home, Registry& metrics, ListenerOptions listener_options)
        : runtime(owner),
          thread(home),
          options(std::move(listener_options)),
          accepted(metrics.counter(
              {"sluice_connections_accepted_total", "Connections accepted, by listener."},
              {{"listener", options.name}})),
          refused(metrics.counter({"sluice_connections_refused_total",
                                   "Connections closed at once for a limit, by listener."},
                                  {{"listener", options.name}})),
          count(std::make_shared<ConnectionCount>(
              options.connections_max, options.connections_per_address_max,
              metrics.gauge({"sluice_connections", "Open connections, by listener."},
                            {{"listener", options.name}}))) {}

    void begin() {
        if (!thread.watch(acceptor.get(), EPOLLIN, *this)) pause(errno);
    }

    void on_ready(std::uint32_t) override {
        for (int i = 0; i < accepts_max; ++i) {
            SocketAddress from;
            OwnedFd socket(
                ::accept4(acceptor.get(), from.data(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
            if (socket) {
                accept_one(std::move(socket), from.get());
                continue;
            }
            const int error = errno;
            if (error == EAGAIN || error == EWOULDBLOCK) return;
            if (error == EINTR || error == ECONNABORTED) continue;
            return pause(error);
        }
    }

    void pause(int error) {
        log_warning_limited(
            limiter, monotonic_now(), "cannot accept connections",
            {{"listener", options.name}, {"reason", std::generic_category().message(error)}});
        thread.unwatch(acceptor.get());
        thread.call_at(thread.now() + accept_pause, [self = shared_from_this()] {
            if (self->acceptor) self->begin();
        });
    }

    void accept_one(OwnedFd socket, const asio::ip::tcp::endpoint& remote) {
        auto ticket = count->take(remote.address());
        if (!ticket) {
            refused.add();
            log_warning_limited(
                limiter, monotonic_now(), "connection refused, too many are open",
                {{"listener", options.name}, {"remote", to_host_port(remote).text()}});
            return;
        }
        accepted.add();
        set_option(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1);
        IoThread& target = runtime.next();
        target.post([self = shared_from_this(), &target,
                     parts = Session::Adopt{std::move(socket),
                                            to_host_port(remote),
                                            options.session,
                                            nullptr,
                                            options.tls,
                                            {},
                                            std::move(ticket)}]() mutable {
            parts.handler = self->factory();
            if (parts.handler) Session::adopt(target, std::move(parts));
        });
    }

    Runtime& runtime;
    IoThread& thread;
    const ListenerOptions options;
    HandlerFactory factory;
    OwnedFd acceptor;  // Used by `thread` only, once accepting.
    Counter& accepted;
    Counter& refused;
    std::shared_ptr<ConnectionCount> count;
    LogLimiter limiter;
};

Result<std::unique_ptr<Listener>> Listener::open(Runtime& runtime, Registry& metrics,
                                                 ListenerOptions options, HandlerFactory factory) {
    SLUICE_TRY(const HostPort where, parse_host_port(options.address));
    SLUICE_TRY(const auto endpoint, resolve(where));
    std::unique_ptr<Listener> listener(new Listener());
    auto state = std::make_shared<State>(runtime, runtime.next(), metrics, std::move(options));
    state->factory = std::move(factory);
    SLUICE_TRY(state->acceptor, open_acceptor(endpoint, state->options.backlog));
    SocketAddress bound;
    if (::getsockname(state->acceptor.get(), bound.data(), &bound.size) != 0) {
        return fail(Code::io, "cannot tell the address of a listening socket");
    }
    listener->address_ = to_host_port(bound.get());
    listener->state_ = state;
    state->thread.post([state] { state->begin(); });
    return listener;
}

Listener::~Listener() { close(); }

std::size_t Listener::connection_count() const { return state_->count->total(); }

void Listener::close() {
    if (!state_) return;
    SLUICE_CHECK(!state_->thread.is_current());
    WaitGroup closing(WaitSite{"net.closing", WaitKind::condition});
    closing.add();
    // Says "closed" when it goes, whether the task ran or was dropped by a thread that had stopped;
    // in that case nobody else uses the socket any more.
    const auto say_closed = [&closing](State* state) {
        state->acceptor.reset();
        closing.done();
    };
    std::unique_ptr<State, decltype(say_closed)> closer(state_.get(), say_closed);
    state_->thread.post([state = state_, closer = std::move(closer)] {});
    closing.wait();
}

}  // namespace sluice
