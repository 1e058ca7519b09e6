// SPDX-License-Identifier: Apache-2.0
// For tests only: a ledger in RAM whose writes and syncs fail or hang when the test says so.
#pragma once

#include "kernel/sync/clock.h"
#include "kernel/sync/mutex.h"
#include "modules/jobs/ledger/memory_ledger.h"

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::jobs {

/// A gate that a test closes to hold a thread of the shard where it is.
class Gate {
public:
    void close() {
        MutexLock lock(mutex_);
        open_ = false;
    }
    void open() {
        MutexLock lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    void pass() {
        MutexLock lock(mutex_);
        ++waiting_;
        changed_.notify_all();
        while (!open_) changed_.wait_until(mutex_, no_deadline);
        --waiting_;
    }
    void wait_for_somebody() {
        MutexLock lock(mutex_);
        while (waiting_ == 0) changed_.wait_until(mutex_, no_deadline);
    }

private:
    Mutex mutex_;
    CondVar changed_;
    bool open_ SLUICE_GUARDED_BY(mutex_) = true;
    int waiting_ SLUICE_GUARDED_BY(mutex_) = 0;
};

/// What stays when the shard goes, and what a test may break.
struct Store {
    MemoryLedger memory;
    Gate write_gate;
    Gate sync_gate;
    std::atomic<bool> fail_write{false};
    std::atomic<bool> fail_sync{false};
    std::atomic<bool> fail_load{false};  ///< until it is unset
    std::atomic<int> syncs{0};
    std::atomic<int> writes{0};
    std::atomic<std::thread::id> writer;  ///< of the last write
};

class BreakableLedger final : public Ledger {
public:
    explicit BreakableLedger(std::shared_ptr<Store> store) : store_(std::move(store)) {}
    Result<LedgerState> load(const std::function<void(JobRecord&&)>& visit) override {
        if (store_->fail_load) return fail(Code::exhausted, "disk full");
        if (store_->memory.unsynced() > 0) store_->memory.crash(0);
        return store_->memory.load(visit);
    }
    Status write(std::span<const Write> writes) override {
        store_->write_gate.pass();
        ++store_->writes;
        store_->writer = std::this_thread::get_id();
        if (store_->fail_write.exchange(false)) return fail(Code::exhausted, "disk full");
        return store_->memory.write(writes);
    }
    Status sync() override {
        store_->sync_gate.pass();
        ++store_->syncs;
        if (store_->fail_sync.exchange(false)) return fail(Code::io, "sync failed");
        return store_->memory.sync();
    }
    Status find(std::span<const Sought> sought, std::size_t bytes_max,
                std::vector<std::optional<JobRecord>>& found) override {
        return store_->memory.find(sought, bytes_max, found);
    }
    Result<ReadResult> read(const WantedRead& wanted) override {
        return store_->memory.read(wanted);
    }
    Status checkpoint(const std::string& directory) override {
        return store_->memory.checkpoint(directory);
    }
    Status close() override { return {}; }

private:
    std::shared_ptr<Store> store_;
};

}  // namespace sluice::jobs
