// SPDX-License-Identifier: Apache-2.0
// One HTTP GET by libcurl, shut in: only addresses that the rules allow are connected to, whatever
// name or redirect led there. Not a crawler and not a client for our own services.
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

namespace sluice::work {

struct HttpRequest {
    std::string url;  ///< http or https, without user and password.
    Duration timeout{30s};
    Bytes body_max = mib(64);
    int redirects_max = 3;
};

struct HttpResponse {
    std::string url;  ///< Of the last answer.
    int status = 0;
    std::string content_type;
    std::uint64_t bytes = 0;
    int redirects = 0;
    /// What the answer's Retry-After asks for.
    std::optional<Duration> retry_after{};
};

/// Fetches the address and gives the body of the last answer, as it came, to `body`. Every
/// address is checked when the socket for it is made, so a name that resolves differently the
/// second time gains nothing. Proxies of the environment are not used. Safe to call from several
/// threads at once. Errors: invalid (the address), denied (not allowed), exhausted (body, headers
/// or redirects above the limits), timeout, cancelled, io, and those of `body`.
Result<HttpResponse> http_fetch(const HttpRequest& request, const AddressRules& rules,
                                const std::function<Status(std::string_view)>& body,
                                const CancelToken& cancel);

}  // namespace sluice::work
