// SPDX-License-Identifier: Apache-2.0
// Where the server is: tcp://[user][:password]@host:port and tcp+tls://… as all Faktory clients
// write it, and the environment variables that hold it.
#pragma once

#include "kernel/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::sdk {

inline constexpr std::uint16_t default_port = 7419;

struct ServerAddress {
    std::string host = "localhost";
    std::uint16_t port = default_port;
    bool tls = false;
    std::string username;
    std::string password;
    /// "host:port", for messages; never the password.
    [[nodiscard]] std::string text() const;
    friend bool operator==(const ServerAddress&, const ServerAddress&) = default;
};

/// Also "host", "host:port" and "[::1]:7419" without a scheme. User and password are
/// percent-decoded. Errors: invalid (the message does not show the password).
Result<ServerAddress> parse_server_url(std::string_view url);

/// The variable that FAKTORY_PROVIDER names, else FAKTORY_URL, else tcp://localhost:7419.
std::string server_url_from_environment();

}  // namespace sluice::sdk
