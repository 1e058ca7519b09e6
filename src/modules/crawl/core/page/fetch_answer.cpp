// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/page/fetch_answer.h"

#include "kernel/base/ascii.h"

namespace sluice::crawl {

std::string_view to_string(FetchFault fault) {
    switch (fault) {
        case FetchFault::none: return "none";
        case FetchFault::dns: return "dns";
        case FetchFault::connect: return "connect";
        case FetchFault::tls: return "tls";
        case FetchFault::timeout: return "timeout";
        case FetchFault::broken: return "broken";
        case FetchFault::too_large: return "too_large";
        case FetchFault::blocked: return "blocked";
        case FetchFault::cancelled: return "cancelled";
        case FetchFault::protocol: return "protocol";
    }
    return "none";
}

std::string_view FetchAnswer::header(std::string_view name) const {
    for (const auto& field : headers) {
        if (equals_ignoring_case(field.name, name)) return field.value;
    }
    return {};
}

}  // namespace sluice::crawl
