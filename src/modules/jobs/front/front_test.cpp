// SPDX-License-Identifier: Apache-2.0
// The pure parts of the front; the sessions are tested over real sockets by the transcripts in
// tests/e2e.
#include "kernel/sync/channel.h"
#include "kernel/wire/json_reader.h"
#include "modules/jobs/front/convert.h"
#include "modules/jobs/front/desk.h"
#include "modules/jobs/front/info_json.h"
#include "modules/jobs/ledger/memory_ledger.h"

#include <gtest/gtest.h>

namespace sluice::jobs {
namespace {

JobRecord parse(std::string_view json) {
    JsonParser parser;
    const auto view = parser.parse(json);
    const auto parts = sdk::parse_job(*view, wall_from_ns(1'000'000'000));
    JobRecord job;
    job.body = to_body(*parts);
    job.head.seq = Seq(7);
    job.head.enqueued_at = wall_from_ns(2'000'000'000);
    return job;
}

TEST(Convert, JobComesBackByteExact) {
    const JobRecord job = parse(
        R"({"jid":"abcdefgh1","jobtype":"t","queue":"q","args":[12345678901234567890, 1.0 ,{"b":1,"a":2}],"mine":{"x":1},"retry":3})");
    std::string text;
    append_job(text, job, JobShape::plain);
    EXPECT_EQ(
        text,
        R"({"jid":"abcdefgh1","queue":"q","jobtype":"t","args":[12345678901234567890, 1.0 ,{"b":1,"a":2}],)"
        R"("created_at":"1970-01-01T00:00:01Z","enqueued_at":"1970-01-01T00:00:02Z","retry":3,"mine":{"x":1}})");
}

TEST(Convert, ExtendedShapeHasTheLease) {
    JobRecord job = parse(R"({"jid":"abcdefgh1","jobtype":"t","args":[]})");
    job.head.state = JobState::running;
    job.head.attempt = 2;
    job.head.lease.token = LeaseToken(0x1f);
    std::string text;
    append_job(text, job, JobShape::extended);
    EXPECT_NE(text.find(R"("lease":"000000000000001f","attempt":2)"), std::string::npos) << text;
}

TEST(Convert, StatusShapeSaysStateAndReasons) {
    const JobRecord job = parse(R"({"jid":"abcdefgh1","jobtype":"t","args":[]})");
    const std::vector<std::string> why{"queue_paused"};
    std::string text;
    append_job(text, job, JobShape::status, why);
    EXPECT_NE(text.find(R"("state":"enqueued")"), std::string::npos) << text;
    EXPECT_NE(text.find(R"("why":["queue_paused"])"), std::string::npos) << text;
}

TEST(Convert, StatusShapeShowsTheProgressOfARunningJob) {
    JobRecord job = parse(R"({"jid":"abcdefgh1","jobtype":"t","args":[]})");
    job.head.progress = std::make_shared<const JobProgress>(
        JobProgress{.percent = 40, .note = "half \"way\"", .at = wall_from_ns(3'000'000'000)});
    std::string text;
    append_job(text, job, JobShape::status);
    EXPECT_EQ(text.find("progress"), std::string::npos) << text;
    job.head.state = JobState::running;
    text.clear();
    append_job(text, job, JobShape::extended);
    EXPECT_EQ(text.find("progress"), std::string::npos) << text;
    text.clear();
    append_job(text, job, JobShape::status);
    EXPECT_NE(text.find(R"("progress":{"percent":40,"note":"half \"way\"",)"
                        R"("at":"1970-01-01T00:00:03Z"})"),
              std::string::npos)
        << text;
}

TEST(Convert, GlobIsMatchedAgainstCompactJson) {
    const JobRecord job = parse(R"({"jid":"abcdefgh1","jobtype":"t","args":[ "fizz" ]})");
    const JobFilter filter = to_filter({.states = {"dead"},
                                        .jids = {},
                                        .type = "t",
                                        .glob = R"(*"args":\["fizz"\]*)",
                                        .queue = {}})
                                 .value();
    EXPECT_EQ(filter.states, std::vector{JobState::dead});
    ASSERT_NE(filter.matcher, nullptr);
    EXPECT_TRUE(filter.matcher->matches(job));
    EXPECT_FALSE(to_filter({.states = {}, .jids = {}, .type = {}, .glob = "*buzz*", .queue = {}})
                     ->matcher->matches(job));
}

TEST(Convert, AFilterWithAnUnknownStateIsRefused) {
    for (const auto& states :
         {std::vector<std::string>{"nonsense"}, std::vector<std::string>{"dead", "nonsense"}}) {
        const auto filter =
            to_filter({.states = states, .jids = {}, .type = {}, .glob = {}, .queue = {}});
        ASSERT_FALSE(filter);
        EXPECT_EQ(filter.error().message, "filter: no such state: nonsense");
    }
}

InfoReply sample_info() {
    InfoReply info;
    info.queues.push_back({.name = "default",
                           .paused = false,
                           .durable = true,
                           .enqueued = 3,
                           .running = 1,
                           .waiting_fetches = 0,
                           .arrived = 9,
                           .delivered = 6,
                           .oldest = wall_from_ns(0) + 10s});
    info.enqueued = 3;
    info.dead = 2;
    return info;
}

TEST(InfoJson, HasExactlyFaktorysFourMembers) {
    std::string text;
    append_info(text, sample_info(),
                {.version = "0.1.0",
                 .uptime = 61s,
                 .connections = 2,
                 .command_count = 5,
                 .used_memory_mb = 20},
                wall_from_ns(0) + 3723s);
    const auto document = JsonDocument::parse(text);
    ASSERT_TRUE(document) << text;
    std::vector<std::string> names;
    for (const JsonMember member : document->root().members()) names.emplace_back(member.name);
    EXPECT_EQ(names, (std::vector<std::string>{"now", "server_utc_time", "faktory", "server"}));
    EXPECT_NE(text.find(R"("server_utc_time":"01:02:03 UTC")"), std::string::npos);
    EXPECT_NE(text.find(R"("faktory_version":"1.10.0")"), std::string::npos);
    EXPECT_NE(text.find("Enterprise"), std::string::npos);
    EXPECT_NE(text.find(R"("arrived":9,"delivered":6)"), std::string::npos);
}

TEST(InfoJson, LatencyIsTheAgeOfTheOldestJob) {
    std::string text;
    const std::vector<std::string> names{"default", "unknown"};
    append_latency(text, sample_info(), names, wall_from_ns(0) + 12s);
    EXPECT_EQ(text, R"({"default":2,"unknown":0})");
}

class Holder final : public TicketHolder {
public:
    void on_reply(std::uint64_t tag, ReplyBody&& reply) override {
        tags.push_back(tag);
        refused += std::holds_alternative<RefusedReply>(reply) ? 1 : 0;
    }
    void on_close_asked() override { ++closes; }
    std::vector<std::uint64_t> tags;
    int refused = 0;
    int closes = 0;
};

TEST(Desk, ReplyFindsItsHolderOnce) {
    Desk desk(0);
    Holder holder;
    const TicketId ticket = desk.open(holder, 41);
    desk.deliver({ticket, OkReply{}});
    desk.deliver({ticket, OkReply{}});
    EXPECT_EQ(holder.tags, std::vector<std::uint64_t>{41});
}

TEST(Desk, PlaceUsedAgainDoesNotTakeOldReplies) {
    Desk desk(0);
    Holder gone;
    Holder holder;
    const TicketId old_ticket = desk.open(gone, 1);
    desk.close(old_ticket);
    const TicketId ticket = desk.open(holder, 2);
    EXPECT_NE(ticket, old_ticket);
    desk.deliver({old_ticket, OkReply{}});
    EXPECT_TRUE(gone.tags.empty());
    EXPECT_TRUE(holder.tags.empty());
}

TEST(Desk, FailAllAnswersEveryTicketAndClosesEveryConnection) {
    Desk desk(3);
    Holder holder;
    const ConnectionId connection = desk.connect(holder);
    desk.open(holder, 1);
    desk.open(holder, 2);
    desk.fail_all("storage failed");
    EXPECT_EQ(holder.refused, 2);
    EXPECT_EQ(holder.closes, 1);
    desk.disconnect(connection);
    desk.fail_all("storage failed");
    EXPECT_EQ(holder.closes, 1);
}

/// Asks INFO until the shard has room for it; what was submitted before has been taken then.
class Asker final : public TicketHolder {
public:
    Asker(Desk& desk, Channel<int>& done) : desk_(desk), done_(done) {}
    void ask() { desk_.submit(Info{.ticket = desk_.open(*this, 0)}); }
    void on_reply(std::uint64_t, ReplyBody&& reply) override {
        if (std::holds_alternative<InfoReply>(reply))
            done_.push(1);
        else
            thread_->post([this] { ask(); });
    }
    void on_close_asked() override {}
    void run_on(IoThread& thread) { thread_ = &thread; }

private:
    Desk& desk_;
    Channel<int>& done_;
    IoThread* thread_ = nullptr;
};

/// Pushes one job, has it answered to a ticket that is closed already, and fetches it again.
class LateAnswer final : public TicketHolder {
public:
    LateAnswer(Desk& desk, Channel<std::size_t>& done) : desk_(desk), done_(done) {}
    void push(std::shared_ptr<const JobBody> body) {
        desk_.submit(Push{.ticket = desk_.open(*this, 0), .jobs = {std::move(body)}});
    }
    TicketId fetch() {
        const TicketId ticket = desk_.open(*this, 1);
        desk_.submit(Fetch{.ticket = ticket, .caller = {}, .queues = {"default"}, .wait = 0s});
        return ticket;
    }
    void on_reply(std::uint64_t tag, ReplyBody&& reply) override {
        if (tag == 0) {
            desk_.close(fetch());  // its connection has ended when the job comes
            fetch_again();
        } else {
            const auto* jobs = std::get_if<JobsReply>(&reply);
            if (jobs != nullptr && jobs->jobs.empty() && --tries_ > 0) return fetch_again();
            done_.push(jobs == nullptr ? 0 : jobs->jobs.size());
        }
    }
    void on_close_asked() override {}
    void run_on(IoThread& thread) { thread_ = &thread; }

private:
    void fetch_again() {
        thread_->post([this] { fetch(); });
    }
    Desk& desk_;
    Channel<std::size_t>& done_;
    IoThread* thread_ = nullptr;
    int tries_ = 10'000;
};

TEST(Desk, JobsOfAnAnswerThatComesTooLateAreGivenBack) {
    auto runtime = Runtime::start({.io_threads = 1, .name = "io"});
    ASSERT_TRUE(runtime);
    Desks desks(**runtime);
    Registry metrics;
    auto shard = Shard::start(std::make_unique<MemoryLedger>(), desks, metrics, {}, nullptr);
    ASSERT_TRUE(shard);
    desks.set_shard(shard->get());
    IoThread& thread = (*runtime)->thread(0);
    Channel<std::size_t> done(1);
    LateAnswer late(desks.of(thread), done);
    late.run_on(thread);
    thread.post([&] {
        JsonParser parser;
        const auto json = parser.parse(R"({"jid":"a-job-0001","jobtype":"t","args":[]})");
        late.push(to_body(*sdk::parse_job(*json, wall_now())));
    });
    std::size_t jobs = 0;
    EXPECT_EQ(done.pop_until(jobs, deadline_after(60s)), ChannelStatus::ok);
    EXPECT_EQ(jobs, 1U);
    (*shard)->stop();
    (*runtime)->stop(deadline_after(5s));
}

TEST(Desk, DisconnectsThatFindTheShardFullAreTakenLater) {
    auto runtime = Runtime::start({.io_threads = 1, .name = "io"});
    ASSERT_TRUE(runtime);
    Desks desks(**runtime);
    Registry metrics;
    ShardOptions options;
    options.commands_max = 4;
    auto shard = Shard::start(std::make_unique<MemoryLedger>(), desks, metrics, options, nullptr);
    ASSERT_TRUE(shard);
    desks.set_shard(shard->get());
    IoThread& thread = (*runtime)->thread(0);
    Desk& desk = desks.of(thread);
    Channel<int> done(1);
    Asker asker(desk, done);
    asker.run_on(thread);
    constexpr std::uint64_t disconnects = 2'000;
    thread.post([&] {
        for (std::uint64_t i = 1; i <= disconnects; ++i) {
            desk.submit(Disconnect{.caller = {ConnectionId(i), nullptr}});
        }
        asker.ask();
    });
    int answered = 0;
    EXPECT_EQ(done.pop_until(answered, deadline_after(60s)), ChannelStatus::ok);
    (*shard)->stop();
    EXPECT_GE(
        metrics.counter({"sluice_jobs_commands_total", "Commands decided by the queue"}).value(),
        disconnects);
    (*runtime)->stop(deadline_after(5s));
}

}  // namespace
}  // namespace sluice::jobs
