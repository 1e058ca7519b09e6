// SPDX-License-Identifier: Apache-2.0
// A workload is run again and again, with the n-th file operation failing, for every n until none
// fails any more. Whatever happens, what a sync() promised is there and no batch is there by half.
#include "ledger_rig.h"
#include "modules/jobs/ledger/memory_ledger.h"
#include "modules/jobs/ledger/rocks_ledger.h"

#include <gtest/gtest.h>
#include <support/scratch_disk.h>

#include <cstdlib>

namespace sluice::jobs {
namespace {

constexpr std::size_t batch_count = 24;

/// The same batches every time, and what the store holds after each number of them.
struct Workload {
    std::vector<std::vector<Write>> batches;
    std::vector<std::string> dumps;

    Workload() {
        Random random(5);
        MemoryLedger model;
        EXPECT_TRUE(model.load([](JobRecord&&) {}));
        dumps.push_back(dump(model));
        for (std::size_t i = 0; i < batch_count; ++i) {
            auto batch = random_batch(random);
            // Tells every prefix from every other, and fills memtables.
            batch.emplace_back(PutTotals{{.pushed = 1000 + i}});
            batch.emplace_back(PutJob{make_job(1000 + i, "big" + std::to_string(i), 6000), true});
            EXPECT_TRUE(model.write(batch));
            batches.push_back(std::move(batch));
            dumps.push_back(dump(model));
        }
    }
};

const Workload& workload() {
    static const Workload made;
    return made;
}

struct Progress {
    std::size_t written = 0;  ///< batches whose write() returned OK
    std::size_t tried = 0;    ///< batches given to write()
    std::size_t synced = 0;   ///< batches that a sync() which returned OK came after
};

/// Writes batches from `progress.written` on until an error or the end.
void run(Ledger& ledger, Progress& progress) {
    while (progress.written < batch_count) {
        progress.tried = progress.written + 1;
        if (!ledger.write(workload().batches[progress.written])) return;
        ++progress.written;
        if (progress.written % 3 != 0) continue;
        if (!ledger.sync()) return;
        progress.synced = progress.written;
    }
    if (ledger.sync()) progress.synced = progress.written;
}

/// How many batches the store holds, if it is a possible number.
std::size_t expect_possible(Ledger& ledger, const Progress& progress, const std::string& where) {
    const std::string found = dump(ledger);
    for (std::size_t k = progress.synced; k <= progress.tried; ++k) {
        if (workload().dumps[k] == found) return k;
    }
    ADD_FAILURE() << where << ": synced " << progress.synced << ", tried " << progress.tried
                  << ", but found\n"
                  << found;
    return progress.written;
}

class FaultPoints : public testing::Test {
protected:
    Result<std::unique_ptr<Ledger>> open() {
        RocksSettings settings = small_rocks(folder_ / "store");
        settings.faults = env_;
        return open_rocks_ledger(std::move(settings));
    }
    void cut(Random* torn) {
        ledger_.reset();
        faults_->disarm();
        ASSERT_TRUE(env_->drop_unsynced(torn));
    }
    void open_or_fail(const std::string& where) {
        auto opened = open();
        ASSERT_TRUE(opened) << where << ": " << opened.error().text();
        ledger_ = std::move(*opened);
    }

    ScratchFolder folder_;
    std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
    std::shared_ptr<RocksFaultEnv> env_ = std::make_shared<RocksFaultEnv>(faults_);
    std::unique_ptr<Ledger> ledger_;
};

/// One life: the n-th operation fails, for a moment or for good (a power cut).
struct Point {
    FaultInjector::Plan plan;
    std::string name;
};

class OnePoint : public FaultPoints {
public:
    void TestBody() override {}

    /// True when the fault came to pass.
    bool run_point(const Point& point) {
        Random random(point.plan.nth);
        Progress progress;
        faults_->arm(point.plan);
        if (auto opened = open()) {
            ledger_ = std::move(*opened);
            if (ledger_->load([](JobRecord&&) {})) run(*ledger_, progress);
        }
        const bool fired = faults_->fired();
        if (point.plan.stay) {
            faults_->cut_power();  // also when nothing failed: at the end
            cut(point.plan.torn ? &random : nullptr);
        } else {
            faults_->disarm();
        }
        if (!ledger_) open_or_fail(point.name);
        if (!ledger_) return false;
        progress.written = expect_possible(*ledger_, progress, point.name);
        progress.synced = progress.written;  // load() made it durable
        run(*ledger_, progress);
        EXPECT_EQ(progress.synced, batch_count) << point.name << ": work did not go on";
        ledger_.reset();
        open_or_fail(point.name);
        if (!ledger_) return false;
        EXPECT_EQ(dump(*ledger_), workload().dumps[batch_count]) << point.name;
        return fired;
    }
};

void run_all_points(FaultInjector::Plan plan, const std::string& name) {
    std::uint64_t points = 0;
    for (plan.nth = 1; !testing::Test::HasFailure(); ++plan.nth) {
        OnePoint point;
        if (!point.run_point({plan, name + " at operation " + std::to_string(plan.nth)})) break;
        ++points;
    }
    EXPECT_GT(points, 20U);
    std::cout << name << ": " << points << " points\n";
}

TEST(RocksFaults, AnyOperationFailingOnceLosesNothing) {
    run_all_points({.error = EIO}, "one I/O error");
}

TEST(RocksFaults, AnyWriteTornOnceLosesNothing) {
    run_all_points({.ops = 0U | FileOp::write, .error = EIO, .torn = true}, "one torn write");
}

TEST(RocksFaults, DiskFullForAMomentLosesNothing) {
    run_all_points({.ops = FileOp::open | FileOp::write, .error = ENOSPC},
                   "one moment of full disk");
}

TEST(RocksFaults, PowerCutAtAnyOperationLosesNothingSynced) {
    run_all_points({.stay = true}, "power cut");
}

TEST(RocksFaults, PowerCutWithATornTailAtAnyOperationLosesNothingSynced) {
    run_all_points({.torn = true, .stay = true}, "power cut with torn tails");
}

TEST(RocksFaults, FullDiskRefusesPushesAndStillTakesAcks) {
    const ScratchDisk disk(mib(48).count);
    if (!disk.is_there()) GTEST_SKIP() << ScratchDisk::lack;
    const FileIo files;
    const auto guard = std::make_shared<DiskGuard>(DiskGuardSettings{.folder = disk.path(),
                                                                     .ballast = mib(16),
                                                                     .refuse_below = mib(6),
                                                                     .accept_above = mib(8),
                                                                     .release_below = mib(2)});
    ASSERT_TRUE(guard->check());
    ASSERT_TRUE(guard->accepting() && guard->has_ballast());
    RocksSettings settings{.folder = disk / "store", .memtable = mib(2), .cache = mib(1)};
    settings.guard = guard;
    auto opened = open_rocks_ledger(std::move(settings));
    ASSERT_TRUE(opened) << opened.error().text();
    Ledger& ledger = **opened;
    ASSERT_TRUE(ledger.load([](JobRecord&&) {}));
    std::uint64_t synced = 0;
    Status status;
    Random random(1);
    for (std::uint64_t seq = 1; status && seq < 100'000; ++seq) {
        JobRecord job = make_job(seq, "j" + std::to_string(seq));
        std::string noise(3000, ' ');  // does not compress
        for (char& c : noise) c = static_cast<char>('0' + random.below(75));
        job.body = std::make_shared<const JobBody>(JobBody::Texts{.jid = "j" + std::to_string(seq),
                                                                  .type = "t",
                                                                  .queue = "q",
                                                                  .args = noise,
                                                                  .custom = "",
                                                                  .extra = ""},
                                                   JobPolicy{});
        status = ledger.write(std::vector<Write>{PutJob{job, true}});
        if (status) status = ledger.sync();
        if (status) synced = seq;
    }
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::exhausted) << status.error().text();
    EXPECT_FALSE(guard->accepting());
    EXPECT_FALSE(guard->has_ballast());
    std::uint64_t found = 0;
    const auto state = ledger.load([&](JobRecord&&) { ++found; });
    ASSERT_TRUE(state) << state.error().text();
    EXPECT_GE(found, synced);
    for (std::uint64_t seq = 1; seq <= found; ++seq) {
        const Status acked =
            ledger.write(std::vector<Write>{EraseJob{Seq(seq), "j" + std::to_string(seq)}});
        ASSERT_TRUE(acked) << acked.error().text();
        if (seq % 100 == 0) {
            ASSERT_TRUE(ledger.sync());
        }
    }
    EXPECT_TRUE(ledger.close());
    EXPECT_TRUE(files.remove_folder(disk / "store"));
    EXPECT_TRUE(guard->check());
    EXPECT_TRUE(guard->accepting() && guard->has_ballast());
}

}  // namespace
}  // namespace sluice::jobs
