// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/listener.h"

#include "kernel/net/address_lookup.h"
#include "kernel/net/session_io.h"
#include "kernel/observe/log.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/wait_group.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include <map>
#include <memory>

namespace sluice {

namespace {

// After an accept that failed for want of descriptors; the backlog holds the callers meanwhile.
constexpr auto accept_pause = std::chrono::milliseconds(100);

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

Status open_acceptor(TcpAcceptor& acceptor, const asio::ip::tcp::endpoint& endpoint, int backlog) {
    boost::system::error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error && endpoint.protocol() == asio::ip::tcp::v6()) {
        acceptor.set_option(asio::ip::v6_only(endpoint.address() != asio::ip::address_v6::any()),
                            error);
    }
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(backlog, error);
    if (!error) acceptor.non_blocking(true, error);
    if (!error) return {};
    std::string message =
        "cannot listen on " + to_host_port(endpoint).text() + ": " + error.message();
    if (error == asio::error::address_in_use) {
        message += " (another program, or another server of this kind, listens there already)";
    } else if (error == asio::error::access_denied && endpoint.port() < 1024) {
        message += " (ports below 1024 need the capability CAP_NET_BIND_SERVICE)";
    }
    return fail(Code::io, std::move(message));
}

}  // namespace

struct Listener::State : std::enable_shared_from_this<State> {
    State(Runtime& owner, IoThread& home, Registry& metrics, ListenerOptions listener_options)
        : runtime(owner),
          thread(home),
          options(std::move(listener_options)),
          acceptor(home.context().get_executor()),
          pause(home.context().get_executor()),
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

    void accept_next() {
        if (!acceptor.is_open()) return;
        IoThread& target = runtime.next();
        acceptor.async_accept(target.context(),
                              [self = shared_from_this(), &target](
                                  const boost::system::error_code& error, TcpSocket socket) {
                                  if (error == asio::error::operation_aborted) return;
                                  if (error) return self->accept_failed(error);
                                  self->accept_one(target, std::move(socket));
                                  self->accept_next();
                              });
    }

    void accept_failed(const boost::system::error_code& error) {
        if (error == asio::error::connection_aborted) return accept_next();
        log_warning_limited(limiter, monotonic_now(), "cannot accept connections",
                            {{"listener", options.name}, {"reason", error.message()}});
        pause.expires_after(accept_pause);
        pause.async_wait([self = shared_from_this()](const boost::system::error_code& cancelled) {
            if (!cancelled) self->accept_next();
        });
    }

    void accept_one(IoThread& target, TcpSocket socket) {
        boost::system::error_code error;
        const auto remote = socket.remote_endpoint(error);
        if (error) return;  // Gone already.
        auto ticket = count->take(remote.address());
        if (!ticket) {
            refused.add();
            log_warning_limited(
                limiter, monotonic_now(), "connection refused, too many are open",
                {{"listener", options.name}, {"remote", to_host_port(remote).text()}});
            return;
        }
        accepted.add();
        socket.non_blocking(true, error);
        socket.set_option(asio::ip::tcp::no_delay(true), error);
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
    TcpAcceptor acceptor;  // Used by `thread` only, once accepting.
    SteadyTimer pause;
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
    SLUICE_TRY_STATUS(open_acceptor(state->acceptor, endpoint, state->options.backlog));
    boost::system::error_code error;
    listener->address_ = to_host_port(state->acceptor.local_endpoint(error));
    listener->state_ = state;
    state->thread.post([state] { state->accept_next(); });
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
        boost::system::error_code ignored;
        state->acceptor.close(ignored);
        state->pause.cancel();
        closing.done();
    };
    std::unique_ptr<State, decltype(say_closed)> closer(state_.get(), say_closed);
    state_->thread.post([state = state_, closer = std::move(closer)] {});
    closing.wait();
}

}  // namespace sluice
