// SPDX-License-Identifier: Apache-2.0
// Control groups need a machine that has them: a hierarchy of version 2 in which this user may make
// groups, and for the limits its controllers. Where that is missing the tests say so and are
// skipped.
#include "modules/work/shell/confinement.h"

#include "kernel/base/text.h"
#include "modules/work/shell/process.h"

#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace sluice::work {
namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Where version 2 is mounted; empty: nowhere.
std::string cgroup2_mount() {
    const std::string mounts = text_of("/proc/self/mounts");
    for (const std::string_view line : split(mounts, '\n')) {
        const auto words = split_words(line);
        if (words.size() > 2 && words[2] == "cgroup2") return std::string(words[1]);
    }
    return {};
}

class ControlGroups : public testing::Test {
protected:
    void SetUp() override {
        const std::string mount = cgroup2_mount();
        if (mount.empty()) GTEST_SKIP() << "no control groups of version 2 are mounted here";
        // Beside the group this process is in: one with processes in it delegates no controllers.
        parent = mount + "/sluice-test-" + std::to_string(::getpid());
        std::error_code refused;
        if (!std::filesystem::create_directory(parent, refused)) {
            const std::string path = std::exchange(parent, {});
            GTEST_SKIP() << path << " cannot be made: " << refused.message();
        }
    }
    void TearDown() override {
        if (parent.empty()) return;
        EXPECT_EQ(::rmdir(parent.c_str()), 0) << "something was left in " << parent;
    }
    /// Empty, or what this machine lacks.
    [[nodiscard]] std::string delegate(std::string_view controller) const {
        // The root has to hand it down first; where it may not, it may have been done already.
        const std::string word = '+' + std::string(controller);
        const std::string above = std::filesystem::path(parent).parent_path();
        std::ofstream(above + "/cgroup.subtree_control") << word << std::flush;
        std::ofstream own(parent + "/cgroup.subtree_control");
        own << word << std::flush;
        return own ? std::string()
                   : "the controller " + std::string(controller) + " is not to be had here (" +
                         above + "/cgroup.controllers: " +
                         std::string(trim(text_of(above + "/cgroup.controllers"))) + ")";
    }
    [[nodiscard]] Result<ProcessResult> run(const Cgroup& group, std::string script) const {
        ProcessSpec spec;
        spec.path = "/bin/sh";
        spec.arguments = {"-c", std::move(script)};
        spec.environment = {"PATH=/usr/bin:/bin"};
        spec.cgroup = group.folder();
        return run_process(spec, CancelToken());
    }

    std::string parent;
};

TEST_F(ControlGroups, HoldAProgramAndWhatItStarts) {
    std::string folder;
    {
        const auto group = Cgroup::make(parent, "job", {});
        ASSERT_TRUE(group) << group.error().text();
        folder = group->folder();
        const auto got = run(*group, "cat /proc/self/cgroup; (cat /proc/self/cgroup) & wait");
        ASSERT_TRUE(got) << got.error().text();
        const std::string here =
            "0::/" + std::filesystem::path(parent).filename().string() + "/job\n";
        const auto first = got->out.text.find(here);
        ASSERT_NE(first, std::string::npos) << got->out.text;
        EXPECT_NE(got->out.text.find(here, first + 1), std::string::npos) << got->out.text;
        EXPECT_EQ(group->out_of_memory_kills(), 0u);
    }
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(ControlGroups, EndWithEverythingThatIsStillInThem) {
    pid_t child = -1;
    std::string folder;
    {
        const auto group = Cgroup::make(parent, "job", {});
        ASSERT_TRUE(group) << group.error().text();
        folder = group->folder();
        child = ::fork();
        if (child == 0) {
            for (;;) ::pause();
        }
        std::ofstream(folder + "/cgroup.procs") << child << std::flush;
        ASSERT_EQ(trim(text_of(folder + "/cgroup.procs")), std::to_string(child));
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST_F(ControlGroups, SayWhatIsNotToBeHad) {
    const auto none = Cgroup::make(parent + "/nowhere", "job", {});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, Code::not_found) << none.error().text();
    // Nothing has been handed down to the parent, so its groups have no limits to set.
    const auto limited = Cgroup::make(parent, "job", {.memory = mib(64)});
    ASSERT_FALSE(limited);
    EXPECT_EQ(limited.error().code, Code::not_found) << limited.error().text();
    EXPECT_NE(limited.error().message.find("memory.max"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(parent + "/job")) << "what was begun is removed";
}

TEST_F(ControlGroups, KillWhatTakesTooMuchMemory) {
    if (const std::string lack = delegate("memory"); !lack.empty()) GTEST_SKIP() << lack;
    const auto group = Cgroup::make(parent, "job", {.memory = mib(32)});
    ASSERT_TRUE(group) << group.error().text();
    // `tail` without a line end keeps all that it reads.
    const auto got = run(*group, "head -c 200000000 /dev/zero | tail > /dev/null");
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_EQ(got->signal, SIGKILL) << "all of the group dies together";
    EXPECT_GT(group->out_of_memory_kills(), 0u);
}

TEST_F(ControlGroups, HoldBackProcesses) {
    if (const std::string lack = delegate("pids"); !lack.empty()) GTEST_SKIP() << lack;
    const auto group = Cgroup::make(parent, "job", {.processes = 4});
    ASSERT_TRUE(group) << group.error().text();
    const auto got = run(*group, "for i in 1 2 3 4 5 6; do sleep 5 & done; wait");
    ASSERT_TRUE(got) << got.error().text();
    EXPECT_NE(got->exit_code, 0);
    EXPECT_NE(got->err.text.find("fork"), std::string::npos) << got->err.text;
}

TEST_F(ControlGroups, HoldBackProcessorTime) {
    if (const std::string lack = delegate("cpu"); !lack.empty()) GTEST_SKIP() << lack;
    const auto group = Cgroup::make(parent, "job", {.cpu = 0.25});
    ASSERT_TRUE(group) << group.error().text();
    EXPECT_EQ(text_of(group->folder() + "/cpu.max"), "25000 100000\n");
}

}  // namespace
}  // namespace sluice::work
