// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/address_rules.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

namespace sluice {

namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct Range {
    std::uint32_t base;
    int bits;
};

/// IANA IPv4 special-purpose registry: everything that is not "globally reachable".
constexpr Range special_v4[] = {
    {0x00000000, 8},   // this network
    {0x0A000000, 8},   // private
    {0x64400000, 10},  // shared (CGNAT)
    {0x7F000000, 8},   // loopback
    {0xA83F8110, 32},  // public by its number, but Azure's metadata and platform server
    {0xA9FE0000, 16},  // link-local; 169.254.169.254 is cloud metadata
    {0xAC100000, 12},  // private
    {0xC0000000, 24},  // protocol assignments
    {0xC0000200, 24},  // documentation
    {0xC0586300, 24},  // 6to4 relays
    {0xC0A80000, 16},  // private
    {0xC6120000, 15},  // benchmarks
    {0xC6336400, 24},  // documentation
    {0xCB007100, 24},  // documentation
    {0xE0000000, 4},   // multicast
    {0xF0000000, 4},   // reserved and broadcast
};

/// A host name as it is compared: lower case, no brackets around IPv6, no dot at the end.
std::string bare_host(std::string_view host) {
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.ends_with('.')) host.remove_suffix(1);
    return ascii_lowered(host);
}

}  // namespace

Result<IpAddress> IpAddress::parse(std::string_view text) {
    const std::string copy(text);
    std::uint8_t buffer[16];
    if (inet_pton(AF_INET, copy.c_str(), buffer) == 1) return from_v4(buffer);
    if (inet_pton(AF_INET6, copy.c_str(), buffer) == 1) return from_v6(buffer);
    return fail(Code::invalid,
                "not an IP address: \"" + std::string(truncate_utf8(text, 64)) + "\"");
}

IpAddress IpAddress::from_v4(const std::uint8_t* four) {
    IpAddress out;
    std::copy(v4_prefix.begin(), v4_prefix.end(), out.bytes.begin());
    std::memcpy(out.bytes.data() + 12, four, 4);
    return out;
}

IpAddress IpAddress::from_v6(const std::uint8_t* sixteen) {
    IpAddress out;
    std::memcpy(out.bytes.data(), sixteen, 16);
    return out;
}

std::optional<IpAddress> IpAddress::from_sockaddr(const sockaddr* address, std::size_t size) {
    if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
        sockaddr_in v4{};
        std::memcpy(&v4, address, sizeof v4);
        return from_v4(reinterpret_cast<const std::uint8_t*>(&v4.sin_addr));
    }
    if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, address, sizeof v6);
        return from_v6(v6.sin6_addr.s6_addr);
    }
    return std::nullopt;
}

std::string IpAddress::text() const {
    char out[INET6_ADDRSTRLEN] = "";
    if (is_v4()) {
        inet_ntop(AF_INET, bytes.data() + 12, out, sizeof out);
    } else {
        inet_ntop(AF_INET6, bytes.data(), out, sizeof out);
    }
    return out;
}

bool IpAddress::is_v4() const {
    return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin());
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
    const std::size_t slash = text.find('/');
    SLUICE_TRY(const IpAddress base, IpAddress::parse(text.substr(0, slash)));
    const bool v4 = base.is_v4() && text.substr(0, slash).find(':') == std::string_view::npos;
    const unsigned width = v4 ? 32 : 128;
    unsigned bits = width;
    if (slash != std::string_view::npos) {
        const auto number = parse_int(text.substr(slash + 1));
        if (!number || *number < 0 || *number > static_cast<std::int64_t>(width)) {
            return fail(Code::invalid, "not a network such as 10.0.0.0/8: \"" +
                                           std::string(truncate_utf8(text, 64)) + "\"");
        }
        bits = static_cast<unsigned>(*number);
    }
    return IpNetwork{base, bits + (128 - width)};
}

bool IpNetwork::contains(const IpAddress& address) const {
    for (unsigned bit = 0; bit < prefix_bits; bit += 8) {
        const unsigned left = std::min(prefix_bits - bit, 8u);
        const auto mask = static_cast<std::uint8_t>(0xFF00u >> left);
        if (((base.bytes[bit / 8] ^ address.bytes[bit / 8]) & mask) != 0) return false;
    }
    return true;
}

bool is_public(const IpAddress& address) {
    const auto& b = address.bytes;
    if (address.is_v4()) {
        const std::uint32_t v4 = static_cast<std::uint32_t>(b[12]) << 24 |
                                 static_cast<std::uint32_t>(b[13]) << 16 |
                                 static_cast<std::uint32_t>(b[14]) << 8 | b[15];
        return std::none_of(std::begin(special_v4), std::end(special_v4), [v4](const Range& range) {
            return (v4 ^ range.base) >> (32 - range.bits) == 0;
        });
    }
    if ((b[0] & 0xE0) != 0x20) return false;  // only 2000::/3 is given out
    const auto starts = [&b](std::initializer_list<std::uint8_t> prefix) {
        return std::equal(prefix.begin(), prefix.end(), b.begin());
    };
    if (starts({0x20, 0x02})) return false;                 // 6to4
    if (starts({0x20, 0x01}) && b[2] < 0x02) return false;  // 2001::/23: Teredo, …
    if (starts({0x20, 0x01, 0x0d, 0xb8})) return false;     // documentation
    return !(starts({0x3f, 0xff}) && b[2] < 0x10);          // documentation
}

Result<AddressRules> AddressRules::make(const std::vector<std::string>& hosts,
                                        const std::vector<std::string>& networks) {
    AddressRules rules;
    for (const auto& host : hosts) {
        if (host.empty() || host.find_first_of("/@ ") != std::string::npos) {
            return fail(Code::invalid,
                        "not a host pattern such as *.example.org: \"" + host + "\"");
        }
        rules.hosts_.push_back(bare_host(host));
    }
    for (const auto& text : networks) {
        SLUICE_TRY(const IpNetwork network, IpNetwork::parse(text));
        rules.networks_.push_back(network);
    }
    return rules;
}

AddressRules AddressRules::public_internet() {
    AddressRules rules;
    rules.hosts_.emplace_back("*");
    return rules;
}

bool AddressRules::allows_host(std::string_view host) const {
    if (hosts_.empty()) return !networks_.empty();
    const std::string name = bare_host(host);
    return std::any_of(hosts_.begin(), hosts_.end(),
                       [&name](const std::string& pattern) { return glob_match(pattern, name); });
}

bool AddressRules::allows_address(const IpAddress& address) const {
    const auto holds = [&address](const IpNetwork& network) { return network.contains(address); };
    if (std::any_of(networks_.begin(), networks_.end(), holds)) return true;
    return !hosts_.empty() && is_public(address);
}

}  // namespace sluice
