// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/address.h"

#include "kernel/base/text.h"

#include <arpa/inet.h>

namespace sluice {

std::string HostPort::text() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool HostPort::is_loopback() const {
    if (host == "localhost") return true;
    in_addr v4{};
    if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    in6_addr v6{};
    return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

Result<HostPort> parse_host_port(std::string_view text) {
    const auto refuse = [&](std::string_view why) {
        return fail(Code::invalid, "\"" + std::string(text) + "\" is not an address: " +
                                       std::string(why) + " (examples: 127.0.0.1:7419, [::1]:0)");
    };
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return refuse("the port is missing");
    auto port = parse_int(text.substr(colon + 1));
    if (!port || *port < 0 || *port > 65535) return refuse("a port is a number from 0 to 65535");
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[')) {
        if (!host.ends_with(']')) return refuse("the closing bracket is missing");
        host = host.substr(1, host.size() - 2);
    } else if (host.find(':') != std::string_view::npos) {
        return refuse("an IPv6 address stands in brackets");
    }
    if (host.empty() || host == "*") host = "0.0.0.0";
    return HostPort{std::string(host), static_cast<std::uint16_t>(*port)};
}

}  // namespace sluice
