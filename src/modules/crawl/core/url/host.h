// SPDX-License-Identifier: Apache-2.0
// Hosts: domains, IPv4 and IPv6 addresses and opaque hosts
// (https://url.spec.whatwg.org/#hosts-(domains-and-ip-addresses)). Knows nothing of what stands
// around a host in a URL.
#pragma once

#include "modules/crawl/core/url/url.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// A text as host: appends its serialisation to `out` and says its kind. `input` is valid UTF-8 and
/// not empty; `opaque` for the schemes that are not special. After a fault `out` is as it was.
UrlFault append_host(std::string_view input, bool opaque, std::string& out, HostKind& kind);

using Ipv6Pieces = std::array<std::uint16_t, 8>;

/// An address without its brackets.
std::optional<Ipv6Pieces> parse_ipv6(std::string_view text);
/// As RFC 5952 writes it, without brackets.
void append_ipv6(const Ipv6Pieces& pieces, std::string& out);
/// An address in any form that browsers take: parts missing, octal, hexadecimal.
std::optional<std::uint32_t> parse_ipv4(std::string_view text);
/// Four decimal numbers.
void append_ipv4(std::uint32_t address, std::string& out);
/// Whether the last label (but for a dot at the end) is a number, so that the host must be an IPv4
/// address.
bool ends_in_number(std::string_view domain);

}  // namespace sluice::crawl
