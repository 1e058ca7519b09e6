// SPDX-License-Identifier: Apache-2.0
// A web address judged by the outbound policy before anything is asked of it. Whether the addresses
// behind its name may be reached is judged again when they are connected to (http_fetch.h).
#pragma once

#include "kernel/base/result.h"
#include "kernel/net/address_rules.h"

#include <string>

namespace sluice::work {

struct CheckedUrl {
    std::string text;    ///< In its normal form.
    std::string origin;  ///< Scheme, host and port: what may see a credential.
};

/// Errors: invalid (no http or https address), denied (another scheme, a user name or password, a
/// host that is not allowed).
Result<CheckedUrl> check_url(const std::string& text, const AddressRules& rules);

}  // namespace sluice::work
