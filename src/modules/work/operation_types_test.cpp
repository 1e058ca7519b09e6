// SPDX-License-Identifier: Apache-2.0
// folder.*, monitor.sample and health.check on real files and ports.
#include "kernel/sync/thread.h"
#include "modules/work/built_in_types_testing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

namespace sluice::work {
namespace {

namespace fs = std::filesystem;

class Operations : public BuiltInTypes {
protected:
    void put_old(const std::string& name, std::chrono::hours age, std::size_t size = 10) {
        folder.put(name, std::string(size, 'x'));
        fs::last_write_time(folder / name, fs::file_time_type::clock::now() - age);
    }
    [[nodiscard]] bool has(const std::string& name) const {
        return fs::exists(fs::symlink_status(folder / name));
    }
};

// ---------------------------------------------------------------------------- cleaning

TEST_F(Operations, CleaningOnlyTellsUnlessItIsToldToDelete) {
    put_old("w/a/old", std::chrono::hours(50));
    put_old("w/new", std::chrono::hours(1));
    expect_in("folder.clean", R"(["w",{"older_than":86400}])",
              R"("dry_run":true,"files":2,"selected":1,"bytes":10,"deleted":0)");
    EXPECT_TRUE(has("w/a/old"));
    expect_in("folder.clean", R"(["w",{"older_than":86400,"dry_run":false,"empty_folders":true}])",
              R"("deleted":1,"folders":1,"paths":["a/old"])");
    EXPECT_FALSE(has("w/a"));
    EXPECT_TRUE(has("w/new"));
}

TEST_F(Operations, CleaningNeverFollowsLinksNorLeavesItsFolder) {
    put_old("outside/old", std::chrono::hours(50));
    put_old("w/old", std::chrono::hours(50));
    ASSERT_EQ(::symlink((folder / "outside").c_str(), (folder / "w/link").c_str()), 0);
    ASSERT_EQ(::symlink((folder / "outside").c_str(), (folder / "door").c_str()), 0);
    expect_in("folder.clean", R"(["w",{"older_than":1,"dry_run":false}])", R"("deleted":1)");
    EXPECT_TRUE(has("outside/old"));
    EXPECT_TRUE(has("w/link"));
    expect_failure("folder.clean", R"(["door",{"older_than":1,"dry_run":false}])", "Denied");
    expect_failure("folder.clean", R"(["../w",{"older_than":1,"dry_run":false}])", "..");
    expect_failure("folder.clean", R"(["w/..",{"older_than":1}])", "..");
}

TEST_F(Operations, CleaningHasSafetyLimits) {
    for (int i = 0; i < 10; ++i) put_old("w/" + std::to_string(i), std::chrono::hours(50 + i));
    expect_failure("folder.clean", R"(["w",{"older_than":1,"dry_run":false,"delete_max":9}])",
                   "10 files would be deleted, more than `delete_max` of 9; nothing was touched");
    expect_failure("folder.clean",
                   R"(["w",{"older_than":1,"dry_run":false,"delete_percent_max":50}])",
                   "nothing was touched");
    EXPECT_EQ(folder.entries("w"), 10U);
    expect_failure("folder.clean", R"(["w",{"dry_run":false}])", "without a rule");
    expect_in("folder.clean", R"(["w",{"keep_newest":3,"dry_run":false}])", R"("deleted":7)");
    EXPECT_TRUE(has("w/0"));
    EXPECT_FALSE(has("w/9"));
}

// ---------------------------------------------------------------------------- synchronising

TEST_F(Operations, SynchronisingCopiesWhatIsNewAndDeletesOnRequest) {
    put_old("in/a/one", std::chrono::hours(5));
    put_old("in/two", std::chrono::hours(5), 20);
    expect_in("folder.sync", R"(["in","out"])", R"("same":0,"copied":2,"bytes":30)");
    EXPECT_EQ(folder.get("out/a/one"), folder.get("in/a/one"));
    expect_in("folder.sync", R"(["in","out"])", R"("same":2,"copied":0)");
    folder.put("in/two", std::string(20, 'y'));
    folder.put("out/gone/three", "3");
    expect_in("folder.sync", R"(["in","out",{"delete":true,"dry_run":true}])",
              R"("copied":1,"bytes":20,"deleted":1)");
    EXPECT_TRUE(has("out/gone/three"));
    expect_in("folder.sync", R"(["in","out"])", R"("copied":1,"bytes":20,"deleted":0)");
    expect_in("folder.sync", R"(["in","out",{"delete":true}])",
              R"("copied":0,"bytes":0,"deleted":1,"folders_deleted":1)");
    EXPECT_FALSE(has("out/gone"));
}

TEST_F(Operations, SynchronisingAnEmptyFolderDoesNotEmptyTheOther) {
    fs::create_directory(folder / "in");
    for (int i = 0; i < 4; ++i) folder.put("out/" + std::to_string(i), "x");
    expect_failure("folder.sync", R"(["in","out",{"delete":true}])",
                   "a larger part than `delete_percent_max` allows; nothing was touched");
    EXPECT_EQ(folder.entries("out"), 4U);
    expect_in("folder.sync", R"(["in","out",{"delete":true,"delete_percent_max":100}])",
              R"("deleted":4)");
}

TEST_F(Operations, SynchronisingByContentSeesWhatTimesHide) {
    put_old("in/f", std::chrono::hours(5));
    run("folder.sync", R"(["in","out"])");
    const auto time = fs::last_write_time(folder / "in/f");
    folder.put("in/f", std::string(10, 'z'));
    fs::last_write_time(folder / "in/f", time);
    expect_in("folder.sync", R"(["in","out"])", R"("same":1)");
    expect_in("folder.sync", R"(["in","out",{"compare":"content"}])", R"("same":0,"copied":1)");
    EXPECT_EQ(folder.get("out/f"), std::string(10, 'z'));
}

// ---------------------------------------------------------------------------- backups

TEST_F(Operations, BackupsAreIncrementalAndComeBackAsTheyWere) {
    put_old("in/a/one", std::chrono::hours(5), 5'000);
    put_old("in/same", std::chrono::hours(5), 5'000);
    folder.put("in/run", "#!/bin/sh\n");
    fs::permissions(folder / "in/run", fs::perms::owner_all);
    ASSERT_EQ(::symlink("a/one", (folder / "in/link").c_str()), 0);
    ASSERT_EQ(::symlink("/etc/passwd", (folder / "in/away").c_str()), 0);
    expect_in("folder.backup", R"(["in","store"])",
              R"("files":3,"bytes":10010,"entries":6,"unchanged":0,"new_contents":2)");
    folder.put("in/new", "new");
    expect_in("folder.backup", R"(["in","store"])",
              R"("entries":7,"unchanged":3,"new_contents":1,"read_bytes":3)");
    expect_in("folder.backup", R"(["in","store",{"compare":"content"}])",
              R"("unchanged":0,"new_contents":0,"read_bytes":10013,"stored_bytes":0,)"
              R"("verified_bytes":0)");
    expect_in("folder.verify", R"(["store",{"all":true}])", R"("sound":true,"snapshots":3)");
    expect_in("folder.restore", R"(["store","back"])", R"("files":4,"bytes":10013)");
    EXPECT_EQ(folder.get("back/a/one"), folder.get("in/a/one"));
    EXPECT_EQ(fs::last_write_time(folder / "back/same"), fs::last_write_time(folder / "in/same"));
    EXPECT_NE(fs::status(folder / "back/run").permissions() & fs::perms::owner_exec,
              fs::perms::none);
    EXPECT_EQ(fs::read_symlink(folder / "back/link"), "a/one");
    EXPECT_FALSE(has("back/away"));
    expect_failure("folder.restore", R"(["store","back"])", "there already");
    expect_in("folder.restore", R"(["store","back",{"replace":true}])", R"("files":4)");
}

TEST_F(Operations, DamageToAStoreIsFoundAndNothingDamagedIsRestored) {
    folder.put("in/f", std::string(100'000, 'a') + "end");
    run("folder.backup", R"(["in","store"])");
    std::string object;
    std::string snapshot;
    for (const auto& entry : fs::recursive_directory_iterator(folder / "store")) {
        if (entry.path().extension() == ".zst") object = entry.path().string();
        if (entry.path().extension() == ".jsonl") snapshot = entry.path().string();
    }
    const auto relative = [this](const std::string& path) {
        return path.substr(folder.path().size() + 1);
    };
    const std::string good = folder.get(relative(object));
    std::string bad = good;
    bad[bad.size() / 2] = static_cast<char>(bad[bad.size() / 2] ^ 0x40);
    folder.put(relative(object), bad);
    expect_failure("folder.verify", R"(["store"])", "is damaged");
    expect_failure("folder.restore", R"(["store","back"])", "CorruptInput");
    folder.put(relative(object), good.substr(0, good.size() / 2));
    expect_failure("folder.verify", R"(["store"])", "is damaged");
    fs::remove(object);
    expect_failure("folder.verify", R"(["store"])", "is missing");
    EXPECT_FALSE(has("back"));
    // A content that is damaged or gone is stored again, although the file did not change.
    folder.put(relative(object), bad);
    expect_in("folder.backup", R"(["in","store"])", R"("new_contents":0)");
    expect_in("folder.backup", R"(["in","store",{"verify":"all"}])",
              R"("verified_bytes":100003,"repaired":1)");
    expect_in("folder.verify", R"(["store",{"all":true}])", R"("sound":true)");
    fs::remove(object);
    expect_in("folder.backup", R"(["in","store"])", R"("new_contents":1)");
    expect_in("folder.verify", R"(["store"])", R"("sound":true)");
    folder.put(relative(snapshot), folder.get(relative(snapshot)).substr(0, 60));
    expect_failure("folder.verify", R"(["store",{"all":true}])", "the snapshot is damaged");
    for (const auto& entry : fs::directory_iterator(folder / "store/snapshots")) {
        folder.put(relative(entry.path().string()), "x");
    }
    expect_in("folder.backup", R"(["in","store"])", R"("files":1,"bytes":100003)");
    expect_failure("folder.verify", R"(["in"])", "is no store of backups");
    expect_failure("folder.restore", R"(["store","back",{"snapshot":"../../in/f"}])",
                   "no snapshot");
}

// ---------------------------------------------------------------------------- monitoring

TEST_F(Operations, SamplesAreWrittenAndSummedUp) {
    const std::string result =
        run("monitor.sample", R"([0.3,{"interval":0.1,"output":"s.jsonl"}])");
    EXPECT_NE(result.find(R"("samples":3,"output":"s.jsonl","cpu_percent":{"min":)"),
              std::string::npos)
        << result;
    const std::string lines = folder.get("s.jsonl");
    EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 3);
    EXPECT_NE(lines.find("memory_used_bytes"), std::string::npos);
    expect_failure("monitor.sample", "[3600,0.05]", "36,000 samples");
    expect_failure("monitor.sample", "[1,2]", "`duration` must be at least one `interval`");
    CancelSource source;
    source.cancel(fail(Code::cancelled, "enough"));
    Context context("[3600]", source.token());
    EXPECT_TRUE(std::holds_alternative<sdk::Failure>(run("monitor.sample", context)));
}

// ---------------------------------------------------------------------------- health

/// A port of the loopback that is listened at, or was.
class Port {
public:
    Port() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        socklen_t size = sizeof address;
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
        number_ = ntohs(address.sin_port);
        ::listen(fd_, 5);
    }
    ~Port() { close(); }
    Port(const Port&) = delete;
    Port& operator=(const Port&) = delete;
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    [[nodiscard]] std::string number() const { return std::to_string(number_); }

private:
    int fd_;
    int number_ = 0;
};

/// Remembers what was pushed.
class PushContext final : public sdk::JobContext {
public:
    explicit PushContext(std::string args) { job_.args = std::move(args); }
    [[nodiscard]] const sdk::Delivery& job() const override { return job_; }
    [[nodiscard]] const CancelToken& cancel() const override { return cancel_; }
    void progress(int, std::string_view) override {}
    Result<std::vector<sdk::Refusal>> push(std::span<sdk::JobSpec> jobs) override {
        if (is_broken) return fail(Code::io, "crash");
        pushed.insert(pushed.end(), jobs.begin(), jobs.end());
        return std::vector<sdk::Refusal>{};
    }
    bool is_broken = false;
    std::vector<sdk::JobSpec> pushed;

private:
    sdk::Delivery job_{.jid = "j1", .queue = "q"};
    CancelToken cancel_;
};

class Health : public Operations {
protected:
    void SetUp() override {
        Operations::SetUp();
        settings.http.networks = {"127.0.0.0/8"};
    }
    std::vector<sdk::JobSpec> check(const std::string& args, bool is_broken = false) {
        PushContext context(args);
        context.is_broken = is_broken;
        if (types.empty()) types = built_in_types(settings).value();
        const auto type = std::find_if(types.begin(), types.end(),
                                       [](const auto& row) { return row.name == "health.check"; });
        last = type->run(context);
        return context.pushed;
    }
    sdk::Outcome last;
};

TEST_F(Health, ChangesBecomeOneJobEach) {
    Port port;
    const std::string args =
        R"([[{"kind":"tcp","host":"127.0.0.1","port":)" + port.number() +
        R"(,"name":"db"}],{"state":"health","on_change":{"type":"mail.send","args":)"
        R"([{"subject":"{name} {previous} -> {state}"}]}}])";
    EXPECT_TRUE(check(args).empty());
    port.close();
    const auto down = check(args);
    ASSERT_EQ(down.size(), 1U);
    EXPECT_EQ(down[0].type, "mail.send");
    EXPECT_EQ(down[0].queue, "q");
    EXPECT_EQ(down[0].args, R"([{"subject":"db up -> down"}])");
    EXPECT_TRUE(check(args).empty());
}

TEST_F(Health, AnAlertThatCouldNotBePushedIsPushedByTheNextRunOnce) {
    Port port;
    const std::string args = R"([[{"kind":"tcp","host":"127.0.0.1","port":)" + port.number() +
                             R"(}],{"state":"health","on_change":{"type":"x","args":["{at}"]}}])";
    port.close();
    EXPECT_TRUE(check(args, true).empty());
    EXPECT_TRUE(std::holds_alternative<sdk::Failure>(last));
    const auto later = check(args);
    ASSERT_EQ(later.size(), 1U);
    EXPECT_TRUE(check(args).empty());
}

TEST_F(Health, CommandsAndPortsAreLookedAt) {
    Port port;
    expect_in("health.check",
              R"([[{"kind":"command","program":"sh","arguments":["-c","echo no >&2; exit 3"]},)"
              R"({"kind":"tcp","host":"127.0.0.1","port":)" +
                  port.number() + "}]]",
              R"("ok":false,"message":"exit code 3: no)");
    expect_failure("health.check",
                   R"([[{"kind":"command","program":"sh","arguments":["-c","exit 1"]}],)"
                   R"({"fail":true}])",
                   "sh: exit code 1");
}

TEST_F(Health, ChecksAreLookedAtSideBySide) {
    // Each waits for the other.
    expect_in("health.check",
              R"([[{"kind":"command","name":"a","program":"sh",)"
              R"("arguments":["-c","touch a; until [ -e b ]; do sleep 0.01; done"]},)"
              R"({"kind":"command","name":"b","program":"sh",)"
              R"("arguments":["-c","touch b; until [ -e a ]; do sleep 0.01; done"]}]])",
              R"("ok":true,"bad":0)");
}

TEST_F(Health, AForbiddenAddressEndsTheOtherLooks) {
    std::string checks = R"([[{"kind":"tcp","host":"192.168.0.1","port":80})";
    for (int i = 0; i < 20; ++i) {
        checks += R"(,{"kind":"command","name":"long )" + std::to_string(i) +
                  R"(","program":"sh","timeout":60,"arguments":["-c","exec sleep 60"]})";
    }
    checks += R"(,{"kind":"command","program":"sh","arguments":["-c","touch begun"]}]])";
    expect_failure("health.check", checks, "Denied");
    EXPECT_FALSE(std::filesystem::exists(folder / "begun")) << "the last one was to be left out";
}

TEST_F(Health, ForbiddenAddressesAndWrongArgumentsAreErrors) {
    expect_failure("health.check", R"([[{"kind":"tcp","host":"192.168.0.1","port":80}]])",
                   "Denied");
    expect_failure("health.check", R"([[{"kind":"tcp","host":"127.0.0.1"}]])",
                   "`checks[0].port` is missing");
    expect_failure("health.check", R"([[{"kind":"ping"}]])", "must be http, tcp, certificate");
    expect_failure("health.check", R"([[{"kind":"command","program":"rm"}]])",
                   "none that this worker allows");
    expect_failure("health.check", R"([[{"url":"http://127.0.0.1/"}],{"on_change":{"type":"x"}}])",
                   "needs `state`");
    expect_failure("health.check", R"([[{"url":"http://a/"},{"url":"http://a/"}]])", "twice");
    expect_failure(
        "health.check",
        R"([[{"url":"http://a/"}],{"state":"s","on_change":{"type":"x","args":["{no}"]}}])",
        "{no}");
}

}  // namespace
}  // namespace sluice::work
