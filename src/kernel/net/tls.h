// SPDX-License-Identifier: Apache-2.0
// TLS over a non-blocking descriptor: the settings shared by many connections, and one connection's
// state. OpenSSL behind a seam; nothing here waits.
#pragma once

#include "kernel/base/result.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

struct ssl_ctx_st;
struct ssl_st;

namespace sluice {

/// Certificates and policy of one side: TLS 1.2 or newer, OpenSSL's default ciphers, no
/// renegotiation, no compression.
class TlsContext {
public:
    /// The server's side, from PEM files; the certificate file may hold the whole chain. Errors:
    /// invalid, io.
    static Result<std::shared_ptr<TlsContext>> server(const std::string& certificate_file,
                                                      const std::string& key_file);
    /// The client's side. An empty file means the system's trusted authorities. Errors: invalid,
    /// io.
    static Result<std::shared_ptr<TlsContext>> client(const std::string& authorities_file = {});
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    [[nodiscard]] ssl_ctx_st* native() const { return context_; }
    [[nodiscard]] bool is_server() const { return is_server_; }

private:
    TlsContext(ssl_ctx_st* context, bool is_server) : context_(context), is_server_(is_server) {}
    ssl_ctx_st* context_;
    bool is_server_;
};

/// What an attempt came to.
enum class TlsOutcome { done, wants_read, wants_write, end, failed };

/// One connection's TLS. Empty by default: the connection is plain.
class TlsStream {
public:
    TlsStream() = default;
    ~TlsStream();
    TlsStream(TlsStream&& other) noexcept : ssl_(std::exchange(other.ssl_, nullptr)) {}
    TlsStream& operator=(TlsStream&& other) noexcept;

    /// `server_name` is checked against the certificate on the client's side. Errors: internal.
    static Result<TlsStream> open(const TlsContext& context, int descriptor,
                                  const std::string& server_name);
    explicit operator bool() const { return ssl_ != nullptr; }

    TlsOutcome handshake();
    TlsOutcome read(char* into, std::size_t size, std::size_t& count);
    TlsOutcome write(std::string_view bytes, std::size_t& count);
    /// Sends close_notify, if that does not block.
    void shut_down();
    /// Why the last attempt failed, for the log.
    static std::string last_error();

private:
    TlsOutcome outcome(int result);
    ssl_st* ssl_ = nullptr;
};

}  // namespace sluice
