// SPDX-License-Identifier: Apache-2.0
// The queue's pages on the admin side, over real sockets, while a thread of the queue really hangs.
#include "modules/jobs/front/admin_http.h"

#include "kernel/net/http_server.h"
#include "kernel/net/raw_client_testing.h"
#include "modules/jobs/shell/breakable_ledger_testing.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>

namespace sluice::jobs {
namespace {

/// By how much the admin side's clock is ahead: what hangs has then hung for so long.
std::atomic<Duration::rep> ahead{0};
Instant clock_ahead() { return monotonic_now() + Duration(ahead.load()); }

class AdminHttpTest : public ::testing::Test {
protected:
    void serve(AdminHttpOptions options = {}) {
        ahead = 0;
        options.now = &clock_ahead;
        runtime_ = Runtime::start({.io_threads = 1, .name = "io"}).value();
        desks_ = std::make_unique<Desks>(*runtime_);
        front_ = std::make_unique<Front>(*desks_, metrics_, FrontOptions{});
        shard_ =
            Shard::start(std::make_unique<BreakableLedger>(store_), *desks_, metrics_, {}, nullptr)
                .value();
        front_->shard = shard_.get();
        desks_->set_shard(shard_.get());
        admin_ = std::make_unique<AdminHttp>(*front_, *runtime_, options);
        auto router = std::make_shared<HttpRouter>();
        admin_->add_routes(*router);
        http_ = HttpServer::start(*runtime_, metrics_, {.address = "127.0.0.1:0"}, router).value();
    }
    void TearDown() override {
        store_->sync_gate.open();
        store_->write_gate.open();
        http_->close();
        admin_->stop();
        front_->passwords.drain();
        shard_->stop();
        runtime_->stop(deadline_after(5s));
    }
    void push() {
        const auto body = std::make_shared<const JobBody>(JobBody::Texts{.jid = "a-job-0001",
                                                                         .type = "t",
                                                                         .queue = "q",
                                                                         .args = "[]",
                                                                         .custom = {},
                                                                         .extra = {}},
                                                          JobPolicy{});
        ASSERT_TRUE(shard_->submit(Push{.ticket = TicketId(1), .jobs = {body}}));
    }
    /// Status line and body.
    std::string get(const std::string& path) {
        RawClient client(http_->address().port);
        client.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        const std::string all = client.receive_all();
        return all.substr(0, all.find('\r')) + "\n" + all.substr(all.find("\r\n\r\n") + 4);
    }

    std::shared_ptr<Store> store_ = std::make_shared<Store>();
    Registry metrics_;
    std::unique_ptr<Runtime> runtime_;
    std::unique_ptr<Desks> desks_;
    std::unique_ptr<Front> front_;
    std::unique_ptr<Shard> shard_;
    std::unique_ptr<AdminHttp> admin_;
    std::unique_ptr<HttpServer> http_;
};

constexpr const char* healthy = "HTTP/1.1 200 OK\n{\"status\":\"ok\",\"version\":\"\"}";

/// That /health names what hangs, for the three seconds by which its clock is ahead and at most the
/// time since `before`.
void expect_hang(const std::string& answer, const std::string& words, Instant before) {
    EXPECT_EQ(answer.find("HTTP/1.1 503"), 0U) << answer;
    const std::size_t at = answer.find(words);
    ASSERT_NE(at, std::string::npos) << answer;
    const double seconds = std::atof(answer.c_str() + at + words.size());
    EXPECT_GE(seconds, 3.0) << answer;
    EXPECT_LE(seconds, 3.1 + to_seconds(monotonic_now() - before)) << answer;
}

TEST_F(AdminHttpTest, HealthNamesTheSyncThreadWhileTheDiskHangsAndIsFineAfterwards) {
    serve({.health_patience = 60s});
    EXPECT_EQ(get("/health"), healthy);
    store_->sync_gate.close();
    const Instant before = monotonic_now();
    push();
    store_->sync_gate.wait_for_somebody();
    ahead = Duration(3s).count();
    expect_hang(get("/health"), "thread jobs-sync has been in jobs.sync for ", before);
    store_->sync_gate.open();
    ahead = 0;
    EXPECT_EQ(get("/health"), healthy);
}

TEST_F(AdminHttpTest, HealthNamesTheOwnerWhileItHangsInATurn) {
    serve({.health_patience = 60s});
    store_->write_gate.close();
    const Instant before = monotonic_now();
    push();
    store_->write_gate.wait_for_somebody();
    ahead = Duration(3s).count();
    expect_hang(get("/health"), "thread jobs-owner has been in jobs.turn for ", before);
    store_->write_gate.open();
    ahead = 0;
    EXPECT_EQ(get("/health"), healthy);
}

TEST_F(AdminHttpTest, NobodyWaitsForEverForAQueueThatDoesNotAnswer) {
    serve({.health_patience = 20ms, .stats_patience = 20ms});
    store_->sync_gate.close();
    push();
    store_->sync_gate.wait_for_somebody();
    for (const char* path : {"/health", "/stats"}) {
        EXPECT_NE(get(path).find("HTTP/1.1 503 Service Unavailable\n{\"error\":{\"code\":\"busy\""),
                  std::string::npos);
    }
    store_->sync_gate.open();
}

}  // namespace
}  // namespace sluice::jobs
