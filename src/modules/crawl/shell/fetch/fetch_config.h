// SPDX-License-Identifier: Apache-2.0
// How pages are fetched: limits, times, TLS, proxy and credentials. Values only; fetch_loop.h acts.
#pragma once

#include "kernel/base/time.h"
#include "kernel/net/address_rules.h"
#include "modules/crawl/core/page/fetch_answer.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::crawl {

/// A user and password, or a token, for the hosts of a pattern. Never sent to another host.
struct FetchCredentials {
    enum class Kind : std::uint8_t { basic, digest, bearer, ntlm };
    /// "example.org", "*.example.org", or with scheme and port "https://example.org:8443". The
    /// first that matches counts.
    std::string hosts;
    Kind kind = Kind::basic;
    std::string user;
    std::string password;
    std::string token;  ///< of bearer
};

/// A client certificate for the hosts of a pattern (as in FetchCredentials). Files in PEM form.
struct ClientCertificate {
    std::string hosts;
    std::string certificate_file;
    std::string key_file;
    std::string key_password;
};

struct FetchTls {
    bool verify = true;                       ///< certificate and name
    std::string ca_file;                      ///< PEM; empty: those of the system
    std::vector<std::string> insecure_hosts;  ///< patterns; nothing is verified there
    std::vector<ClientCertificate> certificates;
};

/// A proxy is a way around the outbound policy of this machine, so its own address needs a rule of
/// its own: one that `networks` does not hold is not connected to. Through SOCKS, and for https
/// through HTTP proxies, the proxy is told to connect to the order's address. A plain http:// URL
/// is asked of an HTTP proxy by its name: there the proxy resolves it, and its policy counts.
struct FetchProxy {
    std::string url;  ///< http, https, socks4, socks4a, socks5 or socks5h; empty: none
    std::vector<std::string> networks;  ///< addresses the proxy may have: "10.0.0.5", "10.0.0.0/8"
};

/// Defaults are those of docs/limits.md.
struct FetchConfig {
    std::string user_agent = "sluice";
    AddressRules rules = AddressRules::public_internet();
    Duration connect_timeout = 15s;     ///< connection and TLS
    Duration first_byte_timeout = 30s;  ///< from the request to the first byte of the answer
    Duration idle_timeout = 30s;        ///< between two pieces of the answer
    Duration total_timeout = 5min;      ///< of everything
    std::uint64_t speed_min = 100;  ///< bytes a second, in the mean of each speed_window; 0: any
    Duration speed_window = 30s;
    std::size_t connections_max = 256;  ///< at once, and kept open; further requests wait
    std::size_t host_connections_max =
        0;  ///< to one address and port; 0: as many. Waits count as connecting
    std::size_t requests_max = 16'384;         ///< that wait; further ones are refused
    std::size_t header_bytes_max = 64 * 1024;  ///< of one answer, with what came before it (1xx)
    std::size_t header_count_max = 256;
    bool http2 = true;  ///< over TLS, if the server wants it
    FetchTls tls;
    FetchProxy proxy;
    std::vector<FetchCredentials> credentials;
    std::vector<HttpHeader> extra_headers;                    ///< sent to every host
    std::string accept_encoding = "gzip, deflate, br, zstd";  ///< nothing is decoded here
    bool keep_request_head = false;
};

}  // namespace sluice::crawl
