// SPDX-License-Identifier: Apache-2.0
// Whether something listens at a host and port, and until when its certificate is valid. Nothing is
// sent but the TLS handshake.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/net/address_rules.h"
#include "kernel/sync/cancel.h"

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::work {

struct EndpointProbe {
    std::string host;
    std::uint16_t port = 0;
    bool tls = false;
    Duration timeout{10s};
};

struct EndpointAnswer {
    Duration elapsed{0};
    /// Of the certificate that was shown, whoever signed it: the end of its validity, and for whom.
    std::optional<WallTime> expires{};
    std::string subject;
};

/// Addresses are checked as for http_fetch. Safe to call from several threads at once. Errors:
/// invalid (the host), denied, timeout, cancelled, io (refused, not found), corrupt (a certificate
/// that cannot be read).
Result<EndpointAnswer> probe_endpoint(const EndpointProbe& probe, const AddressRules& rules,
                                      const CancelToken& cancel);

}  // namespace sluice::work
