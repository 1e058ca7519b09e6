// SPDX-License-Identifier: Apache-2.0
// One HTTP request by libcurl, shut in: only addresses that the rules allow are connected to,
// whatever name or redirect led there. Not a crawler and not a client for our own services.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/net/address_rules.h"
#include "kernel/sync/cancel.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

struct HttpField {
    std::string name;
    std::string value;
    /// Not sent to another scheme, host or port that a redirect leads to. Authorization and Cookie
    /// never are.
    bool is_secret = false;
};

/// Since the request began; of the last one if there were redirects.
struct HttpTimings {
    Duration name{0};        ///< the address of the host was known
    Duration connect{0};     ///< connected
    Duration tls{0};         ///< encrypted; zero without TLS
    Duration first_byte{0};  ///< of the answer
    Duration total{0};       ///< of all, redirects included
};

struct HttpResponse {
    std::string url;  ///< Of the last answer.
    int status = 0;
    std::string content_type;
    std::uint64_t bytes = 0;
    int redirects = 0;
    /// What the answer's Retry-After asks for.
    std::optional<Duration> retry_after{};
    std::vector<HttpField> headers{};  ///< As they came, in order.
    HttpTimings timings{};

    /// The first of that name, case ignored; null if there is none.
    [[nodiscard]] const std::string* header(std::string_view name) const;
};

struct HttpRequest {
    std::string url;  ///< http or https, without user and password.
    Duration timeout{30s};
    Bytes body_max = mib(64);
    int redirects_max = 3;  ///< 0: a redirect is an answer as any other.
    std::string method = "GET";
    std::vector<HttpField> headers{};
    std::optional<std::string> body{};
    /// Compressed bodies are asked for and given as they were before; the limit is of what comes
    /// out.
    bool decode = false;
    /// Fails when fewer than 100 bytes a second come for so long; zero: never.
    Duration stall{0};
    /// Called with the last answer's head before its body; an error of its ends the request.
    std::function<Status(const HttpResponse&)> on_head{};
};

/// Names and values that may be sent. Host, Content-Length, Connection and the like are not the
/// caller's. Errors: invalid (names the field).
Status check_http_field(const HttpField& field);

/// Sends the request and gives the body of the last answer to `body`. 303, and 301 and 302 after a
/// POST, are followed by GET. Every address is checked when the socket for it is made, so a name
/// that resolves differently the second time gains nothing. Proxies of the environment are not
/// used. Safe to call from several threads at once. Errors: invalid (the address, a header), denied
/// (not allowed), exhausted (body, headers or redirects above the limits), timeout, cancelled, io,
/// and those of `on_head` and `body`.
Result<HttpResponse> http_fetch(const HttpRequest& request, const AddressRules& rules,
                                const std::function<Status(std::string_view)>& body,
                                const CancelToken& cancel);

}  // namespace sluice::work
