// SPDX-License-Identifier: Apache-2.0
#include "shadow.h"

#include <algorithm>

namespace sluice::jobs::sim {

Truth truth_of(const JobRecord& job) {
    const JobHead& head = job.head;
    Truth truth;
    truth.exists = true;
    truth.state = head.state;
    truth.priority = head.priority;
    truth.losses = head.losses;
    truth.superseded = head.superseded;
    truth.cancel_requested = head.cancel_requested;
    truth.indexed = head.indexed;
    truth.named = head.named;
    truth.attempt = head.attempt;
    truth.failures = head.failure ? head.failure->retry_count + 1 : 0;
    truth.queue = head.queue;
    truth.order = head.order;
    truth.due_at = head.due_at;
    truth.changed_at = head.changed_at;
    truth.token = head.lease.token;
    truth.expires_at = head.lease.expires_at;
    truth.mode = head.lease.mode;
    truth.lapse = head.lease.lapse;
    truth.wid = head.lease.wid.get();
    return truth;
}

void Shadow::begin_batch() {
    if (spare_.empty()) {
        batches_.emplace_back();
    } else {
        batches_.push_back(std::move(spare_.back()));
        spare_.pop_back();
    }
    batches_.back().computed = computed_;
    batches_.back().stored = stored_;
    batches_.back().index_rows = rows_;
}

Shadow::Index Shadow::add(const JobRecord& job) {
    const auto index = static_cast<Index>(truths_.size());
    truths_.emplace_back();
    facts_.emplace_back();
    facts_.back().seq = job.head.seq;
    facts_.back().body = job.body;
    by_seq_.emplace(job.head.seq.value(), index);
    return index;
}

Shadow::Index Shadow::put(const JobRecord& job, bool fresh) {
    Index index = find(job.head.seq);
    if (index == none) index = add(job);
    const Truth before = truths_[index];
    const Truth after = truth_of(job);
    if (fresh) {
        ++computed_.pushed;
        const std::string_view jid = facts_[index].body->jid();
        batches_.back().jids.emplace_back(jid, latest(jid));
        set_latest(jid, index);
    }
    if (!before.exists || before.state != after.state || before.token != after.token ||
        before.order != after.order) {
        moves.push_back({index, before, after, false});
    }
    if (after.state == JobState::running && before.token != after.token)
        by_token_[after.token.value()] = index;
    count_final(before, after);
    change(index, after);
    return index;
}

void Shadow::count_final(const Truth& before, const Truth& after) {
    if (before.exists && before.state == after.state) return;
    switch (after.state) {
        case JobState::succeeded: ++computed_.succeeded; break;
        case JobState::cancelled: ++computed_.cancelled; break;
        case JobState::discarded: ++computed_.discarded; break;
        default: break;
    }
}

void Shadow::put_jid(const std::string& jid, Seq seq) {
    batches_.back().jid_rows.emplace_back(jid, jid_row(jid));
    set_jid_row(jid, seq);
}

bool Shadow::erase(const EraseJob& erase, Index& job) {
    job = find(erase.seq);
    if (job == none) return true;
    const Truth before = truths_[job];
    if (before.exists && before.state == JobState::dead) ++computed_.purged_dead;
    Truth gone;
    moves.push_back({job, before, gone, false});
    change(job, gone);
    if (latest(jid(job)) == job) {
        batches_.back().jids.emplace_back(jid(job), job);
        set_latest(jid(job), none);
    }
    const bool has_row = jid_row(jid(job)) == erase.seq;
    if (erase.jid.empty()) return !has_row;
    if (!has_row || erase.jid != jid(job)) return false;
    put_jid(erase.jid, Seq{});
    return true;
}

void Shadow::set_jid_row(const std::string& jid, Seq seq) {
    if (seq)
        jid_rows_.insert_or_assign(jid, seq);
    else
        jid_rows_.erase(jid);
}

void Shadow::set_latest(std::string_view jid, Index job) {
    if (job == none)
        latest_.erase(jid);
    else
        latest_[jid] = job;
}

void Shadow::change(Index job, const Truth& truth) {
    batches_.back().jobs.emplace_back(job, truths_[job]);
    set(job, truth);
}

void Shadow::set(Index job, const Truth& truth) {
    Truth& known = truths_[job];
    const auto ready_of = [this](QueueId id) -> std::set<ReadyKey>& {
        for (auto& [queue, keys] : ready_) {
            if (queue == id) return keys;
        }
        return ready_.emplace_back(id, std::set<ReadyKey>{}).second;
    };
    if (known.exists) {
        --counts_[static_cast<std::size_t>(known.state)];
        if (known.indexed) --indexed_;
        if (known.state == JobState::enqueued)
            ready_of(known.queue).erase({-int{known.priority}, known.order});
    }
    known = truth;
    if (known.exists) {
        ++counts_[static_cast<std::size_t>(known.state)];
        if (known.indexed) ++indexed_;
        if (known.state == JobState::enqueued)
            ready_of(known.queue).emplace(-int{known.priority}, known.order);
    }
}

void Shadow::set_row(QueueId id, const std::optional<QueueRow>& row) {
    const auto at = std::find_if(queues_.begin(), queues_.end(),
                                 [&](const auto& known) { return known.first == id; });
    if (!row) {
        if (at != queues_.end()) queues_.erase(at);
    } else if (at != queues_.end()) {
        at->second = *row;
    } else {
        queues_.emplace_back(id, *row);
    }
}

void Shadow::put_row(const QueueRow& row) {
    const QueueRow* known = this->row(row.id);
    batches_.back().rows.emplace_back(
        row.id, known != nullptr ? std::optional<QueueRow>(*known) : std::nullopt);
    set_row(row.id, row);
}

void Shadow::erase_row(QueueId id) {
    const QueueRow* known = row(id);
    if (known == nullptr) return;
    batches_.back().rows.emplace_back(id, *known);
    std::erase(gone_async_, id);
    if (!known->durable) gone_async_.push_back(id);
    set_row(id, std::nullopt);
}

void Shadow::erase_everything() {
    erased_everything = true;
    for (Index job = 0; job < truths_.size(); ++job) {
        facts_[job].promised = false;
        facts_[job].final_seen = false;
        facts_[job].answered = {};
        if (truths_[job].exists) change(job, Truth{});
    }
    for (const auto& [jid, job] : latest_) batches_.back().jids.emplace_back(jid, job);
    latest_.clear();
    for (const auto& [jid, seq] : jid_rows_) batches_.back().jid_rows.emplace_back(jid, seq);
    jid_rows_.clear();
    while (!queues_.empty()) erase_row(queues_.back().first);
    rows_ = 0;
    computed_ = {};
    moves.clear();
}

void Shadow::forget_durable(std::size_t unsynced) {
    while (batches_.size() > unsynced) {
        Batch batch = std::move(batches_.front());
        batches_.pop_front();
        batch.jobs.clear();
        batch.jids.clear();
        batch.jid_rows.clear();
        batch.rows.clear();
        if (spare_.size() < 16) spare_.push_back(std::move(batch));
    }
}

void Shadow::roll_back(std::size_t keep, std::vector<Index>& touched) {
    while (batches_.size() > keep) {
        Batch& batch = batches_.back();
        for (auto at = batch.jobs.rbegin(); at != batch.jobs.rend(); ++at) {
            // The delivery is forgotten by the server, not by the worker: a cause for another one.
            if (truths_[at->first].running() && truths_[at->first].token != at->second.token)
                ++facts_[at->first].causes;
            set(at->first, at->second);
            touched.push_back(at->first);
        }
        for (auto at = batch.jids.rbegin(); at != batch.jids.rend(); ++at)
            set_latest(at->first, at->second);
        for (auto at = batch.jid_rows.rbegin(); at != batch.jid_rows.rend(); ++at)
            set_jid_row(at->first, at->second);
        for (auto at = batch.rows.rbegin(); at != batch.rows.rend(); ++at)
            set_row(at->first, at->second);
        computed_ = batch.computed;
        stored_ = batch.stored;
        rows_ = batch.index_rows;
        batches_.pop_back();
    }
    batches_.clear();
}

Shadow::Index Shadow::find(Seq seq) const {
    const auto at = by_seq_.find(seq.value());
    return at == by_seq_.end() ? none : at->second;
}
Shadow::Index Shadow::latest(std::string_view jid) const {
    const auto at = latest_.find(jid);
    return at == latest_.end() ? none : at->second;
}
Seq Shadow::jid_row(std::string_view jid) const {
    const auto at = jid_rows_.find(jid);
    return at == jid_rows_.end() ? Seq{} : at->second;
}
Shadow::Index Shadow::by_token(LeaseToken token) const {
    const auto at = by_token_.find(token.value());
    return at == by_token_.end() ? none : at->second;
}
const QueueRow* Shadow::row(QueueId id) const {
    for (const auto& [known, row] : queues_) {
        if (known == id) return &row;
    }
    return nullptr;
}
const QueueRow* Shadow::row(std::string_view name) const {
    for (const auto& [known, row] : queues_) {
        if (!row.removed && row.name == name) return &row;
    }
    return nullptr;
}
bool Shadow::durable(QueueId id) const {
    const QueueRow* known = row(id);
    if (known != nullptr) return known->durable;
    return std::find(gone_async_.begin(), gone_async_.end(), id) == gone_async_.end();
}
bool Shadow::is_first(const Truth& truth) const {
    for (const auto& [queue, keys] : ready_) {
        if (queue != truth.queue) continue;
        return !keys.empty() && *keys.begin() == ReadyKey{-int{truth.priority}, truth.order};
    }
    return false;
}
bool Shadow::has_ready(QueueId id) const {
    for (const auto& [queue, keys] : ready_) {
        if (queue == id) return !keys.empty();
    }
    return false;
}
std::uint64_t Shadow::live() const {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < job_state_count; ++i) {
        if (!is_final(static_cast<JobState>(i))) total += counts_[i];
    }
    return total;
}
std::uint64_t Shadow::kept_finished() const {
    std::uint64_t total = 0;
    for (const JobState state : {JobState::succeeded, JobState::cancelled, JobState::discarded})
        total += counts_[static_cast<std::size_t>(state)];
    return total;
}

}  // namespace sluice::jobs::sim
