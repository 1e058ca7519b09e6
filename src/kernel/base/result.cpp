// SPDX-License-Identifier: Apache-2.0
#include "kernel/base/result.h"

namespace sluice {

std::string_view to_string(Code code) {
    switch (code) {
        case Code::invalid: return "invalid";
        case Code::not_found: return "not_found";
        case Code::exists: return "exists";
        case Code::conflict: return "conflict";
        case Code::busy: return "busy";
        case Code::timeout: return "timeout";
        case Code::cancelled: return "cancelled";
        case Code::exhausted: return "exhausted";
        case Code::denied: return "denied";
        case Code::corrupt: return "corrupt";
        case Code::io: return "io";
        case Code::internal: return "internal";
    }
    return "internal";
}

Error Error::in(std::string_view context) && {
    message.insert(0, ": ").insert(0, context);
    return std::move(*this);
}

std::string Error::text() const {
    std::string out(to_string(code));
    out += ": ";
    out += message;
    return out;
}

}  // namespace sluice
