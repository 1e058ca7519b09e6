// SPDX-License-Identifier: Apache-2.0
// For tests only: certificates made on the spot, and TLS for the loopback server.
#pragma once

#include "kernel/net/loopback_server_testing.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <string>

namespace sluice::crawl {

/// A key and a certificate, by an authority or by itself.
class TestCertificate {
public:
    /// `names`: "DNS:site.example,IP:127.0.0.1"; an authority has none. Without `by` it signs
    /// itself.
    explicit TestCertificate(const std::string& names, const TestCertificate* by = nullptr)
        : key_(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")), certificate_(X509_new()) {
        static long serial = 1;
        X509* x = certificate_.get();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
        X509_gmtime_adj(X509_getm_notBefore(x), -3600);
        X509_gmtime_adj(X509_getm_notAfter(x), 3600);
        X509_set_pubkey(x, key_.get());
        const std::string subject = "test " + std::to_string(serial);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1,
                                   0);
        X509* issuer = by != nullptr ? by->certificate_.get() : x;
        X509_set_issuer_name(x, X509_get_subject_name(issuer));
        add(issuer, NID_basic_constraints, names.empty() ? "critical,CA:TRUE" : "CA:FALSE");
        if (!names.empty()) add(issuer, NID_subject_alt_name, names);
        EXPECT_GT(X509_sign(x, by != nullptr ? by->key_.get() : key_.get(), EVP_sha256()), 0);
    }

    [[nodiscard]] X509* certificate() const { return certificate_.get(); }
    [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }
    /// Written to a file of its own, which goes with the object.
    std::string certificate_file() {
        return write("crt", [this](FILE* f) { return PEM_write_X509(f, certificate_.get()); });
    }
    std::string key_file() {
        return write("key", [this](FILE* f) {
            return PEM_write_PrivateKey(f, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    }
    ~TestCertificate() {
        for (const auto& file : files_) std::remove(file.c_str());
    }
    TestCertificate(const TestCertificate&) = delete;
    TestCertificate& operator=(const TestCertificate&) = delete;

private:
    struct Free {
        void operator()(X509* x) const { X509_free(x); }
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    };
    void add(X509* issuer, int what, const std::string& value) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, issuer, certificate_.get(), nullptr, nullptr, 0);
        X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
        EXPECT_NE(made, nullptr) << value;
        X509_add_ext(certificate_.get(), made, -1);
        X509_EXTENSION_free(made);
    }
    template <class Put>
    std::string write(const std::string& ending, Put put) {
        std::string path = testing::TempDir() + "/sluice_tls_XXXXXX";
        const int fd = ::mkstemp(path.data());
        EXPECT_GE(fd, 0) << ending;
        FILE* file = ::fdopen(fd, "w");
        EXPECT_EQ(put(file), 1);
        std::fclose(file);
        files_.push_back(path);
        return path;
    }
    std::unique_ptr<EVP_PKEY, Free> key_;
    std::unique_ptr<X509, Free> certificate_;
    std::vector<std::string> files_;
};

/// A server's TLS settings: its certificate and, if given, who must have signed the client's.
class TlsContext {
public:
    explicit TlsContext(const TestCertificate& own,
                        const TestCertificate* client_authority = nullptr)
        : context_(SSL_CTX_new(TLS_server_method())) {
        EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), own.certificate()), 1);
        EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), own.key()), 1);
        if (client_authority == nullptr) return;
        EXPECT_EQ(X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()),
                                      client_authority->certificate()),
                  1);
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           nullptr);
    }
    /// For LoopbackServer::speak; this object must outlive the server.
    LoopbackServer::MakeStream stream() {
        return [this](int fd) { return std::make_unique<Stream>(fd, context_.get()); };
    }

private:
    class Stream : public LoopbackStream {
    public:
        Stream(int fd, SSL_CTX* context) : LoopbackStream(fd), ssl_(SSL_new(context)) {
            SSL_set_fd(ssl_.get(), fd);
        }
        bool open() override { return SSL_accept(ssl_.get()) == 1; }
        ssize_t read(char* to, std::size_t size) override {
            return SSL_read(ssl_.get(), to, static_cast<int>(size));
        }
        ssize_t write(const char* from, std::size_t size) override {
            return SSL_write(ssl_.get(), from, static_cast<int>(size));
        }
        [[nodiscard]] bool has_more() const override { return SSL_pending(ssl_.get()) > 0; }
        void close() override { SSL_shutdown(ssl_.get()); }

    private:
        struct Free {
            void operator()(SSL* ssl) const { SSL_free(ssl); }
        };
        std::unique_ptr<SSL, Free> ssl_;
    };
    struct Free {
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };
    std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace sluice::crawl
