// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/module.h"

#include "kernel/net/listener.h"
#include "kernel/sync/select.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

#include <set>

namespace sluice::jobs {
namespace {

/// The names of this process's threads.
std::multiset<std::string> threads() {
    std::multiset<std::string> names;
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", gone)) {
        std::ifstream comm(task.path() / "comm");
        std::string name;
        std::getline(comm, name);
        if (name.starts_with("jobs-")) names.insert(name);
    }
    return names;
}

/// A thread names itself, so not at once, and the kernel lists it for a moment after the join.
bool comes_true(auto what) {
    Selector pause({});
    for (int i = 0; i < 5'000 && !what(); ++i) pause.wait_until(deadline_after(1ms));
    return what();
}
bool no_thread_is_left() {
    return comes_true([] { return threads().empty(); });
}

class NobodyHome final : public SessionHandler {
    std::size_t on_bytes(Session&, std::string_view) override { return 0; }
};

struct JobsModuleTest : ::testing::Test {
    Status start(Module& module, const std::string& listen) {
        ConfigTable table;
        table.declare(module.settings());
        config = table
                     .load({.flags = {{"jobs.data", folder / "data"},
                                      {"jobs.listen", listen},
                                      {"jobs.disk_ballast", "0"},
                                      {"jobs.disk_refuse_below", "0"}}})
                     .value();
        return module.start(Mount{.runtime = *runtime,
                                  .metrics = metrics,
                                  .http = router,
                                  .config = config->section("jobs"),
                                  .clock = {},
                                  .random_seed = 1});
    }

    ScratchFolder folder;
    std::optional<Config> config;
    Registry metrics;
    HttpRouter router;
    std::unique_ptr<Runtime> runtime = Runtime::start({.io_threads = 1, .name = "io"}).value();
};

TEST_F(JobsModuleTest, AStartThatFailsLeavesNoThread) {
    auto taken = Listener::open(*runtime, metrics, {.name = "other", .address = "127.0.0.1:0"},
                                [] { return std::make_unique<NobodyHome>(); });
    ASSERT_TRUE(taken) << taken.error().message;
    const auto module = make_jobs_module("test");
    const Status started = start(*module, (*taken)->address().text());
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().message.find("Address already in use"), std::string::npos)
        << started.error().message;
    // They would use metrics that the server drops before its modules.
    EXPECT_TRUE(no_thread_is_left()) << ::testing::PrintToString(threads());
    (*taken)->close();
}

TEST_F(JobsModuleTest, RunsUntilItIsStopped) {
    const auto module = make_jobs_module("test");
    const Status started = start(*module, "127.0.0.1:0");
    ASSERT_TRUE(started) << started.error().message;
    EXPECT_TRUE(comes_true([] { return threads().count("jobs-owner") == 1; }));
    module->drain();
    module->stop(Instant::max());
    EXPECT_TRUE(no_thread_is_left()) << ::testing::PrintToString(threads());
    module->stop(Instant::max());
}

}  // namespace
}  // namespace sluice::jobs
