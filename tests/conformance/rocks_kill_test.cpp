// SPDX-License-Identifier: Apache-2.0
// A child process writes and says what it synced; it is killed in the middle, and everything it had
// said is there. The child is this program itself, started with --write-until-killed.
#include "ledger_rig.h"
#include "modules/jobs/ledger/rocks_ledger.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

namespace sluice::jobs {
namespace {

/// The child. Batch k pushes job k, moves job k-1 on, and ends job k-5; then it says "k".
int write_until_killed(const std::string& folder) {
    auto ledger = open_rocks_ledger(small_rocks(folder));
    if (!ledger) return 1;
    std::uint64_t done = 0;
    const auto state = (*ledger)->load([](JobRecord&&) {});
    if (!state) return 2;
    done = state->totals.pushed;
    for (std::uint64_t k = done + 1;; ++k) {
        std::vector<Write> batch{PutJob{make_job(k, "j" + std::to_string(k), 400), true},
                                 PutTotals{{.pushed = k}}};
        if (k > 1) {
            JobRecord before = make_job(k - 1, "j" + std::to_string(k - 1), 400);
            before.head.state = JobState::running;
            batch.emplace_back(PutJob{before, false});
        }
        if (k > 5) batch.emplace_back(EraseJob{Seq(k - 5), "j" + std::to_string(k - 5)});
        if (!(*ledger)->write(batch) || !(*ledger)->sync()) return 3;
        std::printf("%lu\n", static_cast<unsigned long>(k));
        std::fflush(stdout);
    }
}

/// Starts the child, kills it after `lines` promises, and gives the last one.
std::uint64_t run_and_kill(const std::string& folder, std::uint64_t lines) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return 0;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    std::string self = "/proc/self/exe";
    std::string word = "--write-until-killed";
    std::string place = folder;
    std::array<char*, 4> arguments{self.data(), word.data(), place.data(), nullptr};
    pid_t child = 0;
    const int started =
        ::posix_spawn(&child, self.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    std::uint64_t last = 0;
    std::FILE* out = ::fdopen(ends[0], "r");
    std::array<char, 64> line{};
    for (std::uint64_t n = 0; started == 0 && std::fgets(line.data(), line.size(), out); ++n) {
        if (std::strchr(line.data(), '\n') != nullptr)
            last = std::strtoull(line.data(), nullptr, 10);
        if (n == lines) ::kill(child, SIGKILL);
    }
    std::fclose(out);
    if (started == 0) {
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
    }
    return last;
}

TEST(RocksKill, EverythingPromisedSurvivesSigkill) {
    const ScratchFolder folder;
    Random random(3);
    std::uint64_t before = 0;
    for (int round = 0; round < 12; ++round) {
        const std::uint64_t promised = run_and_kill(folder / "store", random.below(300));
        ASSERT_GT(promised, before);
        auto ledger = open_rocks_ledger(small_rocks(folder / "store"));
        ASSERT_TRUE(ledger) << ledger.error().text();
        std::vector<std::uint64_t> seqs;
        const auto state = (*ledger)->load([&](JobRecord&& job) {
            seqs.push_back(job.head.seq.value());
            EXPECT_EQ(job.body->args().size(), 404U);
        });
        ASSERT_TRUE(state) << state.error().text();
        const std::uint64_t last = state->totals.pushed;
        EXPECT_GE(last, promised);
        EXPECT_LE(last, promised + 1);
        std::vector<std::uint64_t> expected;
        for (std::uint64_t seq = last > 5 ? last - 4 : 1; seq <= last; ++seq) {
            expected.push_back(seq);
        }
        EXPECT_EQ(seqs, expected);
        before = last;
    }
}

}  // namespace
}  // namespace sluice::jobs

int main(int argc, char** argv) {
    if (argc == 3 && std::string_view(argv[1]) == "--write-until-killed") {
        return sluice::jobs::write_until_killed(argv[2]);
    }
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
