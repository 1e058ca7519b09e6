// SPDX-License-Identifier: Apache-2.0
// The outbound policy: which internet addresses and host names an outgoing request may reach. Knows
// bytes and rules; resolves and connects nothing.
#pragma once

#include "kernel/base/result.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct sockaddr;

namespace sluice {

/// An IPv4 or IPv6 address; IPv4 is held as its mapped form ::ffff:a.b.c.d, so that one address has
/// one form.
struct IpAddress {
    std::array<std::uint8_t, 16> bytes{};

    /// "192.0.2.1", "2001:db8::1". Errors: invalid.
    static Result<IpAddress> parse(std::string_view text);
    static IpAddress from_v4(const std::uint8_t* four);
    static IpAddress from_v6(const std::uint8_t* sixteen);
    /// Nothing if it is of another family, or shorter than its family's form.
    static std::optional<IpAddress> from_sockaddr(const sockaddr* address, std::size_t size);
    /// As parse() reads it; the mapped form in dots.
    [[nodiscard]] std::string text() const;
    [[nodiscard]] bool is_v4() const;
    friend bool operator==(const IpAddress&, const IpAddress&) = default;
};

/// A network such as 10.0.0.0/8 or fd00::/8; a single address is a network of one.
struct IpNetwork {
    IpAddress base;
    unsigned prefix_bits = 128;  ///< Of the sixteen bytes.

    /// Errors: invalid.
    static Result<IpNetwork> parse(std::string_view text);
    [[nodiscard]] bool contains(const IpAddress& address) const;
};

/// True for addresses that anybody on the internet can reach: not loopback, private, shared
/// (CGNAT), link-local (cloud metadata lies there), multicast, documentation, benchmark, reserved,
/// unique-local or translated ones (source: IANA special-purpose address registries; 6to4, Teredo,
/// NAT64 and v4-compatible addresses are judged as not public, because they can carry any of them).
bool is_public(const IpAddress& address);

/// What may be reached. With neither hosts nor networks it is nothing.
class AddressRules {
public:
    /// `hosts`: patterns such as "example.org" or "*.example.org"; "*" is every host. `networks`:
    /// addresses that are allowed although they may not be public. Errors: invalid.
    static Result<AddressRules> make(const std::vector<std::string>& hosts,
                                     const std::vector<std::string>& networks);
    /// Every host, public addresses only.
    static AddressRules public_internet();

    [[nodiscard]] bool enabled() const { return !hosts_.empty() || !networks_.empty(); }
    /// Whether the name may be asked for: it matches a pattern, or there are only networks.
    [[nodiscard]] bool allows_host(std::string_view host) const;
    /// Whether the address may be connected to: it is in a network, or it is public and there are
    /// host patterns (which its name then has passed).
    [[nodiscard]] bool allows_address(const IpAddress& address) const;

private:
    std::vector<std::string> hosts_;
    std::vector<IpNetwork> networks_;
};

}  // namespace sluice
