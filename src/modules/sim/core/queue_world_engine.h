// SPDX-License-Identifier: Apache-2.0
// EngineHost: the real dispatch engine of the queue, driven in virtual time, with a stand-in in
// memory for the ledger: what the engine spills to disk and reads back is kept here. It knows jobs
// and seats by their numbers; who works and when is the world's.
#pragma once

#include "kernel/base/time.h"
#include "modules/jobs/engine/engine.h"
#include "modules/sim/core/scenario.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::sim {

/// One job as the world sees it. Entries are used again once the engine has forgotten the job.
struct WorldJob {
    std::shared_ptr<const jobs::JobBody> body;
    jobs::JobRecord stored;  ///< As last written while it waited; answers reads and lookups.
    jobs::LeaseToken lease;  ///< Of the delivery under way.
    Duration arrived{0};
    Duration service{0};       ///< Drawn at the arrival, for its first attempt.
    double luck = 0;           ///< The same for how that attempt ends.
    std::uint64_t number = 0;  ///< Of the arrivals of its traffic, from 0.
    std::uint32_t traffic = 0;
    std::uint32_t attempts = 0;
    std::optional<jobs::JobState> state;  ///< Empty: not pushed.
    bool on_disk = false;                 ///< Spilled at least once, or final.
    bool counted = false;                 ///< Arrived within the measured window.
    bool started = false;
    bool of_backlog = false;
};

/// What the engine's decisions mean for the world. Must not call the host from within.
class EngineListener {
public:
    EngineListener() = default;
    EngineListener(const EngineListener&) = delete;
    EngineListener& operator=(const EngineListener&) = delete;
    virtual ~EngineListener() = default;
    /// The job went from one state to another (`from` empty: it is new).
    virtual void on_moved(std::uint32_t job, std::optional<jobs::JobState> from,
                          jobs::JobState to) = 0;
    /// The fetch of that seat was answered with this job.
    virtual void on_delivered(std::uint32_t seat, std::uint32_t job) = 0;
    /// The fetch of that seat was answered with nothing.
    virtual void on_nothing(std::uint32_t seat) = 0;
    /// The engine has forgotten the job; its entry may be used again.
    virtual void on_forgotten(std::uint32_t job) = 0;
    /// The completion of a seat was refused: its lease is not the current one.
    virtual void on_stale() = 0;
};

/// The engine and its store. One owner; calls back its listener from within each call.
class EngineHost {
public:
    /// Seats and jobs are numbered below these.
    static constexpr std::uint32_t seats_max = 1U << 20;

    EngineHost(const jobs::EngineConfig& config, EngineListener& listener);

    [[nodiscard]] std::deque<WorldJob>& jobs() { return jobs_; }
    /// A new entry whose body is that of `traffic`, pushed to `queue`.
    std::uint32_t make_job(const Traffic& traffic, const std::string& queue);

    // Each of these is one drain of the engine at `now`, which never goes back.
    void push(std::uint32_t job, Duration now);
    void fetch(std::uint32_t seat, jobs::Fetch& fetch, Duration now);
    void ack(std::uint32_t job, const jobs::JobRef& ref, const jobs::Caller& caller, Duration now);
    void fail(std::uint32_t job, const jobs::JobRef& ref, const jobs::Caller& caller, bool final,
              Duration now);
    void release(const jobs::JobRef& ref, const jobs::Caller& caller, Duration now);
    void hello(const jobs::Caller& caller, bool extended, Duration now);
    void beat(const jobs::Caller& caller, const std::vector<jobs::LeaseToken>& leases,
              Duration now);
    void disconnect(const jobs::Caller& caller, Duration now);
    void tick(Duration now);
    /// How long the oldest ready job of these queues has waited, as the engine's INFO tells it.
    [[nodiscard]] Duration oldest_wait(const std::vector<std::string>& queues, Duration now);

    /// When the engine must be called next, at the latest.
    [[nodiscard]] std::optional<Duration> next_deadline() const;
    /// Commands that the engine has decided.
    [[nodiscard]] std::uint64_t decisions() const { return decisions_; }
    /// Jobs that the engine handed to a worker.
    [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
    [[nodiscard]] const jobs::Engine& engine() const { return engine_; }
    /// Pages read back from the store.
    [[nodiscard]] std::uint64_t refills() const { return refills_; }

private:
    struct ReadyKey {
        std::uint64_t queue = 0;
        std::uint8_t priority = 0;
        jobs::Order order = 0;
        friend auto operator<=>(const ReadyKey&, const ReadyKey&) = default;
    };

    void drain(const jobs::Command& command, Duration now);
    void drain_completion(std::uint32_t job, const jobs::Command& command, Duration now);
    void settle(WallTime now);
    void answer_reads(WallTime now);
    jobs::ReadResult read(const jobs::WantedRead& wanted) const;
    bool take(std::uint64_t seq, jobs::JobState a, jobs::JobState b, jobs::ReadResult& out) const;
    void apply_writes();
    void apply(jobs::PutJob& put);
    void apply(const jobs::EraseJob& erase);
    void release_replies();

    EngineListener& listener_;
    jobs::Engine engine_;
    std::deque<WorldJob> jobs_;
    std::map<ReadyKey, std::uint64_t> ready_;
    std::map<jobs::DueKey, std::uint64_t> due_;
    boost::unordered_flat_map<std::uint64_t, std::uint32_t> on_disk_;  ///< seq → job
    jobs::Lookups nothing_;
    jobs::Decision out_;
    jobs::InfoReply info_;  ///< The last one.
    jobs::Command push_{jobs::Push{}};
    jobs::Command ack_{jobs::Ack{}};
    jobs::Command fail_{jobs::Fail{}};
    jobs::Command fetch_{jobs::Fetch{}};
    std::optional<WallTime> deadline_;
    std::uint64_t decisions_ = 0;
    std::uint64_t deliveries_ = 0;
    std::uint64_t refills_ = 0;
    std::uint64_t next_ticket_ = 1;
};

}  // namespace sluice::sim
