// SPDX-License-Identifier: Apache-2.0
#include "ledger_rig.h"

#include "modules/jobs/ledger/memory_ledger.h"
#include "modules/jobs/ledger/rocks_ledger.h"

#include <gtest/gtest.h>

#include <sstream>

namespace sluice::jobs {

RocksSettings small_rocks(const std::string& folder) {
    return {.folder = folder, .memtable = kib(64), .cache = mib(1)};
}

namespace {

class MemoryRig final : public LedgerRig {
public:
    Ledger& ledger() override { return ledger_; }
    void crash() override { ledger_.crash(0); }
    void fail_next_write() override { ledger_.fail_next_write(Code::io); }
    void fail_next_sync() override { ledger_.fail_next_sync(Code::io); }
    std::string backup_place() override { return "backup" + std::to_string(++backups_); }
    std::unique_ptr<Ledger> restore(const std::string& backup) override {
        return ledger_.restored(backup);
    }

private:
    MemoryLedger ledger_;
    int backups_ = 0;
};

class RocksRig final : public LedgerRig {
public:
    explicit RocksRig(bool small) : small_(small) { open(); }

    Ledger& ledger() override { return *ledger_; }
    void crash() override {
        faults_->cut_power();
        ledger_.reset();
        faults_->disarm();
        EXPECT_TRUE(env_->drop_unsynced());
        open();
    }
    void fail_next_write() override { faults_->arm({.ops = FileOp::write | FileOp::sync}); }
    void fail_next_sync() override { faults_->arm({.ops = 0U | FileOp::sync}); }
    std::string backup_place() override {
        return folder_ / ("backups/" + std::to_string(++backups_));
    }
    std::unique_ptr<Ledger> restore(const std::string& backup) override {
        const std::string place = folder_ / ("restored" + std::to_string(++backups_));
        const Status status = restore_rocks_ledger(backup, place);
        EXPECT_TRUE(status) << status.error().text();
        auto opened = open_rocks_ledger({.folder = place});
        EXPECT_TRUE(opened) << opened.error().text();
        return std::move(*opened);
    }

private:
    void open() {
        RocksSettings settings{.folder = folder_ / "store"};
        if (small_) settings = small_rocks(folder_ / "store");
        settings.faults = env_;
        auto opened = open_rocks_ledger(std::move(settings));
        ASSERT_TRUE(opened) << opened.error().text();
        ledger_ = std::move(*opened);
    }

    ScratchFolder folder_;
    std::shared_ptr<FaultInjector> faults_ = std::make_shared<FaultInjector>();
    std::shared_ptr<RocksFaultEnv> env_ = std::make_shared<RocksFaultEnv>(faults_);
    std::unique_ptr<Ledger> ledger_;
    bool small_;
    int backups_ = 0;
};

}  // namespace

std::string to_string(LedgerKind kind) {
    switch (kind) {
        case LedgerKind::memory: return "memory";
        case LedgerKind::rocks: return "rocks";
        case LedgerKind::rocks_small: return "rocks_small";
    }
    return "";
}

std::unique_ptr<LedgerRig> make_rig(LedgerKind kind) {
    if (kind == LedgerKind::memory) return std::make_unique<MemoryRig>();
    return std::make_unique<RocksRig>(kind == LedgerKind::rocks_small);
}

JobRecord make_job(std::uint64_t seq, const std::string& jid, std::size_t args_size) {
    JobRecord job;
    job.head.seq = Seq(seq);
    job.head.queue = QueueId(1);
    job.head.order = seq;
    const std::string args =
        "[\"" + std::string(args_size, static_cast<char>('a' + seq % 26)) + "\"]";
    job.body = std::make_shared<const JobBody>(
        JobBody::Texts{
            .jid = jid, .type = "t", .queue = "q", .args = args, .custom = "", .extra = ""},
        JobPolicy{});
    return job;
}

std::vector<Write> random_batch(Random& random) {
    std::vector<Write> batch;
    for (std::uint64_t n = 1 + random.below(6); n > 0; --n) {
        const std::uint64_t seq = 1 + random.below(100);
        const std::string jid = "j" + std::to_string(seq % 40);
        // The size follows from the seq: a job's body never changes.
        JobRecord job = make_job(seq, jid, seq % 5 == 0 ? 3000 : 20);
        job.head.state = static_cast<JobState>(random.below(job_state_count));
        job.head.due_at = wall_from_ns(static_cast<std::int64_t>(random.below(5)));
        switch (random.below(12)) {
            case 0:
            case 1:
            case 2:
            case 3: batch.emplace_back(PutJob{job, true}); break;
            case 4:
            case 5: batch.emplace_back(EraseJob{Seq(seq), jid, random.chance(0.5)}); break;
            case 6: batch.emplace_back(PutReady{QueueId(1), 5, seq, Seq(seq)}); break;
            case 7: batch.emplace_back(EraseReady{QueueId(1), 5, seq}); break;
            case 8: batch.emplace_back(PutDue{job.head.due_at, Seq(seq)}); break;
            case 9: batch.emplace_back(EraseDue{job.head.due_at, Seq(seq)}); break;
            case 10: batch.emplace_back(PutTotals{{.pushed = random.below(1000)}}); break;
            default:
                if (random.chance(0.1)) {
                    batch.emplace_back(EraseEverything{});
                } else {
                    batch.emplace_back(PutQueue{{.id = QueueId(1 + random.below(3)),
                                                 .name = "q",
                                                 .paused = random.chance(0.5)}});
                }
        }
    }
    return batch;
}

std::string dump(Ledger& ledger) {
    std::ostringstream out;
    const auto state =
        ledger.load([&](JobRecord&& job) { out << job << ' ' << job.body->args().size() << '\n'; });
    if (!state) return "load failed: " + state.error().text();
    for (const auto& row : state->queues) {
        out << "queue " << row.id.value() << row.name << row.paused << '\n';
    }
    out << state->totals.pushed << '\n';
    const auto page = ledger.read({.queue = QueueId(1), .priority = 5, .limit = 1000});
    const auto due = ledger.read({.kind = ReadKind::due, .limit = 1000});
    if (!page || !due) return "read failed";
    for (const auto& job : page->jobs) out << "ready " << job << '\n';
    for (const auto& job : due->jobs) out << "due " << job << '\n';
    std::vector<std::string> names;
    for (int i = 0; i < 40; ++i) names.push_back("j" + std::to_string(i));
    const std::vector<std::string_view> jids(names.begin(), names.end());
    std::vector<std::optional<JobRecord>> found;
    if (const Status status = ledger.find(jids, SIZE_MAX, found); !status) return "find failed";
    for (const auto& job : found) out << (job ? job->head.seq.value() : 0) << ' ';
    return out.str();
}

}  // namespace sluice::jobs
