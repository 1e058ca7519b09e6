// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

namespace sluice {

namespace {

std::string drain_errors() {
    std::string text;
    while (const unsigned long code = ERR_get_error()) {
        char line[256];
        ERR_error_string_n(code, line, sizeof line);
        if (!text.empty()) text += "; ";
        text += line;
    }
    return text.empty() ? "no reason given" : text;
}

Result<SSL_CTX*> make_context(const SSL_METHOD* method) {
    ERR_clear_error();
    SSL_CTX* context = SSL_CTX_new(method);
    if (context == nullptr) return fail(Code::internal, "TLS cannot start: " + drain_errors());
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // Our protocols delimit their own messages, so an end without close_notify loses nothing.
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    return context;
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::server(const std::string& certificate_file,
                                                       const std::string& key_file) {
    SLUICE_TRY(SSL_CTX * native, make_context(TLS_server_method()));
    auto context = std::shared_ptr<TlsContext>(new TlsContext(native, true));
    if (SSL_CTX_use_certificate_chain_file(native, certificate_file.c_str()) != 1) {
        return fail(Code::invalid, "cannot use the TLS certificate in " + certificate_file + ": " +
                                       drain_errors());
    }
    if (SSL_CTX_use_PrivateKey_file(native, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        return fail(Code::invalid, "cannot use the TLS key in " + key_file + ": " + drain_errors());
    }
    if (SSL_CTX_check_private_key(native) != 1) {
        return fail(Code::invalid, "the TLS key in " + key_file +
                                       " does not belong to the certificate in " +
                                       certificate_file);
    }
    return context;
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(const std::string& authorities_file) {
    SLUICE_TRY(SSL_CTX * native, make_context(TLS_client_method()));
    auto context = std::shared_ptr<TlsContext>(new TlsContext(native, false));
    SSL_CTX_set_verify(native, SSL_VERIFY_PEER, nullptr);
    const int loaded = authorities_file.empty() ? SSL_CTX_set_default_verify_paths(native)
                                                : SSL_CTX_load_verify_locations(
                                                      native, authorities_file.c_str(), nullptr);
    if (loaded != 1) {
        return fail(Code::invalid,
                    "cannot read the TLS authorities " + authorities_file + ": " + drain_errors());
    }
    return context;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsStream::~TlsStream() { SSL_free(ssl_); }

TlsStream& TlsStream::operator=(TlsStream&& other) noexcept {
    std::swap(ssl_, other.ssl_);
    return *this;
}

Result<TlsStream> TlsStream::open(const TlsContext& context, int descriptor,
                                  const std::string& server_name) {
    ERR_clear_error();
    TlsStream stream;
    stream.ssl_ = SSL_new(context.native());
    if (stream.ssl_ == nullptr || SSL_set_fd(stream.ssl_, descriptor) != 1) {
        return fail(Code::internal, "TLS cannot start: " + drain_errors());
    }
    if (context.is_server()) {
        SSL_set_accept_state(stream.ssl_);
        return stream;
    }
    SSL_set_connect_state(stream.ssl_);
    if (!server_name.empty()) {
        SSL_set_tlsext_host_name(stream.ssl_, server_name.c_str());
        X509_VERIFY_PARAM* verify = SSL_get0_param(stream.ssl_);
        if (X509_VERIFY_PARAM_set1_ip_asc(verify, server_name.c_str()) != 1) {
            SSL_set1_host(stream.ssl_, server_name.c_str());
        }
        ERR_clear_error();
    }
    return stream;
}

TlsOutcome TlsStream::outcome(int result) {
    if (result > 0) return TlsOutcome::done;
    switch (SSL_get_error(ssl_, result)) {
        case SSL_ERROR_WANT_READ: return TlsOutcome::wants_read;
        case SSL_ERROR_WANT_WRITE: return TlsOutcome::wants_write;
        case SSL_ERROR_ZERO_RETURN: return TlsOutcome::end;
        default: return TlsOutcome::failed;
    }
}

TlsOutcome TlsStream::handshake() {
    ERR_clear_error();
    return outcome(SSL_do_handshake(ssl_));
}

TlsOutcome TlsStream::read(char* into, std::size_t size, std::size_t& count) {
    ERR_clear_error();
    return outcome(SSL_read_ex(ssl_, into, size, &count));
}

TlsOutcome TlsStream::write(std::string_view bytes, std::size_t& count) {
    ERR_clear_error();
    return outcome(SSL_write_ex(ssl_, bytes.data(), bytes.size(), &count));
}

void TlsStream::shut_down() {
    ERR_clear_error();
    SSL_shutdown(ssl_);
    ERR_clear_error();
}

std::string TlsStream::last_error() { return drain_errors(); }

}  // namespace sluice
