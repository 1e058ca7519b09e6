// SPDX-License-Identifier: Apache-2.0
// Flows from beginning to end against a server made of a map: jobs run in any order, and any run
// may end in the middle, be run again while it still runs, or be run again long after.
#include "kernel/base/random.h"
#include "modules/work/built_in_types_testing.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>

namespace sluice::work {
namespace {

struct FakeJob {
    sdk::JobSpec spec;
    std::string state = "enqueued";
    std::string result;
    int completions = 0;
};

/// What a server keeps: repeats of a push are recognised as for a client that opted in.
struct FakeServer {
    std::map<std::string, FakeJob> jobs;
    std::uint64_t conflicts = 0;
    std::uint64_t repeats = 0;

    void push(const sdk::JobSpec& spec) {
        const auto [at, added] = jobs.try_emplace(spec.jid);
        if (added) {
            at->second.spec = spec;
            return;
        }
        const sdk::JobSpec& known = at->second.spec;
        const bool same =
            known.type == spec.type && known.queue == spec.queue && known.args == spec.args;
        ++(same ? repeats : conflicts);
    }
};

class FakeContext final : public sdk::JobContext {
public:
    FakeContext(FakeServer& server, const FakeJob& job, Random& random, unsigned crash_percent)
        : server_(server), random_(random), crash_percent_(crash_percent) {
        delivery_.jid = job.spec.jid;
        delivery_.queue = job.spec.queue;
        delivery_.type = job.spec.type;
        delivery_.args = job.spec.args;
    }
    [[nodiscard]] const sdk::Delivery& job() const override { return delivery_; }
    [[nodiscard]] const CancelToken& cancel() const override { return cancel_; }
    void progress(int, std::string_view) override {}
    Result<std::vector<sdk::Refusal>> push(std::span<sdk::JobSpec> jobs) override {
        for (const sdk::JobSpec& job : jobs) {
            if (crashes()) return fail(Code::io, "crash");
            server_.push(job);
        }
        if (crashes()) return fail(Code::io, "crash");
        return std::vector<sdk::Refusal>{};
    }
    Result<std::vector<sdk::JobEnd>> ends(std::span<const std::string> jids) override {
        if (crashes()) return fail(Code::io, "crash");
        std::vector<sdk::JobEnd> ends;
        for (const std::string& jid : jids) {
            const auto job = server_.jobs.find(jid);
            if (job == server_.jobs.end()) {
                ends.push_back({.jid = jid, .state = "unknown"});
            } else {
                ends.push_back({.jid = jid,
                                .state = job->second.state,
                                .result = job->second.result,
                                .errtype = "E",
                                .message = "m"});
            }
        }
        return ends;
    }

private:
    bool crashes() { return crash_percent_ > 0 && random_.below(100) < crash_percent_; }

    FakeServer& server_;
    Random& random_;
    unsigned crash_percent_;
    sdk::Delivery delivery_;
    CancelToken cancel_;
};

class Flows : public BuiltInTypes {
protected:
    void make_files(int count) {
        for (int i = 0; i < count; ++i) {
            folder.put("in/" + std::to_string(i / 10) + "/f" + std::to_string(i) + ".txt", "x");
        }
    }
    void start(const std::string& args, const std::string& jid = "the-flow") {
        server.push({.type = "flow.map", .args = args, .queue = "q", .jid = jid});
    }
    /// One run of one job. False: it crashed.
    bool run_once(FakeJob& job, unsigned crash_percent) {
        if (types.empty()) types = built_in_types(settings).value();
        if (!job.spec.type.starts_with("flow.")) {
            const bool fails = job.spec.args.find("bad.txt") != std::string::npos;
            job.state = fails ? "dead" : "succeeded";
            job.result = fails ? "" : R"({"output":)" + json_escape(job.spec.jid) + "}";
            ++job.completions;
            return true;
        }
        // The job may be pushed to while it runs.
        const FakeJob copy = job;
        FakeContext context(server, copy, random, crash_percent);
        const auto type = std::find_if(types.begin(), types.end(),
                                       [&](const auto& row) { return row.name == copy.spec.type; });
        auto outcome = type->run(context);
        if (auto* failure = std::get_if<sdk::Failure>(&outcome)) {
            last_failure = failure->errtype + ": " + failure->message;
            if (failure->final) {
                job.state = "dead";
                return true;
            }
            return false;
        }
        last_result = std::get<std::string>(outcome);
        if (job.state != "succeeded") ++job.completions;
        job.state = "succeeded";
        job.result = last_result;
        return true;
    }
    /// Runs jobs in random order until none waits. Some crash; some that have ended are run again.
    void run_all(unsigned crash_percent, unsigned zombie_percent = 0) {
        for (int steps = 0; steps < 100'000; ++steps) {
            std::vector<FakeJob*> waiting;
            std::vector<FakeJob*> ended;
            for (auto& [jid, job] : server.jobs) {
                (job.state == "enqueued" ? waiting : ended).push_back(&job);
            }
            if (waiting.empty()) return;
            if (!ended.empty() && random.below(100) < zombie_percent) {
                FakeJob* zombie = ended[random.below(ended.size())];
                if (zombie->spec.type.starts_with("flow.")) run_once(*zombie, 0);
                continue;
            }
            run_once(*waiting[random.below(waiting.size())], crash_percent);
        }
        FAIL() << "the flow does not end; " << last_failure;
    }
    [[nodiscard]] std::size_t count(std::string_view type, std::string_view state = "") const {
        return static_cast<std::size_t>(
            std::count_if(server.jobs.begin(), server.jobs.end(), [&](const auto& entry) {
                return entry.second.spec.type == type &&
                       (state.empty() || entry.second.state == state);
            }));
    }
    [[nodiscard]] std::string finish_result() const {
        for (const auto& [jid, job] : server.jobs) {
            if (job.spec.type == "flow.finish") return job.result;
        }
        return {};
    }
    void expect_each_once() const {
        EXPECT_EQ(server.conflicts, 0U);
        for (const auto& [jid, job] : server.jobs) EXPECT_EQ(job.completions, 1) << job.spec.type;
    }

    FakeServer server;
    Random random{1};
    std::string last_failure;
    std::string last_result;
};

constexpr const char* two_steps =
    R"([{"folder":"in","window":20,"steps":[{"type":"one","args":["{path}"]},)"
    R"({"type":"two","args":["{output}","{index}"],"queue":"other"}],)"
    R"("finish":{"type":"end","args":[{"list":"{outputs}","n":"{succeeded}"}]}}])";

TEST_F(Flows, EveryFileGoesThroughEveryStepAndTheEndComesOnce) {
    make_files(95);
    start(two_steps);
    run_all(0);
    EXPECT_EQ(count("one", "succeeded"), 95U);
    EXPECT_EQ(count("two", "succeeded"), 95U);
    EXPECT_EQ(count("end", "succeeded"), 1U);
    EXPECT_EQ(count("flow.finish", "succeeded"), 1U);
    expect_each_once();
    EXPECT_NE(
        finish_result().find(R"("files":95,"succeeded":95,"failed":0,"skipped":0,"jobs":190)"),
        std::string::npos)
        << finish_result();
    const std::string outputs = folder.get("flows/the-flow/outputs.txt");
    EXPECT_EQ(std::count(outputs.begin(), outputs.end(), '\n'), 95);
    EXPECT_FALSE(std::filesystem::exists(folder / "flows/the-flow/pages"));
    for (const auto& [jid, job] : server.jobs) {
        if (job.spec.type == "two") {
            EXPECT_EQ(job.spec.queue, "other");
        }
        if (job.spec.type == "end") {
            EXPECT_EQ(job.spec.args, R"([{"list":"flows/the-flow/outputs.txt","n":95}])");
        }
    }
}

TEST_F(Flows, CrashesAndSecondRunsRepeatNothingAndLoseNothing) {
    make_files(24);
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE(seed);
        random = Random(seed);
        server = {};
        std::filesystem::remove_all(folder / "flows");
        start(two_steps, "flow-number-" + std::to_string(seed));
        run_all(20, 30);
        // A last round of runs that come too late.
        for (auto& [jid, job] : std::map(server.jobs)) {
            if (job.spec.type.starts_with("flow.")) run_once(server.jobs[jid], 10);
        }
        run_all(0);
        EXPECT_EQ(count("one"), 24U);
        EXPECT_EQ(count("two"), 24U);
        EXPECT_EQ(count("end"), 1U);
        expect_each_once();
        EXPECT_NE(finish_result().find(R"("succeeded":24)"), std::string::npos) << finish_result();
        EXPECT_GT(server.repeats, 0U);
    }
}

TEST_F(Flows, FailedFilesAreCountedAndTheOthersGoOn) {
    make_files(30);
    folder.put("in/bad.txt", "x");
    start(R"([{"folder":"in","window":4,"steps":[{"type":"one","args":["{path}"]}]}])");
    run_all(10, 10);
    EXPECT_NE(finish_result().find(R"("succeeded":30,"failed":1)"), std::string::npos);
    EXPECT_NE(folder.get("flows/the-flow/results.jsonl").find("dead: E: m"), std::string::npos);
}

TEST_F(Flows, AFlowThatStopsOnFailureBeginsNoMore) {
    make_files(200);
    folder.put("in/0/bad.txt", "x");
    start(R"([{"folder":"in","window":4,"on_failure":"stop","steps":[{"type":"one","args":)"
          R"(["{path}"]}]}])");
    run_all(0);
    EXPECT_LT(count("one"), 50U);
    EXPECT_EQ(count("flow.finish", "succeeded"), 1U);
    EXPECT_NE(finish_result().find(R"("stopped":true)"), std::string::npos) << finish_result();
    EXPECT_NE(finish_result().find(R"("files":201)"), std::string::npos);
}

TEST_F(Flows, AFlowCanBeStoppedByAJob) {
    make_files(100);
    start(R"([{"folder":"in","window":4,"steps":[{"type":"one","args":["{path}"]}]}])");
    run_once(server.jobs["the-flow"], 0);
    server.push({.type = "flow.stop", .args = R"(["flows/the-flow"])", .jid = "stopping"});
    run_once(server.jobs["stopping"], 0);
    EXPECT_EQ(last_result, R"({"stopped":true})");
    run_all(0);
    EXPECT_EQ(count("one"), 0U);
    EXPECT_NE(finish_result().find(R"("skipped":100)"), std::string::npos) << finish_result();
}

TEST_F(Flows, NoFilesMeanOnlyAnEnd) {
    folder.put("in/x.png", "");
    start(R"(["in",[{"type":"one"}],{"pattern":"*.txt","finish":{"type":"end"}}])");
    run_all(0);
    EXPECT_EQ(count("one"), 0U);
    EXPECT_EQ(count("end"), 1U);
    EXPECT_NE(finish_result().find(R"("files":0)"), std::string::npos);
}

TEST_F(Flows, ListedFilesAreTakenInTheirOrder) {
    start(R"([{"files":["b","a","b"],"steps":[{"type":"one","args":["{path}","{index}"]}]}])");
    run_all(0);
    std::set<std::string> args;
    for (const auto& [jid, job] : server.jobs) {
        if (job.spec.type == "one") args.insert(job.spec.args);
    }
    EXPECT_EQ(args, (std::set<std::string>{R"(["b",0])", R"(["a",1])", R"(["b",2])"}));
}

TEST_F(Flows, FilesThatComeWhileAFlowRunsAreNotPartOfIt) {
    make_files(20);
    start(R"([{"folder":"in","window":4,"steps":[{"type":"one","args":["{path}"]}]}])");
    run_once(server.jobs["the-flow"], 0);
    folder.put("in/0/aaa.txt", "x");
    run_once(server.jobs["the-flow"], 0);
    run_all(0, 20);
    EXPECT_EQ(count("one"), 20U);
    expect_each_once();
}

TEST_F(Flows, WrongArgumentsSayWhichMember) {
    const auto refused = [this](const std::string& args, std::string_view part) {
        expect_failure("flow.map", args, part);
    };
    refused(R"([{"steps":[{"type":"one"}]}])", "`folder` or `files` must be given");
    refused(R"(["in",[]])", "steps");
    refused(R"(["in",[{"type":"flow.map"}]])", "a flow inside a flow");
    refused(R"(["in",[{"type":"one","args":["{no}"]}]])", "{no}, and there are only {path}");
    refused(R"(["in",[{"type":"one"}],{"finish":{"type":"end","args":["{path}"]}}])", "{path}");
    refused(R"([{"files":["../x"],"steps":[{"type":"one"}]}])", "files");
    refused(R"(["in",[{"type":"one"}],{"window":0}])", "window");
    refused(R"(["../in",[{"type":"one"}]])", "..");
    refused(R"(["nowhere",[{"type":"one"}]])", "nowhere");
    // This context pushes nothing.
    make_files(1);
    refused(R"(["in",[{"type":"one"}]])", "jobs cannot be pushed from here");
}

TEST_F(Flows, AFolderBelongsToOneFlow) {
    make_files(3);
    const std::string args = R"(["in",[{"type":"one"}],{"state":"mine"}])";
    start(args, "first-flow");
    run_all(0);
    start(args, "second-flow");
    run_all(0);
    EXPECT_EQ(server.jobs["second-flow"].state, "dead");
    EXPECT_NE(last_failure.find("belongs to another flow"), std::string::npos);
    EXPECT_EQ(count("one"), 3U);
}

TEST_F(Flows, LooksAtFlowsThatAreNotThereAreNoError) {
    expect_in("flow.page", R"([{"flow":"flows/none","page":0,"check":0}])", "obsolete");
    expect_in("flow.finish", R"(["flows/none"])", "obsolete");
    expect_failure("flow.stop", R"(["flows/none"])", "is no flow");
}

}  // namespace
}  // namespace sluice::work
