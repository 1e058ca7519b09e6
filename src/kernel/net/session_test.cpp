// SPDX-License-Identifier: Apache-2.0
// Sessions over loopback with clients that behave in every way a client can.
#include "kernel/net/session.h"

#include "kernel/net/listener.h"
#include "kernel/net/raw_client_testing.h"
#include "kernel/observe/process.h"
#include "kernel/sync/channel.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cstdio>

#include <malloc.h>

namespace sluice {
namespace {

/// What the tests learn from the server's side.
struct Event {
    std::string what;
    CloseInfo info;
    std::shared_ptr<Session> session;
};
using Events = Channel<Event>;

/// Answers each line "x" with "x"; a few words make it misbehave.
class EchoHandler final : public SessionHandler {
public:
    explicit EchoHandler(Events& events) : events_(events) {}

    void on_open(Session& session) override {
        session.clear_deadline();
        events_.push({"open", {}, session.shared_from_this()});
    }
    std::size_t on_bytes(Session& session, std::string_view unread) override {
        std::size_t used = 0;
        for (std::size_t end = unread.find('\n'); end != std::string_view::npos;
             end = unread.find('\n', used)) {
            const std::string_view line = unread.substr(used, end - used);
            used = end + 1;
            if (!act(session, line) || !session.is_open() || session.is_output_full()) break;
        }
        return used;
    }
    bool on_end_of_input(Session& session) override {
        if (!stays_) return false;
        session.post([](Session& later) {
            later.write("late\n");
            later.close_after_flush();
        });
        return true;
    }
    void on_closed(Session&, const CloseInfo& info) override {
        events_.push({"closed", info, nullptr});
    }

private:
    /// False stops the reading of lines.
    bool act(Session& session, std::string_view line) {
        if (line == "pause") {
            session.pause_reading();
            events_.push({"paused", {}, session.shared_from_this()});
            return false;
        }
        if (line == "bye") {
            session.write("bye\n");
            session.close_after_flush();
        } else if (line == "drop") {
            session.close();
            events_.push({session.is_open() ? "still open" : "dropped", {}, nullptr});
        } else if (line == "big") {
            session.write(std::string(100'000, 'b'));
        } else if (line == "stay") {
            stays_ = true;
        } else {
            session.output().append(line).append("\n");
        }
        return true;
    }
    Events& events_;
    bool stays_ = false;
};

class SessionTest : public ::testing::Test {
protected:
    void serve(ListenerOptions options = {}, unsigned io_threads = 2) {
        options.address = "127.0.0.1:0";
        options.name = "test";
        runtime_ = Runtime::start({.io_threads = io_threads}).value();
        listener_ = Listener::open(*runtime_, metrics_, options, [this] {
                        return std::make_unique<EchoHandler>(events_);
                    }).value();
    }
    RawClient connect(int receive_buffer = 0) {
        return RawClient(listener_->address().port, receive_buffer);
    }
    Event next(std::string_view what) {
        Event event;
        EXPECT_EQ(events_.pop_until(event, deadline_after(20s)), ChannelStatus::ok) << what;
        EXPECT_EQ(event.what, what);
        return event;
    }
    CloseReason closed() { return next("closed").info.reason; }
    void TearDown() override {
        if (listener_) listener_->close();
        if (runtime_) runtime_->stop(deadline_after(5s));
    }

    Events events_{10'000};
    Registry metrics_;
    std::unique_ptr<Runtime> runtime_;
    std::unique_ptr<Listener> listener_;
};

TEST_F(SessionTest, EchoesLinesAndClosesWithThePeer) {
    serve();
    auto client = connect();
    next("open");
    client.send("hello\nworld\n");
    EXPECT_EQ(client.receive_exactly(12), "hello\nworld\n");
    client.close();
    const auto info = next("closed").info;
    EXPECT_EQ(info.reason, CloseReason::peer_closed);
    EXPECT_EQ(info.unsent_bytes, 0U);
    EXPECT_FALSE(info.was_reset);
}

TEST_F(SessionTest, ByteAtATimeIsTheSameToTheProtocol) {
    serve();
    auto client = connect();
    const std::string text = "one\ntwo words\n\nlast\n";
    for (const char c : text) client.send({&c, 1});
    EXPECT_EQ(client.receive_exactly(text.size()), text);
}

TEST_F(SessionTest, ALineLargerThanOneReadArrivesWhole) {
    serve();
    auto client = connect();
    const std::string line = std::string(3'000'000, 'x') + "\n";
    Thread sender("sender", [&] { client.send(line); });
    EXPECT_TRUE(client.receive_exactly(line.size()) == line);
}

TEST_F(SessionTest, InputPastTheLimitCloses) {
    ListenerOptions options;
    options.session.read_buffer_max = kib(8);
    serve(options);
    auto client = connect();
    next("open");
    client.send(std::string(20'000, 'x'));
    EXPECT_EQ(closed(), CloseReason::input_limit);
    EXPECT_EQ(client.receive_all(), "");
}

TEST_F(SessionTest, RepliesAfterTheClientsEndOfInputAreSent) {
    serve();
    auto client = connect();
    client.send("stay\nx\n");
    client.end_output();
    EXPECT_EQ(client.receive_all(), "x\nlate\n");
    next("open");
    EXPECT_EQ(closed(), CloseReason::local);
}

TEST_F(SessionTest, HalfOpenClientWithoutMoreToSendIsClosed) {
    serve();
    auto client = connect();
    client.send("x\n");
    client.end_output();
    EXPECT_EQ(client.receive_all(), "x\n");
    next("open");
    EXPECT_EQ(closed(), CloseReason::peer_closed);
}

TEST_F(SessionTest, AResetIsNoticedAtOnce) {
    serve();
    auto client = connect();
    next("open");
    client.reset();
    const auto info = next("closed").info;
    EXPECT_EQ(info.reason, CloseReason::peer_reset);
    EXPECT_TRUE(info.was_reset);
}

TEST_F(SessionTest, SlowReaderReachesTheOutputLimitAndUndeliveredBytesAreCounted) {
    ListenerOptions options;
    options.session.output_soft_max = mib(64);  // Back-pressure out of the way.
    options.session.output_hard_max = mib(1);
    serve(options);
    auto client = connect(4096);
    next("open");
    for (int i = 0; i < 200 && client.send("big\n"); ++i) {
    }
    const auto info = next("closed").info;
    EXPECT_EQ(info.reason, CloseReason::output_limit);
    EXPECT_GT(info.unsent_bytes, 500'000U);
    EXPECT_GT(info.unacknowledged_bytes, 0U);
}

TEST_F(SessionTest, SlowReaderIsHeldBackByTheSoftLimitAndLosesNothing) {
    ListenerOptions options;
    options.session.output_soft_max = kib(64);
    serve(options);
    auto client = connect(65536);
    std::string requests;
    for (int i = 0; i < 300; ++i) requests += "big\n";
    client.send(requests);
    EXPECT_EQ(client.receive_exactly(300 * 100'000).size(), 300U * 100'000U);
}

TEST_F(SessionTest, StalledReaderIsCutOff) {
    ListenerOptions options;
    options.session.output_stall_max = 50ms;
    serve(options);
    auto client = connect(4096);
    next("open");
    for (int i = 0; i < 200; ++i) client.send("big\n");
    EXPECT_EQ(closed(), CloseReason::stalled);
}

TEST_F(SessionTest, PausedSessionAnswersAfterResumeAndNoticesItsPeer) {
    serve();
    auto client = connect();
    next("open");
    client.send("pause\nafter\n");
    const auto session = next("paused").session;
    EXPECT_EQ(session->remote().host, "127.0.0.1");
    client.send("more\n");
    session->post([](Session& own) {
        own.write("resumed\n");
        own.resume_reading();
    });
    EXPECT_EQ(client.receive_exactly(19), "resumed\nafter\nmore\n");
    client.send("pause\n");
    next("paused");
    client.reset();
    EXPECT_EQ(closed(), CloseReason::peer_reset);
    EXPECT_TRUE(session->post([](Session&) { ADD_FAILURE() << "ran after the close"; }));
}

TEST_F(SessionTest, CloseAfterFlushDeliversTheLastReply) {
    serve();
    auto client = connect();
    next("open");
    client.send("bye\nignored\n");
    EXPECT_EQ(client.receive_all(), "bye\n");
    client.close();
    EXPECT_EQ(closed(), CloseReason::local);
}

TEST_F(SessionTest, AClosedSessionIsNotOpenInWhatIsLeftOfTheTurn) {
    serve();
    auto client = connect();
    next("open");
    client.send("drop\nignored\n");
    next("dropped");
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_EQ(closed(), CloseReason::local);
}

TEST_F(SessionTest, IdleSessionCloses) {
    ListenerOptions options;
    options.session.idle_timeout = 40ms;
    serve(options);
    const Instant start = monotonic_now();
    auto client = connect();
    next("open");
    EXPECT_EQ(client.receive_all(), "");
    EXPECT_GE(monotonic_now() - start, 40ms);
    EXPECT_EQ(closed(), CloseReason::idle);
}

TEST_F(SessionTest, DeadlineClosesUnlessCleared) {
    serve();
    auto kept = connect();
    const auto kept_session = next("open").session;
    auto cut = connect();
    const auto cut_session = next("open").session;
    kept_session->post([](Session& s) {
        s.set_deadline(s.thread().now() + 30ms);
        s.clear_deadline();
    });
    cut_session->post([](Session& s) { s.set_deadline(s.thread().now() + 30ms); });
    EXPECT_EQ(cut.receive_all(), "");
    EXPECT_EQ(closed(), CloseReason::deadline);
    kept.send("x\n");
    EXPECT_EQ(kept.receive_exactly(2), "x\n");
}

TEST_F(SessionTest, ConnectionLimitsRefuseTheNextOne) {
    ListenerOptions options;
    options.connections_max = 2;
    serve(options);
    auto first = connect();
    auto second = connect();
    next("open");
    next("open");
    auto third = connect();
    EXPECT_EQ(third.receive_all(), "");
    first.close();
    next("closed");
    EXPECT_EQ(listener_->connection_count(), 1U);
    auto fourth = connect();
    fourth.send("x\n");
    EXPECT_EQ(fourth.receive_exactly(2), "x\n");
    EXPECT_NE(
        metrics_.render_prometheus().find("sluice_connections_refused_total{listener=\"test\"} 1"),
        std::string::npos);
}

TEST_F(SessionTest, AThousandConnectionsCostLittleAndAllWork) {
    raise_open_files();  // both ends are here, and 1,024 is all that a login begins with
    serve();
    std::vector<RawClient> clients;
    clients.reserve(1000);
    clients.push_back(connect());
    next("open");
    const std::size_t before = mallinfo2().uordblks;
    for (int i = 1; i < 1000; ++i) clients.push_back(connect());
    for (int i = 1; i < 1000; ++i) next("open");
    for (auto& client : clients) client.send("ping\n");
    for (auto& client : clients) EXPECT_EQ(client.receive_exactly(5), "ping\n");
    EXPECT_EQ(runtime_->session_count(), 1000U);
    const std::size_t each = (mallinfo2().uordblks - before) / 999;
    RecordProperty("bytes_per_connection", static_cast<int>(each));
    std::printf("heap per idle connection: %zu bytes (0 under a sanitizer)\n", each);
    EXPECT_LT(each, 4'000U);
    for (auto& client : clients) client.close();
    for (int i = 0; i < 1000; ++i) next("closed");
}

TEST_F(SessionTest, StopFlushesAndClosesEverySession) {
    serve();
    auto client = connect();
    const auto session = next("open").session;
    listener_->close();
    session->post([](Session& s) { s.write("last words\n"); });
    client.end_output();
    runtime_->stop(deadline_after(5s));
    EXPECT_EQ(client.receive_all(), "last words\n");
    EXPECT_EQ(runtime_->session_count(), 0U);
    EXPECT_FALSE(session->post([](Session&) {}));
}

TEST_F(SessionTest, StopCutsOffAtTheDeadline) {
    serve();
    auto client = connect(4096);
    next("open");
    for (int i = 0; i < 100; ++i) client.send("big\n");
    listener_->close();
    runtime_->stop(deadline_after(50ms));
    EXPECT_EQ(closed(), CloseReason::stopping);
}

/// Certificate and key files for "localhost", made on the spot.
struct TestCertificate {
    TestCertificate() {
        std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
        std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
        X509* x = certificate.get();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
        X509_gmtime_adj(X509_getm_notBefore(x), -60);
        X509_gmtime_adj(X509_getm_notAfter(x), 3600);
        X509_set_pubkey(x, key.get());
        X509_NAME* name = X509_get_subject_name(x);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
        X509_set_issuer_name(x, name);
        X509_sign(x, key.get(), EVP_sha256());
        write(certificate_file, [&](FILE* f) { PEM_write_X509(f, x); });
        write(key_file, [&](FILE* f) {
            PEM_write_PrivateKey(f, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        });
    }
    ~TestCertificate() {
        std::remove(certificate_file.c_str());
        std::remove(key_file.c_str());
    }
    template <class F>
    static void write(const std::string& path, F body) {
        FILE* file = std::fopen(path.c_str(), "w");
        ASSERT_NE(file, nullptr);
        body(file);
        std::fclose(file);
    }
    const std::string stem = ::testing::TempDir() + "sluice_tls_" + std::to_string(::getpid());
    const std::string certificate_file = stem + ".crt";
    const std::string key_file = stem + ".key";
};

/// A blocking TLS client over RawClient.
struct TlsClient {
    explicit TlsClient(RawClient raw_client, int version_max = 0) : raw(std::move(raw_client)) {
        SSL_CTX_set_max_proto_version(context, version_max);
        ssl = SSL_new(context);
        SSL_set_fd(ssl, raw.descriptor());
        connected = SSL_connect(ssl) == 1;
    }
    ~TlsClient() {
        SSL_free(ssl);
        SSL_CTX_free(context);
    }
    TlsClient(const TlsClient&) = delete;
    TlsClient& operator=(const TlsClient&) = delete;
    std::string receive_exactly(std::size_t count) {
        std::string bytes(count, '\0');
        std::size_t done = 0;
        for (std::size_t got = 0; done < count; done += got) {
            if (SSL_read_ex(ssl, bytes.data() + done, count - done, &got) != 1) break;
        }
        bytes.resize(done);
        return bytes;
    }
    bool send(const std::string& bytes) {
        return SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size())) > 0;
    }
    RawClient raw;
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL* ssl = nullptr;
    bool connected = false;
};

TEST_F(SessionTest, TlsCarriesTheSameProtocol) {
    const TestCertificate files;
    ListenerOptions options;
    options.tls = TlsContext::server(files.certificate_file, files.key_file).value();
    options.session.handshake_timeout = 30s;
    serve(options);
    {
        TlsClient client(connect());
        ASSERT_TRUE(client.connected);
        const auto session = next("open").session;
        EXPECT_TRUE(session->is_open());
        client.send("hello\nbig\n");
        EXPECT_EQ(client.receive_exactly(6), "hello\n");
        EXPECT_EQ(client.receive_exactly(100'000).size(), 100'000U);
        const std::string line = std::string(500'000, 'y') + "\n";
        Thread sender("sender", [&] { client.send(line); });
        sender.join();
        EXPECT_TRUE(client.receive_exactly(line.size()) == line);
        client.send("bye\n");
        EXPECT_EQ(client.receive_exactly(10), "bye\n");
        EXPECT_EQ(SSL_get_shutdown(client.ssl), SSL_RECEIVED_SHUTDOWN);
    }
    EXPECT_EQ(closed(), CloseReason::local);
    TlsClient old(connect(), TLS1_1_VERSION);
    EXPECT_FALSE(old.connected);
}

TEST_F(SessionTest, PlainBytesOnATlsPortAndSilentClientsAreClosed) {
    const TestCertificate files;
    ListenerOptions options;
    options.tls = TlsContext::server(files.certificate_file, files.key_file).value();
    options.session.handshake_timeout = 50ms;
    serve(options);
    auto plain = connect();
    plain.send("PUSH {}\r\n\r\n");
    (void)plain.receive_all();
    auto silent = connect();
    EXPECT_EQ(silent.receive_all(), "");
}

TEST(TlsContext, SaysWhichFileIsWrong) {
    const TestCertificate files;
    const auto missing = TlsContext::server("/nonexistent.crt", files.key_file);
    ASSERT_FALSE(missing);
    EXPECT_NE(missing.error().message.find("/nonexistent.crt"), std::string::npos);
    EXPECT_FALSE(TlsContext::server(files.certificate_file, files.certificate_file));
}

TEST(Listener, SaysClearlyWhyItCannotListen) {
    auto runtime = Runtime::start({}).value();
    Registry metrics;
    const auto factory = [] { return std::unique_ptr<SessionHandler>(); };
    auto first =
        Listener::open(*runtime, metrics, {.name = "a", .address = "localhost:0"}, factory);
    ASSERT_TRUE(first);
    const std::string taken = (*first)->address().text();
    const auto second = Listener::open(*runtime, metrics, {.name = "b", .address = taken}, factory);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::io);
    EXPECT_EQ(second.error().message.find("cannot listen on " + taken + ": Address already in use"),
              0U)
        << second.error().message;
    EXPECT_EQ(Listener::open(*runtime, metrics, {.name = "c", .address = "nonsense"}, factory)
                  .error()
                  .code,
              Code::invalid);
}

TEST(HostPort, ParsesAndPrints) {
    EXPECT_EQ(parse_host_port("127.0.0.1:7419").value().text(), "127.0.0.1:7419");
    EXPECT_EQ(parse_host_port("[::1]:0").value().text(), "[::1]:0");
    EXPECT_EQ(parse_host_port("*:80").value().host, "0.0.0.0");
    EXPECT_TRUE(parse_host_port("127.3.2.1:1").value().is_loopback());
    EXPECT_TRUE(parse_host_port("[::1]:1").value().is_loopback());
    EXPECT_FALSE(parse_host_port(":80").value().is_loopback());
    for (const char* bad : {"", "host", "host:", "host:65536", "::1:80", "[::1:80", "h:x"}) {
        EXPECT_FALSE(parse_host_port(bad)) << bad;
    }
}

}  // namespace
}  // namespace sluice
