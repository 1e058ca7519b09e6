// SPDX-License-Identifier: Apache-2.0
// What one fetch brought: status, headers and body as they were sent, or why there is none. Pure
// data; what it means for the crawl is read from it by page_reader.h.
#pragma once

#include "kernel/base/time.h"
#include "modules/crawl/core/frontier/types.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

/// One header field, as it was sent.
struct HttpHeader {
    std::string name;
    std::string value;
    friend bool operator==(const HttpHeader&, const HttpHeader&) = default;
};

/// Why there is no whole answer.
enum class FetchFault : std::uint8_t {
    none,       ///< a whole answer was had, or as much of it as was asked for
    dns,        ///< the name of a proxy
    connect,    ///< nobody listens, or the connection could not be made
    tls,        ///< certificate or handshake
    timeout,    ///< a limit of time, or too slow
    broken,     ///< cut short, reset, wrong length
    too_large,  ///< the headers, or another limit of ours
    blocked,    ///< outbound policy
    cancelled,
    protocol,  ///< not HTTP, or a request that cannot be sent
};
/// The word used in logs and reports ("timeout").
std::string_view to_string(FetchFault fault);

/// How a fetch ended.
struct FetchAnswer {
    FetchOrder order;
    FetchFault fault = FetchFault::none;
    std::string detail;               ///< for people; empty if there is no fault
    int status = 0;                   ///< 0: nothing was said
    std::string protocol;             ///< "HTTP/1.1", "HTTP/2"
    std::string reason;               ///< "Not Found"; HTTP/2 has none
    std::vector<HttpHeader> headers;  ///< of the last answer, in order
    std::string request_head;         ///< as sent, with its empty line; only if wanted
    std::string body;        ///< transfer coding removed, content coding not; at most body_max
    bool truncated = false;  ///< the body is longer than order.body_max
    std::string address;     ///< connected to
    bool new_connection = false;
    Duration latency{0};  ///< to the first byte of the answer
    Duration took{0};

    /// The first of that name, case ignored; empty if there is none.
    [[nodiscard]] std::string_view header(std::string_view name) const;
};

}  // namespace sluice::crawl
