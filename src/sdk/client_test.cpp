// SPDX-License-Identifier: Apache-2.0
#include "sdk/client.h"

#include "kernel/sync/clock.h"
#include "sdk/protocol/fields.h"
#include "sdk/scripted_server_testing.h"

#include <atomic>
#include <set>

#include <gtest/gtest.h>

namespace sluice::sdk {
namespace {

ClientOptions options_for(const ScriptedServer& server) {
    ClientOptions options;
    options.server = server.address();
    options.backoff_base = 1ms;
    options.backoff_max = 5ms;
    return options;
}

TEST(ServerUrl, Forms) {
    const auto parsed = [](std::string_view url) { return *parse_server_url(url); };
    EXPECT_EQ(parsed("tcp://localhost:7419"), ServerAddress{});
    EXPECT_EQ(parsed("localhost"), ServerAddress{});
    EXPECT_EQ(
        parsed("tcp+tls://:p%40ss%3A@queue.example:9"),
        (ServerAddress{
            .host = "queue.example", .port = 9, .tls = true, .username = "", .password = "p@ss:"}));
    EXPECT_EQ(parsed("tcp://user:pw@[::1]:70/").host, "::1");
    EXPECT_EQ(parsed("tcp://user:pw@[::1]:70/").text(), "[::1]:70");
    EXPECT_EQ(parsed("tcp://user:pw@[::1]:70/").username, "user");
    for (const std::string_view bad : {"", "http://a", "tcp://", "tcp://a:0", "tcp://a:70000",
                                       "tcp://a:x", "tcp://%4@a", "tcp://[::1", "tcp://[::1]x"}) {
        EXPECT_FALSE(parse_server_url(bad)) << bad;
    }
    EXPECT_EQ(parse_server_url("tcp://:secret%4@a").error().message.find("secret"),
              std::string::npos);
}

TEST(JobSpec, IsRenderedAsTheServerReadsIt) {
    const JobSpec spec{.type = "t",
                       .args = "[1,\n 2]",
                       .queue = "q",
                       .jid = "12345678",
                       .retry = 3,
                       .priority = 9,
                       .at = wall_from_ns(1'900'000'000'000'000'000),
                       .reserve_for = 1500ms,
                       .timeout = 2500ms,
                       .keep = 60s,
                       .backoff = BackoffParts{.kind = BackoffWord::constant, .base = 2s},
                       .wait_when_worker_lost = true,
                       .custom = " { \"trace\" : \"a b\" } "};
    std::string text;
    ASSERT_TRUE(append_push_json(text, spec));
    EXPECT_EQ(text.find('\n'), std::string::npos);
    JsonParser parser;
    const auto job = parse_job(*parser.parse(text), wall_from_ns(1));
    ASSERT_TRUE(job) << job.error().message;
    EXPECT_EQ(job->args, "[1,2]");
    EXPECT_EQ(job->queue, "q");
    EXPECT_EQ(job->retry, 3);
    EXPECT_EQ(job->priority, 9);
    EXPECT_EQ(job->at, *spec.at);
    EXPECT_EQ(job->reserve_for, 2s);
    EXPECT_EQ(job->timeout, 2500ms);
    EXPECT_EQ(job->keep, 60s);
    EXPECT_EQ(job->backoff, *spec.backoff);
    EXPECT_TRUE(job->wait_when_worker_lost);
    EXPECT_TRUE(job->custom.find("\"trace\" : \"a b\"") != std::string_view::npos);
}

TEST(JobSpec, OptionsInCustomJoinThoseOfTheFields) {
    const JobSpec spec{
        .type = "t",
        .jid = "12345678",
        .priority = 9,
        .custom = R"({"a":1,"sluice":{"priority":2,"timeout_s":7,"x":[1]},"b":{"sluice":2}})"};
    std::string text;
    ASSERT_TRUE(append_push_json(text, spec));
    EXPECT_NE(text.find(R"("custom":{"sluice":{"priority":9,"timeout_s":7,"x":[1]},)"
                        R"("a":1,"b":{"sluice":2}})"),
              std::string::npos)
        << text;
}

TEST(JobSpec, BadOnesAreRefusedBeforeTheyTravel) {
    std::string out;
    EXPECT_FALSE(append_push_json(out, {.type = ""}));
    EXPECT_FALSE(append_push_json(out, {.type = "t", .jid = "short"}));
    for (const std::string_view args : {"", "{}", "[", "1", "[]]"}) {
        EXPECT_FALSE(append_push_json(out, {.type = "t", .args = std::string(args)})) << args;
    }
    EXPECT_FALSE(append_push_json(out, {.type = "t", .custom = "[]"}));
    ASSERT_TRUE(append_push_json(out = "", {.type = "t", .priority = 1, .custom = "{}"}));
    EXPECT_TRUE(is_valid_json(out)) << out;
    std::set<std::string> jids;
    for (int i = 0; i < 1000; ++i) jids.insert(new_jid());
    EXPECT_EQ(jids.size(), 1000U);
}

TEST(Client, PushesAndGivesTheJid) {
    std::string seen;
    ScriptedServer server([&](auto&, int, std::string line) {
        seen = line;
        return std::string("+OK\r\n");
    });
    Client client(options_for(server));
    const auto jid = client.push({.type = "t", .jid = "abcdefgh"});
    ASSERT_TRUE(jid) << jid.error().text();
    EXPECT_EQ(*jid, "abcdefgh");
    server.post([&] {
        EXPECT_EQ(seen, R"(PUSH {"jid":"abcdefgh","queue":"default","jobtype":"t","args":[]})");
        ASSERT_EQ(server.hellos.size(), 1U);
        EXPECT_NE(server.hellos[0].find("\"v\":2"), std::string::npos);
        EXPECT_EQ(server.hellos[0].find("\"wid\""), std::string::npos);
    });
    EXPECT_EQ(client.push({.type = "t"})->size(), 24U);
}

TEST(Client, APushWhoseReplyIsLostIsRepeatedWithTheSameJid) {
    std::vector<std::string> lines;
    ScriptedServer server([&](ScriptedServer& self, int connection, std::string line) {
        lines.push_back(line);
        if (lines.size() < 3) {
            self.drop(connection);
            return std::string();
        }
        return std::string("+OK\r\n");
    });
    Client client(options_for(server));
    ASSERT_TRUE(client.push({.type = "t"}));
    server.post([&] {
        ASSERT_EQ(lines.size(), 3U);
        EXPECT_EQ(lines[0], lines[1]);
        EXPECT_EQ(lines[1], lines[2]);
    });
}

TEST(Client, GivesUpAfterItsAttempts) {
    int count = 0;
    ScriptedServer server([&](ScriptedServer& self, int connection, std::string) {
        ++count;
        self.drop(connection);
        return std::string();
    });
    auto options = options_for(server);
    options.attempts_max = 3;
    Client client(options);
    const auto jid = client.push({.type = "t"});
    ASSERT_FALSE(jid);
    EXPECT_EQ(jid.error().code, Code::io);
    server.post([&] { EXPECT_EQ(count, 3); });
}

TEST(Client, RefusalsAreNotRepeated) {
    int count = 0;
    ScriptedServer server([&](auto&, int, std::string) {
        ++count;
        return std::string(count == 1 ? "-NOTUNIQUE Job not unique\r\n" : "-ERR no good\r\n");
    });
    Client client(options_for(server));
    const auto twice = client.push({.type = "t"});
    ASSERT_FALSE(twice);
    EXPECT_EQ(twice.error().code, Code::exists);
    EXPECT_EQ(twice.error().message, "Job not unique");
    EXPECT_EQ(client.push({.type = "t"}).error().code, Code::invalid);
    server.post([&] { EXPECT_EQ(count, 2); });
}

TEST(Client, SilenceEndsAtTheDeadline) {
    ScriptedServer server([](auto&, int, std::string) { return std::string(); });
    auto options = options_for(server);
    options.reply_timeout = 30ms;
    options.attempts_max = 1;
    Client client(options);
    EXPECT_EQ(client.info().error().code, Code::timeout);
}

TEST(Client, APlainServerIsNamedAsSuch) {
    ScriptedServer server([](auto&, int, std::string) { return std::string("+OK\r\n"); },
                          "+HI {\"v\":2}\r\n");
    auto options = options_for(server);
    Client strict(options);
    const Status status = strict.connect();
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::invalid);
    EXPECT_NE(status.error().message.find("needs a Sluice server"), std::string::npos);
    options.needs_extension = false;
    Client plain(options);
    EXPECT_TRUE(plain.push({.type = "t"}));
}

/// An address of IPv6 loopback that takes no more connections and says nothing, as behind a network
/// that drops everything.
class SilentAddress {
public:
    SilentAddress() : listener_(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in6 at{};
        at.sin6_family = AF_INET6;
        at.sin6_addr = in6addr_loopback;
        socklen_t size = sizeof at;
        auto* const plain = reinterpret_cast<sockaddr*>(&at);
        if (listener_ < 0 || ::bind(listener_, plain, size) != 0) return;
        SLUICE_CHECK(::listen(listener_, 0) == 0 && ::getsockname(listener_, plain, &size) == 0);
        port = ntohs(at.sin6_port);
        for (int& waiting : waiting_) {
            waiting = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            (void)::connect(waiting, plain, size);
        }
    }
    ~SilentAddress() {
        for (const int waiting : waiting_) {
            if (waiting >= 0) ::close(waiting);
        }
        if (listener_ >= 0) ::close(listener_);
    }
    SilentAddress(const SilentAddress&) = delete;
    SilentAddress& operator=(const SilentAddress&) = delete;

    std::uint16_t port = 0;  ///< 0: this machine has no IPv6

private:
    int listener_;
    int waiting_[4] = {-1, -1, -1, -1};
};

TEST(Client, AnAddressThatSaysNothingLeavesTimeForTheOthers) {
    const SilentAddress silent;
    if (silent.port == 0) GTEST_SKIP() << "no IPv6 loopback here";
    ScriptedServer server([](auto&, int, std::string) { return std::string("+OK\r\n"); },
                          "+HI {\"v\":2,\"x\":1}\r\n", silent.port);
    auto options = options_for(server);
    options.server.host = "localhost";  // both addresses, IPv6 first
    options.connect_timeout = 2s;
    const Instant begin = monotonic_now();
    const Status connected = Client(options).connect();
    EXPECT_TRUE(connected) << connected.error().text();
    EXPECT_LT(monotonic_now() - begin, options.connect_timeout);
}

TEST(Client, WhatTheServerSaidBeforeItClosedIsTheAnswer) {
    std::atomic<int> lines{0};
    ScriptedServer server([&](ScriptedServer& self, int connection, const std::string&) {
        ++lines;
        self.drop(connection);  // with the rest of the second line unread
        return std::string("-TOOLARGE the request line is too long\r\n");
    });
    auto options = options_for(server);
    options.attempts_max = 2;
    Client client(options);
    // Two lines for the server's part, so that it answers and closes within what is being sent.
    const auto reply = client.call("PUSH 1\r\nPUSH " + std::string(50'000'000, 'x'));
    ASSERT_TRUE(reply) << reply.error().text();
    EXPECT_EQ(reply->text, "TOOLARGE the request line is too long");
    EXPECT_EQ(lines, 1);
}

TEST(Client, PasswordsAreProvedNotSent) {
    ScriptedServer server([](auto&, int, std::string) { return std::string("+OK\r\n"); },
                          "+HI {\"v\":2,\"i\":1545,\"s\":\"55104dc76695721d\",\"x\":1}\r\n");
    auto options = options_for(server);
    EXPECT_EQ(Client(options).connect().error().code, Code::denied);
    options.server.password = "foobar";
    Client client(options);
    ASSERT_TRUE(client.connect());
    server.post([&] {
        ASSERT_FALSE(server.hellos.empty());
        EXPECT_NE(server.hellos.back().find(
                      "6d877f8e5544b1f2598768f817413ab8a357afffa924dedae99eb91472d4ec30"),
                  std::string::npos);
        EXPECT_EQ(server.hellos.back().find("foobar"), std::string::npos);
    });
}

TEST(Client, AServerTooBusyToGreetIsTriedAgainAndIsNoWrongPassword) {
    ScriptedServer server([](auto&, int, std::string) { return std::string("+OK\r\n"); });
    server.post([&] { server.hello_refusals = 3; });
    Client client(options_for(server));
    EXPECT_EQ(client.connect().error().code, Code::busy);
    EXPECT_TRUE(client.push({.type = "t"}));
    server.post([&] { EXPECT_EQ(server.hellos.size(), 4U); });
}

TEST(Client, BulkPushesGoInChunksAndTellWhatWasRefused) {
    std::vector<std::size_t> chunks;
    ScriptedServer server([&](auto&, int, std::string line) {
        JsonParser parser;
        const auto json = parser.parse(std::string_view(line).substr(6));
        SLUICE_CHECK(json.has_value());
        std::size_t count = 0;
        for ([[maybe_unused]] const auto job : json->elements()) ++count;
        chunks.push_back(count);
        return bulk(chunks.size() == 2 ? R"({"refused1":"no queue"})" : "{}");
    });
    Client client(options_for(server));
    std::vector<JobSpec> jobs(2500, JobSpec{.type = "t"});
    const auto refused = client.push_bulk(jobs);
    ASSERT_TRUE(refused) << refused.error().text();
    EXPECT_EQ(*refused, (std::vector<Refusal>{{"refused1", "no queue"}}));
    EXPECT_EQ(jobs[2499].jid.size(), 24U);
    server.post([&] { EXPECT_EQ(chunks, (std::vector<std::size_t>{1000, 1000, 500})); });
}

TEST(Client, StatusResultAndQueues) {
    ScriptedServer server([](auto&, int, const std::string& line) {
        if (line == R"(JOB GET {"jid":"known"})") {
            return bulk(R"({"jid":"known","queue":"q","jobtype":"t","args":[],"attempt":2,)"
                        R"("state":"succeeded","result": {"n" : 1},)"
                        R"("failure":{"errtype":"E","message":"m"},"why":["a","b"]})");
        }
        if (line == "INFO") return bulk(R"({"faktory":{"queues":{"a":3,"b":0}}})");
        return std::string("$-1\r\n");
    });
    Client client(options_for(server));
    const auto status = client.status("known");
    ASSERT_TRUE(status && *status);
    EXPECT_EQ((*status)->state, "succeeded");
    EXPECT_EQ((*status)->attempt, 2);
    EXPECT_EQ((*status)->errtype, "E");
    EXPECT_EQ((*status)->why, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(**client.result("known"), "{\"n\" : 1}");
    EXPECT_FALSE(*client.status("unknown"));
    EXPECT_FALSE(*client.result("unknown"));
    const auto queues = client.queues();
    ASSERT_TRUE(queues);
    ASSERT_EQ(queues->size(), 2U);
    EXPECT_EQ((*queues)[0].name, "a");
    EXPECT_EQ((*queues)[0].jobs, 3U);
}

TEST(Client, WaitNamesFewerJobsWhereTheAnswerWouldBeTooLong) {
    std::size_t refused = 0;
    ScriptedServer server([&](auto&, int, const std::string& line) -> std::string {
        JsonParser parser;
        const auto request = parse_wait(*parser.parse(std::string_view(line).substr(5)));
        SLUICE_CHECK(request.has_value());
        if (request->jids.size() > 7) {
            // By the server, or once it is on its way.
            if (++refused % 2 == 0) return "-LIMITED the stored jobs are too long; name fewer\r\n";
            return "$99999999999\r\n";
        }
        std::vector<WaitedView> views;
        for (const std::string& jid : request->jids) {
            views.push_back({.jid = jid, .state = "succeeded", .result = "1"});
        }
        std::string out;
        append_wait_answer(out, true, views);
        return bulk(out);
    });
    Client client(options_for(server));
    std::vector<std::string> jids;
    for (int i = 0; i < 30; ++i) jids.push_back("job-" + std::to_string(i));
    const auto outcome = client.wait(jids, 10s);
    ASSERT_TRUE(outcome) << outcome.error().text();
    EXPECT_TRUE(outcome->complete);
    ASSERT_EQ(outcome->jobs.size(), 30U);
    EXPECT_EQ(outcome->jobs[29].result, "1");
    server.post([&] { EXPECT_EQ(refused, 2U); });
}

TEST(Client, WaitAsksAgainForTheOpenOnesOnly) {
    std::vector<std::vector<std::string>> asked;
    ScriptedServer server([&](auto&, int, const std::string& line) {
        JsonParser parser;
        auto request = parse_wait(*parser.parse(std::string_view(line).substr(5)));
        SLUICE_CHECK(request.has_value());
        asked.push_back(request->jids);
        std::string out;
        std::vector<WaitedView> views;
        for (const std::string& jid : asked.back()) {
            const bool done = jid == "a" || asked.size() > 1;
            views.push_back({.jid = jid, .state = done ? "succeeded" : "running", .result = "1"});
        }
        append_wait_answer(out, asked.size() > 1, views);
        return bulk(out);
    });
    Client client(options_for(server));
    const std::vector<std::string> jids{"a", "b"};
    const auto outcome = client.wait(jids, 10s);
    ASSERT_TRUE(outcome) << outcome.error().text();
    EXPECT_TRUE(outcome->complete);
    ASSERT_EQ(outcome->jobs.size(), 2U);
    EXPECT_TRUE(outcome->jobs[1].is_success());
    EXPECT_EQ(outcome->jobs[1].result, "1");
    server.post(
        [&] { EXPECT_EQ(asked, (std::vector<std::vector<std::string>>{{"a", "b"}, {"b"}})); });
}

TEST(Client, ActsBecomeTheRightLines) {
    std::vector<std::string> lines;
    ScriptedServer server([&](auto&, int, const std::string& line) {
        lines.push_back(line);
        if (line.starts_with("CANCEL")) return bulk(R"({"count":4})");
        if (line.starts_with("JOB LIST")) return bulk(R"({"jobs":[]})");
        return std::string("+OK\r\n");
    });
    Client client(options_for(server));
    EXPECT_EQ(*client.cancel("j1", "why"), 4U);
    EXPECT_TRUE(client.mutate(
        {.action = MutateWord::requeue,
         .target = MutateTarget::dead,
         .filter = {.states = {}, .jids = {}, .type = "t", .glob = {}, .queue = {}}}));
    EXPECT_TRUE(
        client.change_queues({.action = QueueWord::pause, .all = false, .names = {"a", "b"}}));
    EXPECT_TRUE(client.change_queues({.action = QueueWord::resume, .all = true, .names = {}}));
    EXPECT_TRUE(
        client.change_queues({.action = QueueWord::make_async, .all = false, .names = {"a"}}));
    EXPECT_FALSE(
        client.change_queues({.action = QueueWord::pause, .all = false, .names = {"a b"}}));
    EXPECT_FALSE(client.change_queues({.action = QueueWord::pause, .all = false, .names = {}}));
    EXPECT_EQ(*client.list({.filter = {}, .after = 7, .limit = 5}), R"({"jobs":[]})");
    EXPECT_TRUE(client.flush());
    server.post([&] {
        EXPECT_EQ(lines, (std::vector<std::string>{
                             R"(CANCEL {"filter":{"jids":["j1"]},"reason":"why"})",
                             R"(MUTATE {"cmd":"requeue","target":"dead","filter":{"jobtype":"t"}})",
                             "QUEUE PAUSE a b", "QUEUE RESUME *",
                             R"(QUEUE SET {"name":"a","durability":"async"})",
                             R"(JOB LIST {"filter":{},"after":"7","limit":5})", "FLUSH"}));
    });
}

TEST(Client, PipelinedRepliesComeInOrder) {
    int count = 0;
    ScriptedServer server([&](auto&, int, const std::string& line) {
        return bulk(line + '/' + std::to_string(++count));
    });
    Client client(options_for(server));
    for (int i = 0; i < 500; ++i) ASSERT_TRUE(client.send("INFO"));
    EXPECT_EQ(client.call("INFO").error().code, Code::invalid);
    for (int i = 1; i <= 500; ++i) {
        const auto reply = client.receive();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->text, "INFO/" + std::to_string(i));
    }
    EXPECT_FALSE(client.receive());
    EXPECT_TRUE(client.call("INFO"));
}

TEST(Client, HugePipelinesDoNotLockUp) {
    // Both directions hold more than the sockets' buffers: it works only if the client reads while
    // it writes.
    const std::string big(100'000, 'x');
    ScriptedServer server([&](auto&, int, const std::string& line) { return bulk(line); });
    Client client(options_for(server));
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(client.send("ECHO " + big));
    for (int i = 0; i < 200; ++i) {
        const auto reply = client.receive();
        ASSERT_TRUE(reply) << reply.error().text();
        EXPECT_EQ(reply->text.size(), big.size() + 5);
    }
}

TEST(Client, ThePipelineIsBounded) {
    ScriptedServer server([](auto&, int, std::string) { return std::string("+OK\r\n"); });
    Client client(options_for(server));
    for (std::size_t i = 0; i < pipeline_max; ++i) ASSERT_TRUE(client.send("INFO"));
    EXPECT_EQ(client.send("INFO").error().code, Code::exhausted);
}

TEST(Client, NoServerIsAnErrorWithTheAddress) {
    const RefusingPort gone;
    ClientOptions options;
    options.server = gone.address();
    options.attempts_max = 2;
    options.backoff_base = 1ms;
    Client client(options);
    const auto info = client.info();
    ASSERT_FALSE(info);
    EXPECT_EQ(info.error().code, Code::io);
    EXPECT_TRUE(info.error().message.starts_with("127.0.0.1:")) << info.error().message;
}

}  // namespace
}  // namespace sluice::sdk
