// SPDX-License-Identifier: Apache-2.0
// Transport: a TCP connection, plain or TLS, whose every wait has a deadline and can be woken. An
// inner part of Connection; knows nothing of the protocol.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "sdk/patience.h"
#include "sdk/server_url.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace sluice::sdk {

/// How a TLS server is judged.
struct TlsTrust {
    /// False accepts any certificate: for trying things out only.
    bool verify = true;
    /// PEM file of the authorities to trust; empty: those of the system.
    std::string ca_file;
};

/// Used by one thread at a time.
class Transport {
public:
    virtual ~Transport() = default;

    /// Looks the host up and tries every address in turn, each with its share of the time. Errors:
    /// not_found (no such host), io, timeout, cancelled, denied (certificate), busy (too many
    /// look-ups at once).
    static Result<std::unique_ptr<Transport>> open(const ServerAddress& server,
                                                   const TlsTrust& trust, Patience patience);

    /// Bytes sent, at least one, or 0 when it would wait. Errors: io.
    virtual Result<std::size_t> send_some(std::string_view bytes) = 0;
    /// Bytes read; 0 when it would wait. Errors: io (also at the end of the stream).
    virtual Result<std::size_t> receive_some(std::span<char> room) = 0;
    /// Waits until it is worth trying to receive, or also to send. Errors: timeout, cancelled, io.
    virtual Status wait(bool to_send, Patience patience) = 0;
    /// No more will be sent; what the server has written can still be read.
    virtual void finish_sending() noexcept = 0;
};

}  // namespace sluice::sdk
