// SPDX-License-Identifier: Apache-2.0
// "host:port" as text and as a checked value; no sockets here.
#pragma once

#include "kernel/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// A host (name or IP address, without brackets) and a port.
struct HostPort {
    std::string host;
    std::uint16_t port = 0;

    /// "127.0.0.1:7419", "[::1]:7419".
    [[nodiscard]] std::string text() const;
    /// The host is localhost, 127.0.0.0/8 or ::1.
    [[nodiscard]] bool is_loopback() const;
};

/// "127.0.0.1:7419", "[::1]:0", "localhost:80". An empty host and "*" mean every IPv4 address.
/// Errors: invalid.
Result<HostPort> parse_host_port(std::string_view text);

}  // namespace sluice
