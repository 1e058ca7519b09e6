// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/process.h"

#include "kernel/net/owned_fd.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/thread.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <support/scratch_folder.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cstdlib>
#include <string>

namespace sluice::work {
namespace {

ProcessSpec shell(std::string script) {
    ProcessSpec spec;
    spec.path = "/bin/sh";
    spec.arguments = {"-c", std::move(script)};
    spec.environment = {"PATH=/usr/bin:/bin"};
    spec.grace = 50ms;
    return spec;
}

Result<ProcessResult> run(const ProcessSpec& spec) { return run_process(spec, CancelToken()); }

/// Waits for the end of a process that is not our child; true if it has ended.
bool has_ended(pid_t pid) {
    const OwnedFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) return errno == ESRCH;
    pollfd wanted{fd.get(), POLLIN, 0};
    return ::poll(&wanted, 1, 60'000) == 1;
}

TEST(Process, GivesExitCodeAndBothOutputs) {
    const auto got = run(shell("echo out; echo err >&2; exit 3")).value();
    EXPECT_EQ(got.exit_code, 3);
    EXPECT_EQ(got.signal, 0);
    EXPECT_EQ(got.out.text, "out\n");
    EXPECT_EQ(got.err.text, "err\n");
    EXPECT_FALSE(got.out.is_cut());
    const auto killed = run(shell("kill -9 $$")).value();
    EXPECT_EQ(killed.signal, 9);
    EXPECT_EQ(killed.exit_code, 137);
}

TEST(Process, ArgumentsAreNoShellText) {
    ProcessSpec spec;
    spec.path = "/bin/echo";
    spec.arguments = {"$HOME; rm -rf /", "`id`", "a b", ""};
    EXPECT_EQ(run(spec).value().out.text, "$HOME; rm -rf / `id` a b \n");
}

TEST(Process, SeesOnlyWhatItIsGiven) {
    ::setenv("SLUICE_SECRET", "x", 1);
    const OwnedFd leaked(::open("/etc/passwd", O_RDONLY));  // without O_CLOEXEC, on purpose
    ASSERT_TRUE(leaked);
    ProcessSpec spec;
    spec.path = "/usr/bin/env";
    spec.environment = {"ONE=1"};
    EXPECT_EQ(run(spec).value().out.text, "ONE=1\n");

    auto look = shell(
        "ls /proc/self/fd | sort -n | tr '\\n' ' '; pwd; cat; "
        "grep -E 'NoNewPrivs|SigIgn|SigBlk' /proc/self/status");
    look.folder = "/usr";
    look.input = "the input";
    const auto got = run(look).value();
    EXPECT_EQ(got.out.text,
              "0 1 2 3 /usr\nthe input"
              "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n"
              "NoNewPrivs:\t1\n");  // 3 is the folder that ls reads
    EXPECT_EQ(run(shell("cat; echo end")).value().out.text, "end\n");
    ::unsetenv("SLUICE_SECRET");
}

TEST(Process, SaysWhyItCannotStart) {
    ProcessSpec spec;
    spec.path = "/nonexistent/program";
    EXPECT_EQ(run(spec).error().code, Code::not_found);
    spec.path = "/etc/passwd";
    EXPECT_EQ(run(spec).error().code, Code::denied);
    auto long_one = shell("true");
    long_one.arguments.push_back(std::string(3'000'000, 'x'));
    EXPECT_EQ(run(long_one).error().code, Code::invalid);
    spec.path = "/bin/true";
    spec.folder = "/nonexistent";
    EXPECT_EQ(run(spec).error().code, Code::not_found);
}

/// The number that a script wrote into a file of the folder; 0: it did not come to that.
pid_t pid_in(const ScratchFolder& folder, const std::string& file) {
    return std::atoi(folder.get(file).c_str());
}

/// Runs what only a timeout ends, with more and more time, until its script has got as far as
/// writing this file.
pid_t child_of_a_run_that_times_out(ProcessSpec spec, const std::string& file) {
    const ScratchFolder folder;
    spec.folder = folder.path();
    pid_t child = 0;
    for (Duration time = 500ms; child <= 0 && time < 1min; time *= 2) {
        spec.timeout = time;
        EXPECT_EQ(run(spec).error().code, Code::timeout);
        child = pid_in(folder, file);
    }
    EXPECT_GT(child, 0);
    return child;
}

TEST(Process, TimeoutKillsAWholeGroupThatIgnoresSigterm) {
    const auto spec = shell(
        "trap '' TERM; (trap '' TERM; while :; do sleep 100; done) & "
        "echo $! > child; wait; while :; do sleep 100; done");
    EXPECT_TRUE(has_ended(child_of_a_run_that_times_out(spec, "child")));
}

TEST(Process, ChildrenLeftBehindAreKilledAndHoldNothingUp) {
    const auto got = run(shell("sleep 1000 & echo $!")).value();
    EXPECT_EQ(got.exit_code, 0);
    EXPECT_TRUE(has_ended(std::atoi(got.out.text.c_str())));
}

TEST(Process, ChildrenThatLeaveTheGroupAndTheSessionAreKilledToo) {
    const ScratchFolder folder;
    // setsid forks when it leads a group; each says its own number.
    auto spec = shell(
        "mkfifo go; exec 3<>go; "
        "setsid sh -c 'echo $$ > one; echo > go; exec sleep 1000' & "
        "setsid sh -c 'setsid sh -c \"echo \\$\\$ > two; echo > go; exec sleep 1000\" & "
        "exit 0' & "
        "read x <&3; read x <&3; [ -s one ] && [ -s two ]");
    spec.folder = folder.path();
    const auto got = run(spec).value();
    EXPECT_EQ(got.exit_code, 0);
    for (const char* file : {"one", "two"}) {
        const pid_t child = pid_in(folder, file);
        ASSERT_GT(child, 0);
        EXPECT_TRUE(has_ended(child)) << file;
    }
}

TEST(Process, ATimeoutKillsThoseThatLeftToo) {
    const auto spec = shell(
        "setsid sh -c 'trap \"\" TERM; echo $$ > one; while :; do sleep 1000; done' & "
        "while :; do sleep 1000; done");
    EXPECT_TRUE(has_ended(child_of_a_run_that_times_out(spec, "one")));
}

TEST(Process, NothingOutlivesAWorkerThatIsKilled) {
    const ScratchFolder folder;
    const std::string fifo = folder / "started";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    const pid_t worker = ::fork();
    ASSERT_GE(worker, 0);
    if (worker == 0) {
        auto spec = shell(
            "echo $$ > two; "
            "setsid sh -c 'echo $$ > one; echo > started; exec sleep 1000' & exec sleep 1000");
        spec.folder = folder.path();
        (void)run(spec);
        ::_exit(0);
    }
    {
        const OwnedFd start(::open(fifo.c_str(), O_RDONLY | O_CLOEXEC));
        char buffer[8];
        EXPECT_GT(::read(start.get(), buffer, sizeof buffer), 0);
    }
    ::kill(worker, SIGKILL);
    EXPECT_EQ(::waitpid(worker, nullptr, 0), worker);
    for (const char* file : {"one", "two"}) {
        const pid_t child = pid_in(folder, file);
        ASSERT_GT(child, 0);
        EXPECT_TRUE(has_ended(child)) << file;
    }
}

TEST(Process, KeepsTheBeginningOfLongOutput) {
    auto spec = shell("i=0; while [ $i -lt 3000 ]; do echo 0123456789; i=$((i+1)); done");
    spec.output_kept_max = Bytes{100};
    const auto got = run(spec).value();
    EXPECT_EQ(got.out.text.size(), 100u);
    EXPECT_EQ(got.out.bytes, 33'000u);
    EXPECT_TRUE(got.out.is_cut());
}

TEST(Process, AFloodOfOutputIsStopped) {
    for (const auto* script : {"exec yes", "trap '' TERM; yes & exec yes >&2"}) {
        auto spec = shell(script);
        spec.output_kept_max = kib(1);
        spec.output_total_max = mib(4);
        EXPECT_EQ(run(spec).error().code, Code::exhausted);
    }
}

TEST(Process, LimitsHold) {
    auto spec = shell("ulimit -c; ulimit -n; ulimit -f; ulimit -t; ulimit -v");
    spec.limits = {.cpu_time = 5s, .memory = mib(512), .file_size = kib(64), .open_files = 32};
    EXPECT_EQ(run(spec).value().out.text, "0\n32\n128\n5\n524288\n");
    auto burn = shell("while :; do :; done");
    burn.limits.cpu_time = 1s;
    EXPECT_NE(run(burn).value().signal, 0);
}

TEST(Process, CancelFromAnotherThreadEndsIt) {
    const ScratchFolder folder;
    const std::string fifo = folder / "started";
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
    auto spec = shell("echo go > started; exec sleep 1000");
    spec.folder = folder.path();
    const CancelSource source;
    Thread canceller("canceller", [&] {
        const OwnedFd start(::open(fifo.c_str(), O_RDONLY | O_CLOEXEC));
        char buffer[8];
        EXPECT_GT(::read(start.get(), buffer, sizeof buffer), 0);
        source.cancel();
    });
    EXPECT_EQ(run_process(spec, source.token()).error().code, Code::cancelled);
    canceller.join();
    EXPECT_EQ(run_process(spec, source.token()).error().code, Code::cancelled);
}

TEST(Process, ADeadlineOfTheJobCountsToo) {
    const CancelSource source(deadline_after(100ms));
    EXPECT_EQ(run_process(shell("sleep 1000"), source.token()).error().code, Code::timeout);
}

TEST(Process, ManyAtOnceDoNotMixTheirPipes) {
    std::vector<Thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back("runner", [i] {
            for (int round = 0; round < 5; ++round) {
                const std::string word = std::to_string(i) + "-" + std::to_string(round);
                auto spec = shell("cat; exit 7");
                spec.input = word;
                const auto got = run(spec).value();
                EXPECT_EQ(got.out.text, word);
                EXPECT_EQ(got.exit_code, 7);
            }
        });
    }
}

}  // namespace
}  // namespace sluice::work
