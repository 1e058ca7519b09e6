// SPDX-License-Identifier: Apache-2.0
// AddressLookup: where to listen, from a host that may be a name, with a deadline. The system's
// look-up has none: with a name server that does not answer it takes half a minute and more. An
// inner part of Listener.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/net/address.h"
#include "kernel/sync/worker_pool.h"

#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace sluice {

/// One thread that looks names up, made for the first name. Used by one thread.
class AddressLookup {
public:
    using Endpoint = boost::asio::ip::tcp::endpoint;
    /// Blocks for as long as it takes. Errors: invalid.
    using Resolver = std::function<Result<Endpoint>(const HostPort&)>;

    /// Asks the system.
    AddressLookup();
    explicit AddressLookup(Resolver resolver) : resolver_(std::move(resolver)) {}
    /// Waits for a look-up that is still under way.
    ~AddressLookup() = default;
    AddressLookup(const AddressLookup&) = delete;
    AddressLookup& operator=(const AddressLookup&) = delete;

    /// IP addresses and localhost need no look-up. After a timeout the look-up goes on. Errors:
    /// invalid (no such host), timeout.
    Result<Endpoint> find(const HostPort& where, Instant deadline);

private:
    const Resolver resolver_;
    std::unique_ptr<WorkerPool> names_;
};

}  // namespace sluice
