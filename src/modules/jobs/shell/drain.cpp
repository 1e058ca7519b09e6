// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/shell/drain.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>
#include <variant>

namespace sluice::jobs {

namespace {

/// More is stored under the jids of one command than may be in memory for it.
void refuse(const Command& command, Decision& out) {
    std::visit(
        [&out](const auto& c) {
            if constexpr (requires { c.ticket; }) {
                out.replies.push_back(
                    {c.ticket, RefusedReply{"LIMITED",
                                            "the stored jobs of these jids are too long to be read "
                                            "at once; name fewer"}});
            }
        },
        command);
}

}  // namespace

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

/// Reads what the first commands name, as many as fit; says how many. None: the first one alone
/// does not.
Result<std::size_t> Drain::look_up(std::span<const Command> commands) {
    sought_.clear();
    sought_end_.clear();
    lookups_.clear();
    for (const Command& command : commands) {
        engine_.lookups(command, sought_);
        sought_end_.push_back(sought_.size());
    }
    if (sought_.empty()) return commands.size();
    SLUICE_TRY_STATUS(ledger_.find(sought_, lookup_bytes_max_, found_));
    const auto beyond = std::upper_bound(sought_end_.begin(), sought_end_.end(), found_.size());
    const std::size_t needed = beyond == sought_end_.begin() ? 0 : *std::prev(beyond);
    for (std::size_t i = 0; i < needed; ++i) {
        if (found_[i]) lookups_.add(std::move(*found_[i]));
    }
    found_.clear();
    return static_cast<std::size_t>(beyond - sought_end_.begin());
}

/// As look_up() for one WAIT; every body is let go once it is read. False: the results alone are
/// too long.
Result<bool> Drain::look_up_heads(const Command& wait) {
    sought_.clear();
    engine_.lookups(wait, sought_);
    lookups_.clear();
    std::size_t bytes = 0;
    for (std::span<const Sought> rest = sought_; !rest.empty();) {
        SLUICE_TRY_STATUS(ledger_.find(rest, lookup_bytes_max_, found_));
        for (std::size_t i = 0; i < found_.size(); ++i) {
            if (!found_[i]) continue;
            const JobBody::Texts name{
                .jid = rest[i].jid, .type = {}, .queue = {}, .args = {}, .custom = {}, .extra = {}};
            found_[i]->body = std::make_shared<const JobBody>(name, JobPolicy{});
            bytes += memory_bytes(*found_[i]);
            lookups_.add(std::move(*found_[i]));
        }
        rest = rest.subspan(found_.size());
        if (bytes > lookup_bytes_max_) return false;
    }
    return true;
}

Status Drain::decide(std::span<const Command> commands, WallTime now, Decision& out) {
    engine_.begin_drain(lookups_);
    for (const Command& command : commands) engine_.apply(command, now, out);
    SLUICE_TRY_STATUS(write(out));
    lookups_.clear();  // the memory is not kept while nothing is to do
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

void Drain::give_back() {
    sought_ = std::vector<Sought>();
    sought_end_ = std::vector<std::size_t>();
    found_ = std::vector<std::optional<JobRecord>>();
    lookups_ = Lookups();
    engine_.give_back();
}

Status Drain::run(std::span<const Command> commands, WallTime now, Decision& out) {
    SLUICE_TRY_STATUS(answer_reads(now, out));
    do {
        SLUICE_TRY(std::size_t count, look_up(commands));
        if (count == 0 && !commands.empty()) {
            count = 1;
            bool able = false;
            if (std::holds_alternative<Wait>(commands.front())) {
                SLUICE_TRY(able, look_up_heads(commands.front()));
            }
            if (!able) {
                refuse(commands.front(), out);
                commands = commands.subspan(count);
                continue;
            }
        }
        SLUICE_TRY_STATUS(decide(commands.first(count), now, out));
        commands = commands.subspan(count);
    } while (!commands.empty());
    return {};
}

}  // namespace sluice::jobs
