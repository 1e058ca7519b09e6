// SPDX-License-Identifier: Apache-2.0
// NameLookup: the addresses of a host, with a deadline. getaddrinfo has none: with a name server
// that does not answer it takes half a minute and more. An inner part of Transport.
#pragma once

#include "kernel/base/result.h"
#include "kernel/sync/worker_pool.h"
#include "sdk/patience.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <netdb.h>

namespace sluice::sdk {

struct FreeAddresses {
    void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
/// A list as getaddrinfo makes it; never empty.
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

/// What getaddrinfo is: host, port, hints, list; 0 or an EAI_ code.
using Resolver = std::function<int(const char*, const char*, const addrinfo*, addrinfo**)>;

/// Usable from any thread.
class NameLookup {
public:
    explicit NameLookup(Resolver resolver = &getaddrinfo);
    /// Waits for look-ups that are still under way.
    ~NameLookup() = default;
    NameLookup(const NameLookup&) = delete;
    NameLookup& operator=(const NameLookup&) = delete;

    /// The one of the process, with its `sdk-names` threads. It is never destroyed: a thread inside
    /// getaddrinfo can only end with the process.
    static NameLookup& shared();

    /// IP addresses and localhost (the loopback addresses, always) need no look-up; other names are
    /// looked up on another thread, where a late look-up goes on and its result is dropped. Errors:
    /// not_found (no such host), timeout, cancelled, busy (too many look-ups are under way).
    Result<Addresses> find(const std::string& host, std::uint16_t port, Patience patience);

private:
    Resolver resolver_;
    WorkerPool pool_;
};

}  // namespace sluice::sdk
