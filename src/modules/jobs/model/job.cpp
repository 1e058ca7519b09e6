// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/model/job.h"

#include "kernel/base/check.h"

#include <limits>
#include <ostream>

namespace sluice::jobs {

namespace {
constexpr std::array<std::string_view, job_state_count> state_names{
    "scheduled", "enqueued", "running", "retrying", "succeeded", "dead", "cancelled", "discarded"};
}  // namespace

std::string_view to_string(JobState state) { return state_names[static_cast<std::size_t>(state)]; }

std::optional<JobState> job_state_from(std::string_view name) {
    for (std::size_t i = 0; i < state_names.size(); ++i) {
        if (state_names[i] == name) return static_cast<JobState>(i);
    }
    return std::nullopt;
}

JobBody::JobBody(const Texts& texts, const JobPolicy& policy) : policy_(policy) {
    const std::array<std::string_view, 6> parts{texts.jid,  texts.type,   texts.queue,
                                                texts.args, texts.custom, texts.extra};
    std::size_t size = 0;
    for (const auto part : parts) size += part.size();
    SLUICE_CHECK(size <= std::numeric_limits<std::uint32_t>::max());
    bytes_.reserve(size);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        bytes_.append(parts[i]);
        ends_[i] = static_cast<std::uint32_t>(bytes_.size());
    }
}

std::ostream& operator<<(std::ostream& out, const JobRecord& job) {
    const JobHead& head = job.head;
    out << "job " << head.seq.value() << ' ' << (job.body ? job.body->jid() : "?") << ' '
        << to_string(head.state) << " queue=" << head.queue.value()
        << " priority=" << static_cast<int>(head.priority) << " order=" << head.order
        << " attempt=" << head.attempt;
    if (head.due_at != WallTime{}) out << " due=" << format_rfc3339(head.due_at);
    if (head.lease.token)
        out << " lease=" << head.lease.token.value() << "/" << head.lease.holder();
    if (head.failure) out << " failures=" << head.failure->retry_count + 1;
    if (head.progress) out << " progress=" << head.progress->percent << "%";
    if (head.indexed) out << " indexed";
    if (head.named) out << " named";
    if (head.superseded) out << " superseded";
    if (head.cancel_requested) out << " cancel_requested";
    return out;
}

}  // namespace sluice::jobs
