// SPDX-License-Identifier: Apache-2.0
// Whom the fetch loop trusts, and to whom it shows its own certificate.
#include "modules/crawl/shell/fetch/fetch_loop.h"
#include "modules/crawl/shell/fetch/fetch_testing.h"
#include "modules/crawl/shell/fetch/tls_server_testing.h"

#include <gtest/gtest.h>

namespace sluice::crawl {
namespace {

std::string https(const std::string& host, const LoopbackServer& server) {
    return "https://" + host + ":" + std::to_string(server.port()) + "/";
}

TEST(FetchTls, CertificatesAreVerifiedUnlessTheHostIsExcepted) {
    TestCertificate authority("");
    TestCertificate own("DNS:site.example", &authority);
    TlsContext tls(own);
    LoopbackServer server;
    server.answer_ok("/", "secret");
    server.speak(tls.stream());
    server.start();

    Fetcher stranger;  // knows the authorities of the system only
    const FetchAnswer unknown = stranger.get(https("site.example", server));
    EXPECT_EQ(to_string(unknown.fault), to_string(FetchFault::tls)) << unknown.detail;
    EXPECT_NE(unknown.detail, "");

    FetchConfig config = loopback_config();
    config.tls.ca_file = authority.certificate_file();
    config.tls.insecure_hosts = {"careless.example"};
    Fetcher fetcher(std::move(config));
    const FetchAnswer good = fetcher.get(https("site.example", server));
    EXPECT_EQ(good.fault, FetchFault::none) << good.detail;
    EXPECT_EQ(good.body, "secret");
    EXPECT_EQ(good.protocol, "HTTP/1.1");
    EXPECT_FALSE(fetcher.get(https("site.example", server)).new_connection);
    // Another name than the certificate's, before and after one to which that does not matter.
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(to_string(fetcher.get(https("wrong.example", server)).fault),
                  to_string(FetchFault::tls));
        EXPECT_EQ(fetcher.get(https("careless.example", server)).body, "secret");
    }
    EXPECT_EQ(fetcher.get(https("site.example", server)).body, "secret");

    FetchConfig careless = loopback_config();
    careless.tls.verify = false;
    Fetcher any(std::move(careless));
    EXPECT_EQ(any.get(https("wrong.example", server)).body, "secret");
}

TEST(FetchTls, SelfSignedCertificatesAreRefused) {
    TestCertificate own("DNS:site.example");
    TlsContext tls(own);
    LoopbackServer server;
    server.answer_ok("/", "secret");
    server.speak(tls.stream());
    server.start();
    Fetcher fetcher;
    EXPECT_EQ(to_string(fetcher.get(https("site.example", server)).fault),
              to_string(FetchFault::tls));
    EXPECT_EQ(server.requests(), 0);
}

TEST(FetchTls, ServersThatDoNotSpeakItOrBreakOffAreFaults) {
    LoopbackServer plain;
    plain.at_connect([](LoopbackServer::Peer& peer) {
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.close();
    });
    plain.start();
    LoopbackServer gone;
    gone.at_connect([](LoopbackServer::Peer& peer) { peer.reset(); });
    gone.start();
    Fetcher fetcher;
    EXPECT_EQ(to_string(fetcher.get(https("site.example", plain)).fault),
              to_string(FetchFault::tls));
    const FetchAnswer reset = fetcher.get(https("site.example", gone));
    // How far it has come when it is reset is chance.
    EXPECT_TRUE(reset.fault == FetchFault::tls || reset.fault == FetchFault::broken ||
                reset.fault == FetchFault::connect)
        << to_string(reset.fault) << reset.detail;
}

TEST(FetchTls, TheClientCertificateIsShownToItsHostsOnly) {
    TestCertificate authority("");
    TestCertificate own("DNS:site.example,DNS:other.example", &authority);
    TestCertificate client("DNS:client", &authority);
    TlsContext tls(own, &authority);
    LoopbackServer server;
    server.answer_ok("/", "for members");
    server.speak(tls.stream());
    server.start();
    FetchConfig config = loopback_config();
    config.tls.ca_file = authority.certificate_file();
    config.tls.certificates = {{.hosts = "https://site.example:" + std::to_string(server.port()),
                                .certificate_file = client.certificate_file(),
                                .key_file = client.key_file()}};
    Fetcher fetcher(std::move(config));
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(fetcher.get(https("site.example", server)).body, "for members");
        EXPECT_NE(fetcher.get(https("other.example", server)).fault, FetchFault::none);
    }
}

}  // namespace
}  // namespace sluice::crawl
