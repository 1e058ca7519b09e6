// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/address_lookup.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

#include <memory>
#include <string>
#include <utility>

namespace sluice {

namespace {

namespace asio = boost::asio;

Result<AddressLookup::Endpoint> ask_the_system(const HostPort& where) {
    boost::system::error_code error;
    asio::io_context context;
    asio::ip::tcp::resolver resolver(context);
    const auto found = resolver.resolve(where.host, std::to_string(where.port), error);
    if (error || found.empty()) {
        return fail(Code::invalid, "the host \"" + where.host + "\" is not known here");
    }
    return found.begin()->endpoint();
}

}  // namespace

AddressLookup::AddressLookup() : AddressLookup(&ask_the_system) {}

Result<AddressLookup::Endpoint> AddressLookup::find(const HostPort& where, Instant deadline) {
    boost::system::error_code error;
    const std::string host = where.host == "localhost" ? "127.0.0.1" : where.host;
    const auto address = asio::ip::make_address(host, error);
    if (!error) return Endpoint(address, where.port);
    if (!names_) {
        names_ = std::make_unique<WorkerPool>(
            WorkerPoolOptions{.name = "names", .threads = 1, .queue_max = 1});
    }
    const auto look = [this, where] { return resolver_(where); };
    SLUICE_TRY(auto found, names_->try_submit(look));
    if (found.wait_until(deadline)) return std::move(found).wait();
    return fail(Code::timeout, "looking up the host \"" + where.host + "\" took too long");
}

}  // namespace sluice
