// SPDX-License-Identifier: Apache-2.0
// The C++ client and worker over TLS against the real job port: a certificate that is verified, and
// those that must be refused.
#include "kernel/sync/clock.h"
#include "kernel/sync/thread.h"
#include "modules/jobs/front/door_testing.h"
#include "sdk/client.h"
#include "sdk/worker.h"

#include <cstdio>
#include <string>

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

namespace sluice {
namespace {

struct CertificateSpec {
    std::string names = "DNS:localhost,IP:127.0.0.1";
    long valid_from = -60;
    long valid_until = 3600;
};

/// A self-signed certificate and its key as files, for as long as this lives.
class Certificate {
public:
    explicit Certificate(const CertificateSpec& spec = {}) {
        static int made = 0;
        const std::string stem = ::testing::TempDir() + "sluice_sdk_tls_" +
                                 std::to_string(::getpid()) + "_" + std::to_string(made++);
        file = stem + ".crt";
        key_file = stem + ".key";
        const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                      &EVP_PKEY_free);
        const std::unique_ptr<X509, decltype(&X509_free)> made_of(X509_new(), &X509_free);
        X509* x = made_of.get();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), made);
        X509_gmtime_adj(X509_getm_notBefore(x), spec.valid_from);
        X509_gmtime_adj(X509_getm_notAfter(x), spec.valid_until);
        X509_set_pubkey(x, key.get());
        X509_NAME* name = X509_get_subject_name(x);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("test server"), -1, -1,
                                   0);
        X509_set_issuer_name(x, name);
        X509_EXTENSION* names =
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, spec.names.c_str());
        X509_add_ext(x, names, -1);
        X509_EXTENSION_free(names);
        X509_sign(x, key.get(), EVP_sha256());
        write(file, [&](FILE* out) { PEM_write_X509(out, x); });
        write(key_file, [&](FILE* out) {
            PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    }
    ~Certificate() {
        std::remove(file.c_str());
        std::remove(key_file.c_str());
    }
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;

    [[nodiscard]] std::shared_ptr<TlsContext> server() const {
        auto context = TlsContext::server(file, key_file);
        EXPECT_TRUE(context);
        return context ? *context : nullptr;
    }

    std::string file;
    std::string key_file;

private:
    template <class Body>
    static void write(const std::string& path, Body body) {
        FILE* out = std::fopen(path.c_str(), "w");
        ASSERT_NE(out, nullptr);
        body(out);
        std::fclose(out);
    }
};

sdk::ClientOptions options_for(const jobs::Door& door, const std::string& authorities,
                               const std::string& host = "localhost") {
    sdk::ClientOptions options;
    options.server = {
        .host = host, .port = door.port(), .tls = true, .username = "", .password = ""};
    options.trust.ca_file = authorities;
    options.attempts_max = 1;
    options.connect_timeout = 10s;
    return options;
}

/// What a first command ends with.
Status ask(sdk::ClientOptions options) {
    sdk::Client client(std::move(options));
    auto info = client.info();
    if (!info) return std::move(info).error();
    return {};
}

TEST(SdkTls, ClientAndWorkerDoTheirWorkWithAVerifiedCertificate) {
    const Certificate certificate;
    const jobs::Door door({}, certificate.server());
    for (const char* host : {"localhost", "127.0.0.1"}) {
        sdk::Client client(options_for(door, certificate.file, host));
        const std::string big(300'000, 'x');  // many TLS records, both ways
        sdk::JobSpec spec;
        spec.type = "echo";
        spec.args = "[\"" + big + "\"]";
        const auto jid = client.push(spec);
        ASSERT_TRUE(jid) << jid.error().message;

        sdk::WorkerOptions options;
        options.server = options_for(door, certificate.file, host).server;
        options.trust.ca_file = certificate.file;
        options.handles_signals = false;
        sdk::Worker worker(std::move(options));
        ASSERT_TRUE(worker.add("echo", [](sdk::JobContext& context) -> sdk::Outcome {
            return std::string(context.job().args);
        }));
        Status ended;
        Thread runner("worker", [&] { ended = worker.run(); });
        const std::string jids[] = {*jid};
        const auto outcome = client.wait(jids, 60s);
        ASSERT_TRUE(outcome) << outcome.error().message;
        ASSERT_TRUE(outcome->complete);
        EXPECT_EQ(outcome->jobs[0].state, "succeeded");
        EXPECT_EQ(outcome->jobs[0].result.size(), big.size() + 4);
        worker.stop();
        runner.join();
        EXPECT_TRUE(ended) << ended.error().message;
    }
}

TEST(SdkTls, CertificatesThatDoNotProveTheServerAreRefused) {
    const Certificate right;
    const Certificate other;
    const Certificate elsewhere({.names = "DNS:elsewhere.example"});
    const Certificate expired({.valid_from = -7200, .valid_until = -3600});
    const Certificate future({.valid_from = 3600, .valid_until = 7200});
    struct Case {
        const Certificate& shown;
        const Certificate& trusted;
        const char* host;
        const char* part;
    };
    const Case cases[] = {
        {right, other, "localhost", "self"},
        {elsewhere, elsewhere, "localhost", "mismatch"},
        {elsewhere, elsewhere, "127.0.0.1", "mismatch"},
        {expired, expired, "localhost", "expired"},
        {future, future, "localhost", "not yet valid"},
    };
    for (const Case& one : cases) {
        const jobs::Door door({}, one.shown.server());
        const Status refused = ask(options_for(door, one.trusted.file, one.host));
        ASSERT_FALSE(refused) << one.part;
        EXPECT_EQ(refused.error().code, Code::denied) << refused.error().message;
        EXPECT_NE(refused.error().message.find("certificate"), std::string::npos);
        EXPECT_NE(refused.error().message.find(one.part), std::string::npos)
            << refused.error().message;
        // Who says that the certificate does not matter gets in.
        auto blind = options_for(door, "", one.host);
        blind.trust.verify = false;
        EXPECT_TRUE(ask(std::move(blind)));
    }
}

TEST(SdkTls, TheSystemsAuthoritiesDoNotKnowIt) {
    const Certificate certificate;
    const jobs::Door door({}, certificate.server());
    const Status refused = ask(options_for(door, ""));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::denied) << refused.error().message;
    const Status unreadable = ask(options_for(door, "/no/such/file.pem"));
    ASSERT_FALSE(unreadable);
    EXPECT_EQ(unreadable.error().code, Code::invalid) << unreadable.error().message;
}

TEST(SdkTls, OneSidedTlsFailsInTime) {
    const Certificate certificate;
    const jobs::Door secured({}, certificate.server());
    auto plain = options_for(secured, "");
    plain.server.tls = false;
    plain.connect_timeout = 300ms;
    EXPECT_FALSE(ask(std::move(plain)));

    const jobs::Door open;
    auto tls = options_for(open, certificate.file);
    tls.connect_timeout = 1h;  // the other side's answer ends it, not the time
    EXPECT_FALSE(ask(std::move(tls)));
}

}  // namespace
}  // namespace sluice
