// SPDX-License-Identifier: Apache-2.0
// Shadow: the truth as the ledger holds it, kept a second time from the writes alone, with the way
// back for those that are not durable yet; and what was promised to clients, which no crash takes
// back.
#pragma once

#include "modules/jobs/engine/write.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::jobs::sim {

/// A job as it is stored.
struct Truth {
    LeaseToken token;
    QueueId queue;
    Order order = 0;
    WallTime due_at{};
    WallTime changed_at{};
    WallTime expires_at{};
    const std::string* wid = nullptr;
    std::int32_t attempt = 0;
    std::int32_t failures = 0;
    JobState state = JobState::enqueued;
    std::uint8_t priority = 0;
    std::uint8_t losses = 0;
    LeaseMode mode = LeaseMode::fixed;
    Lapse lapse = Lapse::none;
    bool exists = false;
    bool superseded = false;
    bool cancel_requested = false;
    bool indexed = false;
    bool named = false;
    friend bool operator==(const Truth&, const Truth&) = default;

    [[nodiscard]] std::string_view holder() const {
        return wid != nullptr ? std::string_view(*wid) : std::string_view();
    }
    [[nodiscard]] bool running() const { return exists && state == JobState::running; }
};

Truth truth_of(const JobRecord& job);

/// What was seen or promised; not taken back by a crash.
struct Facts {
    Seq seq;
    std::shared_ptr<const JobBody> body;
    bool promised = false;               ///< its push was answered, durably
    bool final_seen = false;             ///< a client knows that it is final
    LeaseToken answered;                 ///< an answer for this lease was confirmed, durably
    LeaseToken renewed;                  ///< renewed by beats, which is not written …
    WallTime renewed_until{};            ///< … until then
    std::uint64_t cancelled_in = ~0ULL;  ///< the drain that asked a running job to stop
    std::uint32_t deliveries = 0;
    std::uint32_t causes = 0;  ///< recorded reasons for another delivery
};

/// One change of state of one job within a drain.
struct Move {
    std::uint32_t job = 0;
    Truth before;  ///< !exists: a fresh job
    Truth after;   ///< !exists: erased
    bool explained = false;
};

class Shadow {
public:
    using Index = std::uint32_t;
    static constexpr Index none = ~0U;

    /// A batch begins: what follows until the next begin is taken back together.
    void begin_batch();
    /// Each gives the job's index.
    Index put(const JobRecord& job, bool fresh);
    void put_jid(const std::string& jid, Seq seq);
    /// False when the row of another job's jid is erased, or that of this one is not.
    bool erase(const EraseJob& erase, Index& job);
    void put_row(const QueueRow& row);
    void erase_row(QueueId id);
    void put_totals(const Totals& totals) { stored_ = totals; }
    void count_rows(int change) { rows_ += change; }
    void erase_everything();

    /// All but the newest `unsynced` batches are durable.
    void forget_durable(std::size_t unsynced);
    /// Takes back the newest batches until `keep` undurable ones are left; the jobs concerned go to
    /// `touched`.
    void roll_back(std::size_t keep, std::vector<Index>& touched);

    [[nodiscard]] Index find(Seq seq) const;
    [[nodiscard]] Index latest(std::string_view jid) const;
    /// Where the row of the jid leads to; none: it has no row.
    [[nodiscard]] Seq jid_row(std::string_view jid) const;
    [[nodiscard]] Index by_token(LeaseToken token) const;
    [[nodiscard]] std::size_t size() const { return truths_.size(); }
    [[nodiscard]] const Truth& truth(Index job) const { return truths_[job]; }
    [[nodiscard]] Facts& facts(Index job) { return facts_[job]; }
    [[nodiscard]] const Facts& facts(Index job) const { return facts_[job]; }
    [[nodiscard]] std::string_view jid(Index job) const { return facts_[job].body->jid(); }

    [[nodiscard]] const QueueRow* row(QueueId id) const;
    [[nodiscard]] const QueueRow* row(std::string_view name) const;
    [[nodiscard]] const std::vector<std::pair<QueueId, QueueRow>>& rows() const { return queues_; }
    /// What is promised to a queue's jobs; of a removed queue that is gone, what it was. (It goes
    /// in the drain that answers its last running job.)
    [[nodiscard]] bool durable(QueueId id) const;
    /// The job is the first of the highest non-empty priority of its queue.
    [[nodiscard]] bool is_first(const Truth& truth) const;
    [[nodiscard]] bool has_ready(QueueId id) const;

    [[nodiscard]] const std::array<std::uint64_t, job_state_count>& counts() const {
        return counts_;
    }
    [[nodiscard]] std::uint64_t live() const;
    [[nodiscard]] std::uint64_t kept_finished() const;
    [[nodiscard]] const Totals& computed() const { return computed_; }
    [[nodiscard]] const Totals& stored() const { return stored_; }
    [[nodiscard]] std::int64_t index_rows() const { return rows_; }
    [[nodiscard]] std::int64_t indexed_jobs() const { return indexed_; }

    /// Of the present drain; cleared by the checker.
    std::vector<Move> moves;
    bool erased_everything = false;  ///< in this turn, after the moves that are missing

private:
    using ReadyKey = std::pair<int, Order>;  ///< lowest first: highest priority, then order
    struct Batch {
        std::vector<std::pair<Index, Truth>> jobs;
        std::vector<std::pair<std::string_view, Index>> jids;
        std::vector<std::pair<std::string, Seq>> jid_rows;
        std::vector<std::pair<QueueId, std::optional<QueueRow>>> rows;
        Totals computed;
        Totals stored;
        std::int64_t index_rows = 0;
    };

    void set(Index job, const Truth& truth);
    void change(Index job, const Truth& truth);
    void set_row(QueueId id, const std::optional<QueueRow>& row);
    void set_latest(std::string_view jid, Index job);
    void set_jid_row(const std::string& jid, Seq seq);
    void count_final(const Truth& before, const Truth& after);
    Index add(const JobRecord& job);

    std::vector<Truth> truths_;
    std::vector<Facts> facts_;
    boost::unordered_flat_map<std::uint64_t, Index> by_seq_;
    boost::unordered_flat_map<std::uint64_t, Index> by_token_;
    boost::unordered_flat_map<std::string_view, Index> latest_;
    std::map<std::string, Seq, std::less<>> jid_rows_;
    std::vector<std::pair<QueueId, QueueRow>> queues_;
    std::vector<QueueId> gone_async_;  // Erased queues whose durability was async.
    std::vector<std::pair<QueueId, std::set<ReadyKey>>> ready_;
    std::array<std::uint64_t, job_state_count> counts_{};
    std::int64_t indexed_ = 0;
    std::int64_t rows_ = 0;
    Totals computed_;
    Totals stored_;
    std::deque<Batch> batches_;
    std::vector<Batch> spare_;
};

}  // namespace sluice::jobs::sim
