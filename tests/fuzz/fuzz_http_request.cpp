// SPDX-License-Identifier: Apache-2.0
// libraries: kernel_net sluice_boost
// Any bytes as a request to the admin side, in pieces as a socket gives them: no crash, what is
// accepted keeps the limits, and the route is found or not.
#include "kernel/base/check.h"
#include "kernel/net/http_parse.h"
#include "kernel/net/http_server.h"

#include <boost/asio/buffer.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
namespace http = boost::beast::http;

constexpr Bytes body_max = kib(4);

const HttpRouter& routes() {
    static const HttpRouter* const router = [] {
        auto* made = new HttpRouter;
        const auto answer = [](const HttpRequest&) { return HttpResponse::text(200, ""); };
        made->add("GET", "/stats", answer);
        made->add("POST", "/api/jobs/:id", answer);
        made->add("GET", "/assets/*", answer);
        return made;
    }();
    return *router;
}

void judge(HttpParser& parser) {
    const auto request = to_http_request(parser, "127.0.0.1:1");
    if (!request) {
        SLUICE_CHECK(request.error().code == Code::invalid);
        return;
    }
    SLUICE_CHECK(request->path.starts_with('/'));
    SLUICE_CHECK(request->path.find('\0') == std::string::npos);
    SLUICE_CHECK(request->body.size() <= body_max.count);
    std::size_t head = request->path.size();
    for (const auto& [name, value] : request->headers) {
        head += name.size() + value.size();
        SLUICE_CHECK(name.find_first_of("\r\n") == std::string::npos);
        SLUICE_CHECK(value.find_first_of("\r\n") == std::string::npos);
    }
    SLUICE_CHECK(head <= http_head_bytes_max);
    const auto match = routes().find(request->method, request->path);
    SLUICE_CHECK(match.route == nullptr || match.route->segments.size() <= 3);
}

}  // namespace

/// The first byte says how long the pieces are.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::size_t piece = data[0] == 0 ? size : data[0];
    std::string unread;
    std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    HttpParser parser;
    set_up(parser, body_max);
    while (!rest.empty() && !parser.is_done()) {
        unread.append(rest.substr(0, piece));
        rest.remove_prefix(std::min(piece, rest.size()));
        boost::system::error_code error;
        const std::size_t taken =
            parser.put(boost::asio::buffer(unread.data(), unread.size()), error);
        SLUICE_CHECK(taken <= unread.size());
        unread.erase(0, taken);
        if (error && error != http::error::need_more) return 0;
    }
    if (parser.is_done()) judge(parser);
    return 0;
}
