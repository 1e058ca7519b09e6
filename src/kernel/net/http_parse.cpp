// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/http_parse.h"

#include "kernel/base/ascii.h"
#include "kernel/base/text.h"
#include "kernel/net/http_server.h"

#include <algorithm>
#include <utility>

namespace sluice {

void set_up(HttpParser& parser, Bytes body_max) {
    parser.header_limit(http_head_bytes_max);
    parser.body_limit(body_max.count);
    parser.eager(true);
}

Result<HttpRequest> to_http_request(HttpParser& parser, std::string remote) {
    auto& message = parser.get();
    HttpRequest request;
    request.method = std::string(message.method_string());
    request.remote = std::move(remote);
    const std::string_view target(message.target().data(), message.target().size());
    if (!target.starts_with('/')) return fail(Code::invalid, "the target must be a path");
    const std::size_t question = target.find('?');
    SLUICE_TRY(request.path, percent_decode(target.substr(0, question), false));
    if (question != std::string_view::npos) {
        for (const auto part : split(target.substr(question + 1), '&')) {
            if (part.empty()) continue;
            const std::size_t equals = std::min(part.find('='), part.size());
            SLUICE_TRY(auto key, percent_decode(part.substr(0, equals), true));
            SLUICE_TRY(auto value,
                       percent_decode(part.substr(std::min(equals + 1, part.size())), true));
            request.query.emplace_back(std::move(key), std::move(value));
        }
    }
    for (const auto& field : message) {
        const auto name = field.name_string();
        const auto value = field.value();
        request.headers.emplace_back(ascii_lowered({name.data(), name.size()}),
                                     std::string(value.data(), value.size()));
    }
    request.body = std::move(message.body());
    return request;
}

}  // namespace sluice
