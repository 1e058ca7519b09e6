// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/shell/drain.h"

#include <utility>

namespace sluice::jobs {

std::vector<Reply> take_early(Decision& out) {
    std::vector<Reply> early;
    const auto needs_no_sync = [](const Reply& reply) {
        return std::holds_alternative<JobsReply>(reply.body) ||
               std::holds_alternative<BeatReply>(reply.body);
    };
    for (Reply& reply : out.replies) {
        if (needs_no_sync(reply)) early.push_back(std::move(reply));
    }
    if (!early.empty()) std::erase_if(out.replies, needs_no_sync);
    return early;
}

Status Drain::restore(WallTime now) {
    reads_.clear();
    engine_.begin_restore(now);
    SLUICE_TRY(LedgerState state,
               ledger_.load([this](JobRecord&& job) { engine_.restore_job(std::move(job)); }));
    Decision repairs;
    SLUICE_TRY_STATUS(engine_.finish_restore(
        {.epoch = state.epoch, .queues = std::move(state.queues), .totals = state.totals},
        repairs));
    SLUICE_TRY_STATUS(ledger_.write(repairs.writes));
    reads_ = std::move(repairs.reads);
    return {};
}

Status Drain::look_up(std::span<const Command> commands) {
    jids_.clear();
    lookups_.clear();
    for (const Command& command : commands) engine_.lookups(command, jids_);
    if (jids_.empty()) return {};
    SLUICE_TRY_STATUS(ledger_.find(jids_, found_));
    for (std::optional<JobRecord>& job : found_) {
        if (job) lookups_.add(std::move(*job));
    }
    return {};
}

Status Drain::write(Decision& out) {
    engine_.end_drain(out);
    if (!out.writes.empty()) SLUICE_TRY_STATUS(ledger_.write(out.writes));
    out.writes.clear();
    reads_.insert(reads_.end(), out.reads.begin(), out.reads.end());
    out.reads.clear();
    return {};
}

Status Drain::answer_reads(WallTime now, Decision& out) {
    const std::vector<WantedRead> wanted = std::exchange(reads_, {});
    for (const WantedRead& read : wanted) {
        SLUICE_TRY(ReadResult result, ledger_.read(read));
        lookups_.clear();
        engine_.begin_drain(lookups_);
        engine_.apply(ReadDone{std::move(result)}, now, out);
        SLUICE_TRY_STATUS(write(out));
    }
    return {};
}

Status Drain::run(std::span<const Command> commands, WallTime now, Decision& out) {
    SLUICE_TRY_STATUS(answer_reads(now, out));
    SLUICE_TRY_STATUS(look_up(commands));
    engine_.begin_drain(lookups_);
    for (const Command& command : commands) engine_.apply(command, now, out);
    return write(out);
}

}  // namespace sluice::jobs
