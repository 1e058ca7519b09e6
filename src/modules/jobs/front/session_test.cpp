// SPDX-License-Identifier: Apache-2.0
// Sessions over real sockets where a whole server cannot be brought into the state that is wanted:
// while it drains, and with times that no setting allows. Everything else is in tests/e2e.
#include "kernel/net/raw_client_testing.h"
#include "kernel/sync/clock.h"
#include "modules/jobs/front/door_testing.h"

#include <gtest/gtest.h>

namespace sluice::jobs {
namespace {

/// A client that said HELLO.
class Caller {
public:
    Caller(const Door& door, std::string_view hello) : client_(door.port()) {
        const std::string greeting = "+HI {\"v\":2,\"x\":1}\r\n";
        EXPECT_EQ(client_.receive_exactly(greeting.size()), greeting);
        expect(std::string("HELLO ") + std::string(hello), "+OK\r\n");
    }
    void send(const std::string& line) { EXPECT_TRUE(client_.send(line + "\r\n")); }
    /// The same to a server that may have gone: what comes next, or nothing.
    std::string ask(const std::string& line) {
        (void)client_.send(line + "\r\n");
        return client_.receive();
    }
    /// Sends the line and expects exactly these bytes.
    void expect(const std::string& line, const std::string& reply) {
        send(line);
        EXPECT_EQ(client_.receive_exactly(reply.size()), reply) << line;
    }
    std::string rest() { return client_.receive_all(); }
    /// Sends the line and receives the first byte of the reply. All of the reply is acknowledged
    /// then, which goes with the beginning of another line.
    std::string first_byte(const std::string& line) {
        send(line);
        const std::string first = client_.receive(1);
        EXPECT_TRUE(client_.send("F"));
        return first;
    }

private:
    RawClient client_;
};

const std::string push = R"(PUSH {"jid":"a-job-0001","jobtype":"t","args":[]})";

TEST(Session, WhileTheServerDrainsPushesAreRefusedAndFetchesGetNothing) {
    Door door;
    Caller plain(door, R"({"v":2,"wid":"w"})");
    Caller extended(door, R"({"v":2,"wid":"x","x":1})");
    plain.expect(push, "+OK\r\n");
    door.begin_drain();
    Caller late(door, R"({"v":2})");
    late.expect(push, "-ERR shutdown in progress\r\n");
    late.expect("PUSHB [" + push.substr(5) + "]", "-ERR shutdown in progress\r\n");
    late.expect("FETCH default", "$-1\r\n");
    extended.expect(push, "-SHUTDOWN shutdown in progress\r\n");
    extended.expect(R"(FETCHB {"queues":["default"],"max":5,"wait_ms":60000})", "$2\r\n[]\r\n");
    // Whoever has work may still end it, and say that it lives.
    extended.expect(R"(BEAT {"wid":"x"})", "$23\r\n{\"cancel\":[],\"lost\":[]}\r\n");
    late.expect(R"(ACK {"jid":"nobody-knows"})", "+OK\r\n");
}

TEST(Session, WhoseProofNobodyHasTimeToCheckIsToldBusyNotWrong) {
    Door door({}, nullptr, {.password = "secret", .version = {}});
    door.stop_checking_passwords();
    for (const bool extended : {false, true}) {
        RawClient client(door.port());
        std::string greeting;
        while (!greeting.ends_with("\r\n")) greeting += client.receive_exactly(1);
        const std::string member = extended ? R"(,"x":1)" : "";
        ASSERT_TRUE(client.send(R"(HELLO {"v":2,"pwdhash":"00")" + member + "}\r\n"));
        EXPECT_EQ(client.receive_all(), extended ? "-BUSY server is busy, try again\r\n"
                                                 : "-ERR server is busy, try again\r\n");
    }
}

TEST(Session, OnceTheQueueHasStoppedEveryoneIsToldSo) {
    Door door;
    Caller plain(door, R"({"v":2})");
    Caller extended(door, R"({"v":2,"x":1})");
    plain.expect(push, "+OK\r\n");
    door.begin_drain();
    door.stop_queue();
    plain.expect(R"(ACK {"jid":"a-job-0001"})", "-ERR shutdown in progress\r\n");
    extended.expect("INFO", "-SHUTDOWN shutdown in progress\r\n");
}

TEST(Session, NothingBehindAFailedHandshakeIsDone) {
    Door door;
    for (const char* first : {"POST / HTTP/1.1", R"(HELLO {"v":"2"})", "INFO"}) {
        RawClient page(door.port());  // a browser can be made to send this
        EXPECT_TRUE(page.send(std::string(first) + "\r\nHELLO {\"v\":2}\r\n" + push + "\r\n"));
        EXPECT_EQ(page.receive_all().find("+OK"), std::string::npos);
    }
    Caller asker(door, R"({"v":2})");
    asker.expect(
        R"(WAIT {"jids":["a-job-0001"]})",
        "$65\r\n{\"complete\":true,\"jobs\":[{\"jid\":\"a-job-0001\",\"state\":\"unknown\"}]}\r\n");
}

TEST(Session, ListingsAreNotDecidedAheadOfASlowReader) {
    Door door;
    Caller producer(door, R"({"v":2})");
    const std::string args = "[\"" + std::string(1U << 20U, 'x') + "\"]";
    producer.expect(R"(PUSH {"jid":"a-job-0001","jobtype":"t","args":)" + args + "}", "+OK\r\n");
    Caller reader(door, R"({"v":2})");
    constexpr std::size_t listings = 100;
    std::string lines;
    for (std::size_t i = 0; i < listings; ++i) lines += "JOB LIST\r\n";
    reader.send(lines + "END");
    for (int i = 0; i < 20; ++i) producer.expect(R"(ACK {"jid":"nobody-knows"})", "+OK\r\n");
    EXPECT_LT(door.requests(), listings / 2);
    EXPECT_GT(reader.rest().size(), listings * args.size());
}

TEST(Session, AJobTooLargeToBeSentGoesBackToItsQueue) {
    Door door;  // its listener gives up on 16 MiB of unsent output
    Caller producer(door, R"({"v":2})");
    const std::string large(17U << 20U, 'x');
    producer.expect(R"(PUSH {"jid":"a-job-0001","jobtype":"t","args":[")" + large + "\"]}",
                    "+OK\r\n");
    Caller worker(door, R"({"v":2})");
    worker.send("FETCH default");
    EXPECT_EQ(worker.rest(), "");
    const auto state = [&] {
        Caller asker(door, R"({"v":2})");
        asker.send(R"(WAIT {"jids":["a-job-0001"],"timeout_ms":0})");
        asker.send("END");
        return asker.rest();
    };
    const Instant end = deadline_after(30s);
    while (state().find("enqueued") == std::string::npos)
        ASSERT_LT(monotonic_now(), end) << state();
}

TEST(Session, AWorkerThatEndsWithoutHavingReadItsJobGivesItBack) {
    Door door;
    Caller producer(door, R"({"v":2})");
    producer.expect(push, "+OK\r\n");
    {
        Caller worker(door, R"({"v":2,"wid":"w"})");
        EXPECT_EQ(worker.first_byte("FETCH default"), "$");
        // Linux resets a connection that is closed with unread bytes.
    }
    const Instant end = deadline_after(30s);
    std::string heard;
    while (heard.find("a-job-0001") == std::string::npos) {
        ASSERT_LT(monotonic_now(), end);
        Caller second(door, R"({"v":2,"wid":"v"})");
        second.send("FETCH default");
        second.send("END");
        heard = second.rest();
    }
}

TEST(Session, AConnectionResetLaterThanThatLeavesTheLease) {
    FrontOptions options;
    options.unread_within = Duration{-1};
    Door door({}, nullptr, std::move(options));
    Caller producer(door, R"({"v":2,"wid":"p","x":1})");
    producer.expect(push, "+OK\r\n");
    {
        Caller worker(door, R"({"v":2,"wid":"w"})");
        EXPECT_EQ(worker.first_byte("FETCH default"), "$");
    }
    const Instant end = deadline_after(30s);
    while (producer.ask("INFO").find(R"("connections":1,)") == std::string::npos)
        ASSERT_LT(monotonic_now(), end);
    producer.expect(R"(FETCHB {"queues":["default"],"max":1,"wait_ms":0})", "$2\r\n[]\r\n");
}

TEST(Session, AJobWhoseLeaseHasRunOutOnTheWayIsNotSent) {
    FrontOptions options;
    options.send_margin = 24h;  // as if the answer had been under way for so long
    Door door({}, nullptr, std::move(options));
    Caller worker(door, R"({"v":2,"wid":"w","x":1})");
    worker.expect(push, "+OK\r\n");
    worker.expect(R"(FETCHB {"queues":["default"],"max":1,"wait_ms":0})", "$2\r\n[]\r\n");
    worker.expect("FETCH default", "$-1\r\n");
    worker.expect(R"(WAIT {"jids":["a-job-0001"],"timeout_ms":0})",
                  "$67\r\n{\"complete\":false,\"jobs\":[{\"jid\":\"a-job-0001\",\"state\":"
                  "\"enqueued\"}]}\r\n");
}

/// A worker that fetches a job and never beats, and what becomes of both. False when it took longer
/// than `silence` until it had the job: then it may have been lost before.
bool silent_worker_is_lost(const char* hello, Duration silence) {
    EngineConfig engine;
    engine.worker_silence = silence;
    engine.extended_silence = silence;
    Door door(engine);
    Caller producer(door, R"({"v":2})");
    producer.expect(push, "+OK\r\n");
    const Instant before = monotonic_now();
    Caller worker(door, hello);
    Caller second(door, hello);  // another connection of the same worker
    const std::string heard = worker.ask(R"(FETCHB {"queues":["default"],"max":1,"wait_ms":0})");
    if (monotonic_now() - before >= silence) return false;
    // The job is the last thing it hears: it never beats.
    EXPECT_NE((heard + worker.rest()).find(R"("jid":"a-job-0001")"), std::string::npos);
    EXPECT_EQ(second.rest(), "");
    producer.expect(R"(BEAT {"wid":"w"})", "-ERR Unknown worker w\r\n");
    producer.send("FETCH default");
    producer.send("END");
    EXPECT_NE(producer.rest().find(R"("jid":"a-job-0001")"), std::string::npos);
    return true;
}

TEST(Session, ASilentWorkerLosesItsConnectionsAndItsJobs) {
    for (const char* hello : {R"({"v":2,"wid":"w"})", R"({"v":2,"wid":"w","x":1})"}) {
        Duration silence = 150ms;
        while (!silent_worker_is_lost(hello, silence)) {
            silence *= 2;
            ASSERT_LT(silence, 15s);
        }
    }
}

}  // namespace
}  // namespace sluice::jobs
