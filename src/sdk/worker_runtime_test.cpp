// SPDX-License-Identifier: Apache-2.0
// The worker under memory pressure and without its server, and what it tells of itself.
#include "sdk/fake_queue_testing.h"
#include "sdk/spool.h"
#include "sdk/worker.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sdk {
namespace {

/// The lines that a worker logs.
class Log {
public:
    explicit Log(WorkerOptions& options) {
        options.log = [this](std::string_view line) { lines_.try_push(std::string(line)); };
    }
    void await(std::string_view part) {
        std::string line;
        while (lines_.pop_until(line, deadline_after(30s)) == ChannelStatus::ok) {
            if (line.find(part) != std::string::npos) return;
        }
        ADD_FAILURE() << "never said: " << part;
    }

private:
    Channel<std::string> lines_{10'000};
};

TEST(WorkerPressure, NothingIsBegunWhileMemoryRunsShort) {
    FakeQueue queue;
    std::atomic<std::uint64_t> available{50};
    Running running(queue);
    Log log(running.options);
    running.options.pressure = {.available_percent_min = 10};
    running.options.pressure_interval = 1ms;
    running.options.memory_sample = [&] {
        return MemorySample{.available = Bytes{available.load()}, .total = Bytes{1000}};
    };
    running.add("echo", echo());
    running.start();
    log.await("fetching no more: 5.0 % of memory available");
    EXPECT_TRUE(running.worker->counters().under_pressure);
    queue.push("echo");  // to a fetch that was under way, or to nobody
    available = 500;
    log.await("fetching again: 50.0 % of memory available");
    queue.push("echo");
    EXPECT_NE(queue.await("ACKB").find("job-"), std::string::npos);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_EQ(running.worker->counters().pressures, 1U);
    EXPECT_FALSE(running.worker->counters().under_pressure);
}

class WorkerSpool : public testing::Test {
protected:
    ScratchFolder folder;
};

TEST(Worker, ASpoolThatCannotBeOpenedEndsTheRunAlsoWithSignals) {
    FakeQueue queue;
    Running running(queue);
    running.options.spool_folder = "/dev/null/spool";
    running.options.handles_signals = true;
    running.start();
    EXPECT_EQ(running.finish().error().code, Code::io);
}

TEST_F(WorkerSpool, AnswersOutliveTheWorkerAndAreDeliveredByTheNext) {
    FakeQueue queue;
    queue.post([&] {
        queue.twist = [](int, const std::string& line) -> std::optional<std::string> {
            if (line.starts_with("ACKB")) return "";  // no answer ever comes
            return std::nullopt;
        };
    });
    {
        Running running(queue);
        Log log(running.options);
        running.options.spool_folder = folder.path();
        running.options.reply_timeout = 200ms;
        running.options.fetch_wait = 1s;
        running.add("echo", echo());
        running.start();
        queue.push("echo", R"(["kept"])");
        queue.await("ACKB");
        queue.await("ACKB");
        running.worker->stop();
        log.await("1 answers wait in the spool");
        EXPECT_TRUE(running.finish());
        EXPECT_EQ(running.worker->counters().spooled, 1U);
        EXPECT_EQ(running.worker->counters().unsent, 0U);
    }
    queue.post([&] { queue.twist = nullptr; });
    Running next(queue);
    Log log(next.options);
    next.options.spool_folder = folder.path();
    next.add("echo", echo());
    next.start();
    log.await("1 answers were in the spool");
    EXPECT_EQ(queue.await("ACKB"),
              R"(ACKB [{"jid":"job-1","lease":"0000000000000001","result":["kept"]}])");
    next.worker->stop();
    EXPECT_TRUE(next.finish());
    EXPECT_EQ(next.worker->counters().recovered, 1U);
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "delivered and forgotten";
}

TEST_F(WorkerSpool, AnAnswerIsInItBeforeTheServerSeesIt) {
    FakeQueue queue;
    std::vector<Answer> seen;
    queue.post([&] {
        queue.twist = [&](int, const std::string& line) -> std::optional<std::string> {
            if (!line.starts_with("ACKB")) return std::nullopt;
            for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
                std::ifstream file(entry.path(), std::ios::binary);
                const std::string text(std::istreambuf_iterator<char>(file), {});
                const auto records = std::string_view(text).substr(text.find('\n') + 1);
                for (Answer& answer : read_spool_records(records)) seen.push_back(answer);
            }
            return std::nullopt;
        };
    });
    Running running(queue);
    running.options.spool_folder = folder.path();
    running.add("echo", echo());
    running.start();
    for (const char* args : {R"(["a long first answer"])", "[2]", "[3]"}) {
        queue.push("echo", args);
        queue.await("ACKB");
    }
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    queue.post([&] {
        ASSERT_EQ(seen.size(), 3U) << "each alone: what was delivered is forgotten";
        EXPECT_EQ(seen[0].result, R"(["a long first answer"])");
        EXPECT_EQ(seen[1].result, "[2]");
        EXPECT_EQ(seen[2].jid, "job-3");
        queue.twist = nullptr;
    });
    EXPECT_EQ(running.worker->counters().spooled, 0U) << "none had to wait in it";
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST_F(WorkerSpool, AServerThatDoesNotAnswerIsNoticedAtOnce) {
    FakeQueue queue;
    queue.post([&] {
        queue.twist = [](int, const std::string& line) -> std::optional<std::string> {
            if (line.starts_with("ACKB")) return "";
            return std::nullopt;
        };
    });
    Running running(queue);
    Log log(running.options);
    running.options.spool_folder = folder.path();
    running.options.reply_timeout = 24h;
    running.options.cancel_grace = 1ms;
    running.add("echo", echo());
    running.start();
    queue.push("echo");
    log.await("the server does not answer");
    EXPECT_EQ(running.worker->counters().spooled, 1U);
    queue.post([&] { queue.twist = nullptr; });  // first: a worker that is back already is answered
    queue.drop_all();
    running.worker->stop_now();
    EXPECT_TRUE(running.finish());
}

TEST_F(WorkerSpool, AFolderThatCannotBeMadeIsSaidAtTheStart) {
    FakeQueue queue;
    Running running(queue);
    running.options.spool_folder = "/proc/nowhere";
    running.add("echo", echo());
    running.start();
    const Status verdict = running.finish();
    ASSERT_FALSE(verdict);
    EXPECT_EQ(verdict.error().code, Code::io);
}

TEST(WorkerPictures, ShowWhatRunsWhatWaitsAndWhatFailed) {
    FakeQueue queue;
    Gate gate;
    Running running(queue);
    running.options.capacity.mem_mb = 100;
    running.add("gate", gate.handler(), {.needs = {.mem_mb = 60}, .concurrency_max = 0});
    running.add("fails",
                [](JobContext&) -> Outcome { return Failure{.errtype = "E", .message = "why"}; });
    for (const char* type : {"fails", "gate", "gate"}) queue.push(type);
    running.start();
    EXPECT_EQ(gate.await_begin(), "job-2");
    queue.await("FAILB");
    const auto picture = running.worker->picture(deadline_after(30s));
    ASSERT_TRUE(picture);
    EXPECT_EQ(picture->state, "running");
    EXPECT_EQ(picture->used.mem_mb, 60U);
    ASSERT_EQ(picture->jobs.size(), 2U);
    EXPECT_EQ(picture->jobs[0].jid, "job-2");
    EXPECT_EQ(picture->jobs[0].type, "gate");
    EXPECT_EQ(picture->jobs[0].stage, WorkerPicture::Stage::running);
    EXPECT_EQ(picture->jobs[1].stage, WorkerPicture::Stage::parked);
    ASSERT_EQ(picture->failures.size(), 1U);
    EXPECT_EQ(picture->failures[0].errtype + picture->failures[0].message, "Ewhy");
    gate.let_go(2);
    running.worker->stop();
    EXPECT_TRUE(running.finish());
    EXPECT_FALSE(running.worker->picture(deadline_after(30s))) << "it has ended";
}

}  // namespace
}  // namespace sluice::sdk
