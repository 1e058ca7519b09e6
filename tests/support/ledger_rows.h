// SPDX-License-Identifier: Apache-2.0
// For tests only: what to write to a ledger, and all that it holds as text. For programs that link
// jobs_ledger.
#pragma once

#include "kernel/base/random.h"
#include "modules/jobs/ledger/ledger.h"

#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::jobs {

/// An enqueued job in queue 1 whose order is its seq.
inline JobRecord make_job(std::uint64_t seq, const std::string& jid, std::size_t args_size = 10) {
    JobRecord job;
    job.head.seq = Seq(seq);
    job.head.queue = QueueId(1);
    job.head.order = seq;
    const std::string args =
        "[\"" + std::string(args_size, static_cast<char>('a' + seq % 26)) + "\"]";
    job.body = std::make_shared<const JobBody>(
        JobBody::Texts{
            .jid = jid, .type = "t", .queue = "q", .args = args, .custom = "", .extra = ""},
        JobPolicy{});
    return job;
}

/// Some writes; also such that no engine would ask for.
inline std::vector<Write> random_batch(Random& random) {
    std::vector<Write> batch;
    for (std::uint64_t n = 1 + random.below(6); n > 0; --n) {
        const std::uint64_t seq = 1 + random.below(100);
        const std::string jid = "j" + std::to_string(seq % 40);
        // The size follows from the seq: a job's body never changes.
        JobRecord job = make_job(seq, jid, seq % 5 == 0 ? 3000 : 20);
        job.head.state = static_cast<JobState>(random.below(job_state_count));
        job.head.due_at = wall_from_ns(static_cast<std::int64_t>(random.below(5)));
        switch (random.below(12)) {
            case 0:
            case 1:
            case 2:
            case 3:
                batch.emplace_back(PutJob{job, true});
                if (random.chance(0.7)) batch.emplace_back(PutJid{Seq(seq), jid});
                break;
            case 4:
            case 5: batch.emplace_back(EraseJob{Seq(seq), random.chance(0.5) ? jid : ""}); break;
            case 6: batch.emplace_back(PutReady{QueueId(1), 5, seq, Seq(seq)}); break;
            case 7: batch.emplace_back(EraseReady{QueueId(1), 5, seq}); break;
            case 8: batch.emplace_back(PutDue{job.head.due_at, Seq(seq)}); break;
            case 9: batch.emplace_back(EraseDue{job.head.due_at, Seq(seq)}); break;
            case 10: batch.emplace_back(PutTotals{{.pushed = random.below(1000)}}); break;
            default:
                if (random.chance(0.1)) {
                    batch.emplace_back(EraseEverything{});
                } else {
                    batch.emplace_back(PutQueue{{.id = QueueId(1 + random.below(3)),
                                                 .name = "q",
                                                 .paused = random.chance(0.5)}});
                }
        }
    }
    return batch;
}

/// Everything that can be read, as text. Loads the ledger.
inline std::string dump(Ledger& ledger) {
    std::ostringstream out;
    const auto state =
        ledger.load([&](JobRecord&& job) { out << job << ' ' << job.body->args().size() << '\n'; });
    if (!state) return "load failed: " + state.error().text();
    for (const auto& row : state->queues) {
        out << "queue " << row.id.value() << row.name << row.paused << '\n';
    }
    out << state->totals.pushed << '\n';
    const auto page = ledger.read({.queue = QueueId(1), .priority = 5, .limit = 1000});
    const auto due = ledger.read({.kind = ReadKind::due, .limit = 1000});
    if (!page || !due) return "read failed";
    for (const auto& job : page->jobs) out << "ready " << job << '\n';
    for (const auto& job : due->jobs) out << "due " << job << '\n';
    std::vector<std::string> names;
    for (int i = 0; i < 40; ++i) names.push_back("j" + std::to_string(i));
    std::vector<Sought> sought;
    for (const std::string& name : names) {
        sought.push_back({name, {}});
        sought.push_back({name, Seq(sought.size())});
    }
    std::vector<std::optional<JobRecord>> found;
    if (const Status status = ledger.find(sought, SIZE_MAX, found); !status) return "find failed";
    for (const auto& job : found) out << (job ? job->head.seq.value() : 0) << ' ';
    return out.str();
}

}  // namespace sluice::jobs
