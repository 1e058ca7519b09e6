// SPDX-License-Identifier: Apache-2.0
// One visible state; for what is not yet durable an undo log, so that a crash costs only what it
// takes back and a write costs no second copy of anything.
#include "modules/jobs/ledger/memory_ledger.h"

#include "modules/jobs/ledger/seq_table.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>

namespace sluice::jobs {

namespace {

struct ReadyKey {
    QueueId queue;
    std::uint8_t priority = 0;
    Order order = 0;
    friend auto operator<=>(const ReadyKey&, const ReadyKey&) = default;
};

struct TextHash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(std::string_view text) const {
        std::uint64_t hash = std::hash<std::string_view>{}(text);
        return hash ^ (hash >> 32U);
    }
};
struct TextEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const { return a == b; }
};
using JidIndex = boost::unordered_flat_map<std::string, Seq, TextHash, TextEqual>;

Error stopped() {
    return fail(Code::io, "the ledger stopped after a failure; load it again to go on");
}

}  // namespace

struct MemoryLedger::State {
    SeqTable jobs;
    JidIndex jids;
    std::map<ReadyKey, Seq> ready;
    std::set<DueKey> due;
    std::map<QueueId, QueueRow> queues;
    Totals totals;
    std::map<std::string, std::shared_ptr<const State>> checkpoints;
    std::uint64_t checkpoint_epoch = 0;
};

/// One step back. Which member counts is told by the alternative.
struct MemoryLedger::Undo {
    struct Job {
        Seq seq;
        std::optional<JobRecord> before;
    };
    struct Jid {
        std::string jid;
        Seq before;
    };
    struct Ready {
        ReadyKey key;
        Seq before;
    };
    struct Due {
        DueKey key;
        bool before;
    };
    struct Queue {
        QueueId id;
        std::optional<QueueRow> before;
    };
    struct Everything {
        std::unique_ptr<State> before;
    };
    std::variant<Job, Jid, Ready, Due, Queue, Totals, Everything> step;
};

struct MemoryLedger::UndoLog {
    struct Batch {
        std::uint64_t number = 0;
        std::vector<Undo> steps;
    };
    std::deque<Batch> batches;
    std::vector<std::vector<Undo>> spare;  ///< emptied vectors, kept for their memory

    Batch& begin(std::uint64_t number) {
        batches.emplace_back();
        batches.back().number = number;
        if (!spare.empty()) {
            batches.back().steps = std::move(spare.back());
            spare.pop_back();
        }
        return batches.back();
    }
    void recycle(std::vector<Undo>&& steps) {
        steps.clear();
        if (spare.size() < 8) spare.push_back(std::move(steps));
    }
    void forget_through(std::uint64_t number) {
        while (!batches.empty() && batches.front().number <= number) {
            recycle(std::move(batches.front().steps));
            batches.pop_front();
        }
    }
};

/// Applies writes and notes how to take them back.
class MemoryLedger::Applier {
public:
    Applier(State& state, std::vector<Undo>& undo) : state_(state), undo_(undo) {}

    void operator()(const PutJob& w) { note(Undo::Job{w.job.head.seq, state_.jobs.put(w.job)}); }
    void operator()(const PutJid& w) {
        Seq& seq = state_.jids.try_emplace(w.jid).first->second;
        note(Undo::Jid{w.jid, seq});
        seq = w.seq;
    }
    void operator()(const EraseJob& w) {
        note(Undo::Job{w.seq, state_.jobs.erase(w.seq)});
        if (w.jid.empty()) return;
        const auto at = state_.jids.find(std::string_view(w.jid));
        if (at == state_.jids.end()) return;
        note(Undo::Jid{w.jid, at->second});
        state_.jids.erase(at);
    }
    void operator()(const PutReady& w) {
        const ReadyKey key{w.queue, w.priority, w.order};
        Seq& slot = state_.ready[key];
        note(Undo::Ready{key, slot});
        slot = w.seq;
    }
    void operator()(const EraseReady& w) {
        const ReadyKey key{w.queue, w.priority, w.order};
        const auto at = state_.ready.find(key);
        if (at == state_.ready.end()) return;
        note(Undo::Ready{key, at->second});
        state_.ready.erase(at);
    }
    void operator()(const PutDue& w) {
        const DueKey key{w.at, w.seq};
        note(Undo::Due{key, !state_.due.insert(key).second});
    }
    void operator()(const EraseDue& w) {
        const DueKey key{w.at, w.seq};
        note(Undo::Due{key, state_.due.erase(key) != 0});
    }
    void operator()(const PutQueue& w) {
        auto [at, added] = state_.queues.try_emplace(w.row.id);
        std::optional<QueueRow> before;
        if (!added) before = std::move(at->second);
        note(Undo::Queue{w.row.id, std::move(before)});
        at->second = w.row;
    }
    void operator()(const EraseQueue& w) {
        const auto at = state_.queues.find(w.id);
        if (at == state_.queues.end()) return;
        note(Undo::Queue{w.id, std::move(at->second)});
        state_.queues.erase(at);
    }
    void operator()(const PutTotals& w) {
        note(Totals{state_.totals});
        state_.totals = w.totals;
    }
    void operator()(const EraseEverything&) {
        auto before = std::make_unique<State>();
        std::swap(*before, state_);
        state_.totals = before->totals;
        std::swap(state_.checkpoints, before->checkpoints);
        note(Undo::Everything{std::move(before)});
    }

private:
    template <class Step>
    void note(Step&& step) {
        undo_.push_back(Undo{std::forward<Step>(step)});
    }

    State& state_;
    std::vector<Undo>& undo_;
};

/// Takes steps back.
class MemoryLedger::Reverter {
public:
    explicit Reverter(State& state) : state_(state) {}

    void operator()(Undo::Job& step) {
        if (step.before) {
            state_.jobs.put(*step.before);
        } else {
            state_.jobs.erase(step.seq);
        }
    }
    void operator()(Undo::Jid& step) {
        if (step.before) {
            state_.jids.insert_or_assign(step.jid, step.before);
        } else {
            state_.jids.erase(step.jid);
        }
    }
    void operator()(Undo::Ready& step) {
        if (step.before) {
            state_.ready[step.key] = step.before;
        } else {
            state_.ready.erase(step.key);
        }
    }
    void operator()(Undo::Due& step) {
        if (step.before) {
            state_.due.insert(step.key);
        } else {
            state_.due.erase(step.key);
        }
    }
    void operator()(Undo::Queue& step) {
        if (step.before) {
            state_.queues.insert_or_assign(step.id, *step.before);
        } else {
            state_.queues.erase(step.id);
        }
    }
    void operator()(Totals& step) { state_.totals = step; }
    void operator()(Undo::Everything& step) {
        std::swap(step.before->checkpoints, state_.checkpoints);
        std::swap(state_, *step.before);
    }

private:
    State& state_;
};

MemoryLedger::MemoryLedger()
    : state_(std::make_unique<State>()), undo_(std::make_unique<UndoLog>()) {}
MemoryLedger::~MemoryLedger() = default;

Status MemoryLedger::usable() const {
    if (closed_.load(std::memory_order_relaxed)) return fail(Code::io, "the ledger is closed");
    if (!loaded_.load(std::memory_order_acquire)) return stopped();
    return {};
}

void MemoryLedger::forget_durable() {
    undo_->forget_through(durable_.load(std::memory_order_acquire));
}

Result<LedgerState> MemoryLedger::load(const std::function<void(JobRecord&&)>& visit) {
    if (closed_) return fail(Code::io, "the ledger is closed");
    durable_ = written_.load();
    forget_durable();
    fail_sync_ = -1;
    fail_write_ = -1;
    LedgerState out;
    out.epoch = ++epoch_;
    out.totals = state_->totals;
    for (const auto& [id, row] : state_->queues) out.queues.push_back(row);
    for (const JobRecord* job = state_->jobs.next(Seq{}); job != nullptr;
         job = state_->jobs.next(job->head.seq)) {
        visit(JobRecord(*job));
    }
    loaded_.store(true, std::memory_order_release);
    return out;
}

Status MemoryLedger::write(std::span<const Write> writes) {
    SLUICE_TRY_STATUS(usable());
    forget_durable();
    const int failure = std::exchange(fail_write_, -1);
    if (failure < 0 || fail_write_kept_) {
        const std::uint64_t number = written_.load(std::memory_order_relaxed) + 1;
        Applier apply(*state_, undo_->begin(number).steps);
        for (const Write& write : writes) std::visit(apply, write);
        written_.store(number, std::memory_order_release);
    }
    if (failure < 0) return {};
    loaded_.store(false, std::memory_order_release);
    return fail(static_cast<Code>(failure), "the write failed, as the test asked");
}

Status MemoryLedger::sync() {
    SLUICE_TRY_STATUS(usable());
    const int failure = fail_sync_.exchange(-1);
    if (failure >= 0) {
        loaded_.store(false, std::memory_order_release);
        return fail(static_cast<Code>(failure), "the sync failed, as the test asked");
    }
    durable_.store(written_.load(std::memory_order_acquire), std::memory_order_release);
    return {};
}

Status MemoryLedger::find(std::span<const Sought> sought, std::size_t bytes_max,
                          std::vector<std::optional<JobRecord>>& found) {
    SLUICE_TRY_STATUS(usable());
    found.clear();
    std::size_t bytes = 0;
    for (const Sought& one : sought) {
        auto& place = found.emplace_back();
        const JobRecord* job = one.seq ? state_->jobs.find(one.seq) : nullptr;
        if (job == nullptr || job->body->jid() != one.jid) {
            const auto at = state_->jids.find(one.jid);
            job = at == state_->jids.end() ? nullptr : state_->jobs.find(at->second);
        }
        if (job != nullptr) {
            place = *job;
            bytes += memory_bytes(*job);
        }
        if (bytes >= bytes_max) break;
    }
    return {};
}

/// Performs one wanted read.
class MemoryLedger::Reader {
public:
    Reader(const State& state, const WantedRead& wanted) : state_(state), wanted_(wanted) {
        out_.request = wanted;
    }

    ReadResult run() && {
        switch (wanted_.kind) {
            case ReadKind::ready: ready(); break;
            case ReadKind::due: due(); break;
            case ReadKind::jobs: jobs(); break;
        }
        return std::move(out_);
    }

private:
    void ready() {
        const ReadyKey start{wanted_.queue, wanted_.priority,
                             wanted_.from_start ? 0 : wanted_.order};
        auto at =
            wanted_.from_start ? state_.ready.lower_bound(start) : state_.ready.upper_bound(start);
        for (; at != state_.ready.end(); ++at) {
            const ReadyKey& key = at->first;
            if (key.queue != wanted_.queue || key.priority != wanted_.priority) break;
            const JobRecord* job = state_.jobs.find(at->second);
            if (job == nullptr || job->head.state != JobState::enqueued ||
                job->head.queue != key.queue || job->head.priority != key.priority ||
                job->head.order != key.order) {
                continue;
            }
            if (!take(*job)) return;
        }
        out_.at_end = true;
    }
    void due() {
        auto at = wanted_.from_start ? state_.due.begin() : state_.due.upper_bound(wanted_.due);
        for (; at != state_.due.end(); ++at) {
            const JobRecord* job = state_.jobs.find(at->seq);
            if (job == nullptr || job->head.due_at != at->at ||
                (job->head.state != JobState::scheduled && job->head.state != JobState::retrying)) {
                continue;
            }
            if (!take(*job)) return;
        }
        out_.at_end = true;
    }
    void jobs() {
        std::uint64_t budget = std::max<std::uint64_t>(4096, std::uint64_t{wanted_.limit} * 16);
        out_.scanned_to = wanted_.seq;
        for (;;) {
            const JobRecord* job = state_.jobs.next(out_.scanned_to);
            if (job == nullptr || (wanted_.until && job->head.seq >= wanted_.until)) break;
            if (budget-- == 0 || out_.is_full()) return;
            out_.scanned_to = job->head.seq;
            const auto bit = 1U << static_cast<unsigned>(job->head.state);
            if (wanted_.states != 0 && (wanted_.states & bit) == 0) continue;
            out_.add(*job);
        }
        out_.at_end = true;
    }
    /// False when the page is full, so that `job` follows the last one of it.
    bool take(const JobRecord& job) {
        if (out_.is_full()) return false;
        out_.add(job);
        return true;
    }

    const State& state_;
    const WantedRead& wanted_;
    ReadResult out_;
};

Result<ReadResult> MemoryLedger::read(const WantedRead& wanted) {
    SLUICE_TRY_STATUS(usable());
    return Reader(*state_, wanted).run();
}

Status MemoryLedger::checkpoint(const std::string& directory) {
    SLUICE_TRY_STATUS(usable());
    if (state_->checkpoints.contains(directory)) {
        return fail(Code::exists, "a checkpoint \"" + directory + "\" exists already");
    }
    auto copy = std::make_shared<State>(*state_);
    copy->checkpoints.clear();
    copy->checkpoint_epoch = epoch_;
    state_->checkpoints[directory] = std::move(copy);
    return {};
}

Status MemoryLedger::close() {
    if (closed_.exchange(true)) return {};
    if (loaded_) durable_ = written_.load();
    loaded_ = false;
    return {};
}

std::size_t MemoryLedger::unsynced() const { return written_.load() - durable_.load(); }

void MemoryLedger::crash(std::size_t keep_batches) {
    forget_durable();
    loaded_ = false;
    fail_sync_ = -1;
    fail_write_ = -1;
    Reverter revert(*state_);
    while (undo_->batches.size() > keep_batches) {
        auto& steps = undo_->batches.back().steps;
        for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
            std::visit(revert, step->step);
        }
        undo_->recycle(std::move(steps));
        undo_->batches.pop_back();
    }
    written_ = durable_ + undo_->batches.size();
}

void MemoryLedger::fail_next_write(Code code, bool kept) {
    fail_write_ = static_cast<int>(code);
    fail_write_kept_ = kept;
}

void MemoryLedger::fail_next_sync(Code code) { fail_sync_ = static_cast<int>(code); }

std::unique_ptr<MemoryLedger> MemoryLedger::restored(const std::string& directory) const {
    const auto at = state_->checkpoints.find(directory);
    if (at == state_->checkpoints.end()) return nullptr;
    auto copy = std::make_unique<MemoryLedger>();
    *copy->state_ = *at->second;
    copy->epoch_ = at->second->checkpoint_epoch + 1000;  // as restore_rocks_ledger() does
    return copy;
}

std::size_t MemoryLedger::job_count() const { return state_->jobs.size(); }

}  // namespace sluice::jobs
