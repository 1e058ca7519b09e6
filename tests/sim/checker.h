// SPDX-License-Identifier: Apache-2.0
// Checker: the invariants of docs/reliability.md, J1 to J22 as far as they apply here, checked on
// every drain against the writes, the commands and the replies; never against the engine's own
// tables, except where those are what is checked.
#pragma once

#include "modules/jobs/engine/engine.h"
#include "shadow.h"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::jobs::sim {

struct Violation {
    std::string number;  ///< of the invariant: "J1"
    std::string what;
};

/// What a reply promises once it has been released.
struct Promise {
    enum class Kind : std::uint8_t { pushed, answered, final_seen };
    Kind kind = Kind::pushed;
    Shadow::Index job = 0;
    LeaseToken token;
};

class Checker {
public:
    explicit Checker(const EngineConfig& config) : config_(config) {}

    /// A server starts with these limits.
    void configure(const EngineConfig& config) { config_ = config; }
    /// A drain begins at this time.
    void begin_drain(WallTime now);
    /// The ledger took a batch of the drain (or of a restart's repairs).
    void batch(std::span<const Write> writes);
    /// The drain is over.
    void end_drain(std::span<const Command> commands, const Decision& out, const Engine& engine,
                   bool has_reads, std::vector<Promise>& promises);
    void released(std::span<const Promise> promises);
    void synced(std::size_t unsynced) { shadow_.forget_durable(unsynced); }
    /// The process is gone; the ledger kept the durable batches and `keep` more.
    void crashed(std::size_t keep);
    /// A stored record as it was loaded, then the end of the restart.
    void loaded(const JobRecord& job);
    void restored(const Engine& engine, WallTime now);
    /// Everything has come to an end: every promise is kept.
    void finished(const Engine& engine);
    /// Counts everything anew.
    void recount(const Engine& engine, bool has_reads);

    void fail(std::string_view number, const std::string& what);
    [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }
    [[nodiscard]] const Shadow& shadow() const { return shadow_; }
    [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
    [[nodiscard]] WallTime now() const { return now_; }
    [[nodiscard]] std::size_t asks() const { return asks_.size(); }
    /// The latest time at which a live job becomes due or its lease ends.
    [[nodiscard]] WallTime horizon() const;

private:
    struct Judge;
    struct BatchReader;
    /// A request that is not answered in its own drain.
    struct Ask {
        enum class Kind : std::uint8_t { fetch, wait, sweep, list };
        Kind kind = Kind::fetch;
        WallTime deadline{};
        Fetch fetch;
        Sweep sweep;
        ConnectionId connection;
        bool closing = false;  ///< may be dropped
    };
    struct WorkerView {
        const std::string* wid = nullptr;
        std::vector<ConnectionId> connections;
        WallTime lost_not_before{};
        WallTime earlier{};  ///< what that was before drain number `changed_in`
        std::uint64_t changed_in = ~0ULL;
        bool extended = false;
    };

    // In checker_moves.cpp.
    void check_put(const PutJob& put, const Truth& before, Shadow::Index job);
    void check_erase(const EraseJob& erase);
    void check_delivery(const Truth& before, const Truth& after, Shadow::Index job);
    void check_enqueued(const Truth& before, const Truth& after, Shadow::Index job);
    void check_fresh(const PutJob& put);
    void check_jid_row(const PutJob& put);
    void explain_rest();
    void check_redelivery();
    bool explain_by_time(Move& move);
    bool explain_expiry(Move& move);
    bool explain_loss(Move& move);
    bool explain_sweep(Move& move, SweepAction action, const JobFilter& filter);
    void check_failed(const Move& move, const FailureReport* report);
    void check_delay(const Move& move, std::optional<Duration> retry_in);

    // In checker_commands.cpp.
    void judge(std::span<const Command> commands);

    // In checker.cpp.
    const Reply* reply_to(TicketId ticket);
    void check_replies(const Decision& out);
    void judge_jobs(const JobsReply& reply, const Fetch& fetch);
    void judge_ask(const Reply& reply, const Ask& ask);
    void see(const JobRecord& job);
    void check_books(const Engine& engine);
    void check_leases();
    void check_waiting(bool has_reads);
    [[nodiscard]] bool moved(Shadow::Index job) const;
    [[nodiscard]] std::string describe(Shadow::Index job) const;
    WorkerView& worker(const std::string* wid);
    void refresh(WorkerView& view);

    EngineConfig config_;
    Shadow shadow_;
    std::optional<Violation> violation_;
    WallTime now_{};
    WallTime settled_{};  ///< everything that was due until then is done
    bool restoring_ = false;
    bool judged_ = true;
    std::uint64_t drains_ = 0;
    std::uint64_t deliveries_ = 0;
    std::uint64_t loaded_ = 0;
    std::uint64_t token_max_ = 0;
    Order order_max_ = 0;

    std::vector<std::pair<TicketId, Ask>> asks_;
    std::vector<WorkerView> workers_;
    std::vector<std::string> signalled_;  ///< wids that may be quiet
    std::vector<Shadow::Index> touched_;
    // Of the drain under way.
    const Decision* out_ = nullptr;
    std::size_t hint_ = 0;
    std::vector<bool> answered_;
    std::vector<Promise>* promises_ = nullptr;
    std::vector<const Sweep*> sweeps_;
    std::vector<Sweep> ended_sweeps_;
    std::vector<ConnectionId> gone_;
};

}  // namespace sluice::jobs::sim
