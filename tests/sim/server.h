// SPDX-License-Identifier: Apache-2.0
// The simulated server: inbox, drain, ledger, sync and replies in the order that the shard keeps,
// and every way to die in between. The engine, the drain and the ledger are the real ones.
#pragma once

#include "client.h"
#include "modules/jobs/engine/faults.h"
#include "modules/jobs/ledger/memory_ledger.h"
#include "modules/jobs/shell/drain.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <deque>
#include <memory>
#include <vector>

namespace sluice::jobs::sim {

/// Passes everything on to the memory ledger and shows every batch to the checker.
class WatchedLedger final : public Ledger {
public:
    explicit WatchedLedger(Checker& checker) : checker_(checker) {}

    Result<LedgerState> load(const std::function<void(JobRecord&&)>& visit) override;
    Status write(std::span<const Write> writes) override;
    Status sync() override { return ledger_.sync(); }
    Status find(std::span<const Sought> sought, std::size_t bytes_max,
                std::vector<std::optional<JobRecord>>& found) override {
        return ledger_.find(sought, bytes_max, found);
    }
    Result<ReadResult> read(const WantedRead& wanted) override { return ledger_.read(wanted); }
    Status checkpoint(const std::string& directory) override {
        return ledger_.checkpoint(directory);
    }
    Status close() override { return ledger_.close(); }

    void fail_next_write(bool kept) {
        kept_ = kept;
        ledger_.fail_next_write(Code::io, kept);
    }
    [[nodiscard]] MemoryLedger& below() { return ledger_; }
    [[nodiscard]] std::uint64_t batches() const { return batches_; }

private:
    Checker& checker_;
    MemoryLedger ledger_;
    std::uint64_t batches_ = 0;
    bool kept_ = false;
};

class Server {
public:
    Server(World& world, std::uint64_t faults);

    void start();
    [[nodiscard]] bool is_up() const { return engine_ != nullptr; }
    [[nodiscard]] bool is_idle() const;
    [[nodiscard]] const Engine* engine() const { return engine_.get(); }
    [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
    [[nodiscard]] std::uint64_t restarts() const { return runs_; }

    bool open(ConnectionId connection, std::uint32_t client);
    void receive(Envelope envelope);
    void disconnected(ConnectionId connection);
    /// The client has read these.
    void arrived(ConnectionId connection, const JobsReply& jobs);
    void on_drain(std::uint64_t generation);
    void on_sync_done(std::uint64_t run);
    void on_release(std::uint64_t run);
    void crash();
    void clock_jumped() {
        if (is_up()) wake(Duration{0});
    }

private:
    struct Session {
        std::uint32_t client = 0;
        std::shared_ptr<const std::string> wid;
        std::vector<HandedOut> undelivered;
        std::vector<HandedOut> unread;  ///< arrived, and nothing was asked since
    };
    struct Waiting {
        std::uint32_t client = 0;
        ConnectionId connection;
        std::uint64_t request = 0;
    };
    /// What a drain answered, until it may be told.
    struct Turn {
        Decision out;
        std::vector<Promise> promises;
        std::uint64_t batches = 0;  ///< to be synced first, if out.needs_sync
    };

    WallTime read_clock();
    void wake(Duration delay);
    void plan_next();
    void take_batch(WallTime now);
    bool run_drain(WallTime now, Turn& turn);
    void mix_turn(const Turn& turn);
    void start_sync();
    void release_ready();
    void send(Reply& reply);
    void release_early(Turn& turn);
    void release(Turn& turn);
    void fall();
    void restore();
    [[nodiscard]] bool planted_here(Fault fault) const { return (faults_ & fault_bit(fault)) != 0; }

    World& world_;
    const std::uint64_t faults_;
    WatchedLedger ledger_;
    EngineConfig config_;
    std::unique_ptr<Engine> engine_;
    std::unique_ptr<Drain> drain_;
    std::optional<DisciplinedClock> clock_;

    std::deque<Command> inbox_;
    std::vector<Command> commands_;
    boost::unordered_flat_map<std::uint64_t, Session> sessions_;
    boost::unordered_flat_map<std::uint64_t, Waiting> tickets_;
    std::uint64_t next_ticket_ = 1;

    std::deque<Turn> turns_;
    std::vector<Turn> spare_;
    std::uint64_t synced_ = 0;  ///< batches
    std::uint64_t sync_target_ = 0;
    bool syncing_ = false;
    bool synced_early_ = false;
    bool releasing_ = false;

    std::uint64_t runs_ = 0;
    std::uint64_t crashes_ = 0;
    std::uint64_t generation_ = 0;
    std::optional<Duration> wake_at_;
};

}  // namespace sluice::jobs::sim
