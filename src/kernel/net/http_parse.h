// SPDX-License-Identifier: Apache-2.0
// From the bytes of a request to HttpRequest: Beast's parser with our limits, and the conversion.
// An inner part of HttpServer, apart so that a fuzzer can reach it.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/net/http.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <string>
#include <string_view>

namespace sluice {

using HttpParser = boost::beast::http::request_parser<boost::beast::http::string_body>;

/// Before the first byte: http_head_bytes_max for the head, `body_max` for the body.
void set_up(HttpParser& parser, Bytes body_max);

/// What the parser holds once it is done; takes its body. Errors: invalid (the target).
Result<HttpRequest> to_http_request(HttpParser& parser, std::string remote);

}  // namespace sluice
