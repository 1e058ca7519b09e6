// SPDX-License-Identifier: Apache-2.0
#include "ledger_rig.h"

#include "modules/jobs/ledger/memory_ledger.h"
#include "modules/jobs/ledger/rocks_ledger.h"

#include <gtest/gtest.h>

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

}  // namespace sluice::jobs
