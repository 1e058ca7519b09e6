// SPDX-License-Identifier: Apache-2.0
#include "sdk/name_lookup.h"

#include "kernel/sync/mutex.h"

#include <csignal>
#include <utility>

#include <poll.h>

namespace sluice::sdk {

namespace {

constexpr std::size_t threads = 4;
constexpr std::size_t waiting_max = 64;

/// One look-up, owned by who asks and by who does it.
struct Lookup {
    std::string host;
    std::string port;
    Wake done;
    Mutex mutex;
    int problem SLUICE_GUARDED_BY(mutex) = 0;
    Addresses found SLUICE_GUARDED_BY(mutex);
};

addrinfo stream_hints(int flags) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    return hints;
}

Result<Addresses> answer(const std::string& host, int problem, Addresses found) {
    if (problem == 0 && found) return found;
    return fail(Code::not_found, host + ": " + gai_strerror(problem));
}

/// The threads are nobody's business: signals go to the program's own.
class NoSignals {
public:
    NoSignals() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    NoSignals(const NoSignals&) = delete;
    NoSignals& operator=(const NoSignals&) = delete;

private:
    sigset_t before_{};
};

}  // namespace

NameLookup::NameLookup(Resolver resolver)
    : resolver_(std::move(resolver)),
      pool_({.name = "sdk-names", .threads = threads, .queue_max = waiting_max}) {}

NameLookup& NameLookup::shared() {
    static NameLookup* const lookup = [] {
        const NoSignals quiet;
        return new NameLookup();
    }();
    return *lookup;
}

Result<Addresses> NameLookup::find(const std::string& host, std::uint16_t port, Patience patience) {
    const std::string service = std::to_string(port);
    // Localhost is this machine whatever a hosts file or a name server says, or does not say (RFC
    // 6761, 6.3): no name at all stands for the loopback addresses.
    const bool is_local = host == "localhost";
    const addrinfo here = stream_hints(AI_NUMERICHOST);
    addrinfo* raw = nullptr;
    const int problem =
        getaddrinfo(is_local ? nullptr : host.c_str(), service.c_str(), &here, &raw);
    if (problem == 0 || is_local) return answer(host, problem, Addresses(raw));

    auto lookup = std::make_shared<Lookup>();
    lookup->host = host;
    lookup->port = service;
    const auto look = [this, lookup] {
        const addrinfo hints = stream_hints(0);
        addrinfo* list = nullptr;
        const int code = resolver_(lookup->host.c_str(), lookup->port.c_str(), &hints, &list);
        {
            MutexLock lock(lookup->mutex);
            lookup->problem = code;
            lookup->found.reset(code == 0 ? list : nullptr);
        }
        lookup->done.notify();
    };
    if (!pool_.try_submit(look)) {
        return fail(Code::busy, host + ": too many names are being looked up");
    }
    if (Status waited = wait_for(lookup->done.fd(), POLLIN, patience); !waited) {
        if (waited.error().code != Code::timeout) return std::move(waited).error();
        return fail(Code::timeout, host + ": looking up the name took too long");
    }
    MutexLock lock(lookup->mutex);
    return answer(host, lookup->problem, std::move(lookup->found));
}

}  // namespace sluice::sdk
