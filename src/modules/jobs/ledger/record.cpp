// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/ledger/record.h"

#include "kernel/base/bytes.h"
#include "kernel/base/check.h"

#include <array>
#include <cstring>
#include <utility>

namespace sluice::jobs {

namespace {

/// Of job rows; the other rows have version 1.
constexpr std::uint8_t job_version_now = 2;
constexpr std::uint8_t version_now = 1;
constexpr std::size_t checksum_size = 4;

enum HeadFlag : unsigned {
    head_indexed = 1U << 0U,
    head_superseded = 1U << 1U,
    head_cancel_requested = 1U << 2U,
    head_body_apart = 1U << 3U,
    head_lease = 1U << 4U,
    head_wid = 1U << 5U,
    head_failure = 1U << 6U,
    head_result = 1U << 7U,
    head_losses = 1U << 8U,
    head_attempt = 1U << 9U,
    head_order = 1U << 10U,
    head_due_at = 1U << 11U,
    head_enqueued_at = 1U << 12U,
    head_changed_at = 1U << 13U,
    head_named = 1U << 14U,
    head_known_1 = (1U << 14U) - 1,
    head_known = (1U << 15U) - 1,
};

enum BodyFlag : unsigned {
    body_wait_when_lost = 1U << 0U,
    body_retry = 1U << 1U,
    body_priority = 1U << 2U,
    body_reserve_for = 1U << 3U,
    body_timeout = 1U << 4U,
    body_keep = 1U << 5U,
    body_at = 1U << 6U,
    body_created_at = 1U << 7U,
    body_backoff = 1U << 8U,
    body_known = (1U << 9U) - 1,
};

/// Eight bytes at a time, two lanes; the key is mixed in, so a row under a wrong key is refused.
/// Guards against torn and mixed-up rows, not against malice.
std::uint32_t checksum(std::string_view bytes, std::uint64_t key) {
    constexpr std::uint64_t factor = 0x9E3779B97F4A7C15ULL;
    std::uint64_t a = (key + 1) * factor;
    std::uint64_t b = bytes.size() * factor + 0xD1B54A32D192ED03ULL;
    const char* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 16; left -= 16, at += 16) {
        std::uint64_t low = 0;
        std::uint64_t high = 0;
        std::memcpy(&low, at, 8);
        std::memcpy(&high, at + 8, 8);
        a = (a ^ low) * factor;
        a ^= a >> 32U;
        b = (b ^ high) * factor;
        b ^= b >> 32U;
    }
    for (; left > 0; --left, ++at) {
        a = (a ^ static_cast<unsigned char>(*at)) * factor;
        a ^= a >> 32U;
    }
    const std::uint64_t mixed = (a ^ (b >> 29U) ^ (b << 35U)) * factor;
    return static_cast<std::uint32_t>(mixed >> 32U);
}

void put_u8(std::string& out, unsigned value) { out.push_back(static_cast<char>(value)); }
void put_u16(std::string& out, unsigned value) {
    put_u8(out, value & 0xFFU);
    put_u8(out, value >> 8U);
}
void put_zigzag(std::string& out, std::int64_t value) {
    put_varint(out,
               (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63));
}
void put_time(std::string& out, WallTime time) {
    put_big_endian(out, static_cast<std::uint64_t>(to_ns(time)));
}
void put_checksum(std::string& out, std::uint64_t key) {
    const std::uint32_t sum = checksum(out, key);
    for (unsigned shift = 0; shift < 32; shift += 8) put_u8(out, (sum >> shift) & 0xFFU);
}

unsigned take_u8(ByteReader& in) {
    const std::string_view byte = in.take(1);
    return byte.empty() ? 0 : static_cast<unsigned char>(byte[0]);
}
unsigned take_u16(ByteReader& in) {
    const unsigned low = take_u8(in);
    return low | (take_u8(in) << 8U);
}
std::int64_t take_zigzag(ByteReader& in) {
    const std::uint64_t value = in.varint();
    return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}
WallTime take_time(ByteReader& in) {
    return wall_from_ns(static_cast<std::int64_t>(in.big_endian()));
}

Error damaged(std::string_view what, std::uint64_t key) {
    return fail(Code::corrupt, "the stored " + std::string(what) + " " + std::to_string(key) +
                                   " is damaged; restore the store from a backup");
}

/// The part between version and checksum, once both are proved right.
Result<std::string_view> open_row(std::string_view what, std::uint64_t key, std::string_view row,
                                  std::uint8_t newest = version_now) {
    if (row.size() < 1 + checksum_size) return damaged(what, key);
    const auto version = static_cast<unsigned char>(row[0]);
    if (version > newest) {
        return fail(Code::corrupt, "the stored " + std::string(what) + " " + std::to_string(key) +
                                       " was written by a newer Sluice (record version " +
                                       std::to_string(version) + "); upgrade this one");
    }
    const std::string_view covered = row.substr(0, row.size() - checksum_size);
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < checksum_size; ++i) {
        sum |= std::uint32_t{static_cast<unsigned char>(row[covered.size() + i])} << (8 * i);
    }
    if (version == 0 || sum != checksum(covered, key)) return damaged(what, key);
    return covered.substr(1);
}

unsigned flags_of(const JobPolicy& policy) {
    static const JobPolicy usual;
    unsigned flags = 0;
    if (policy.wait_when_worker_lost) flags |= body_wait_when_lost;
    if (policy.retry != usual.retry) flags |= body_retry;
    if (policy.priority != usual.priority) flags |= body_priority;
    if (policy.reserve_for != usual.reserve_for) flags |= body_reserve_for;
    if (policy.timeout != usual.timeout) flags |= body_timeout;
    if (policy.keep != usual.keep) flags |= body_keep;
    if (policy.at != usual.at) flags |= body_at;
    if (policy.created_at != usual.created_at) flags |= body_created_at;
    if (policy.backoff != usual.backoff) flags |= body_backoff;
    return flags;
}

void put_body(const JobBody& body, std::string& out) {
    const JobPolicy& policy = body.policy();
    const unsigned flags = flags_of(policy);
    put_u16(out, flags);
    if ((flags & body_retry) != 0) put_zigzag(out, policy.retry);
    if ((flags & body_priority) != 0) put_u8(out, policy.priority);
    if ((flags & body_reserve_for) != 0) put_zigzag(out, policy.reserve_for.count());
    if ((flags & body_timeout) != 0) put_zigzag(out, policy.timeout.count());
    if ((flags & body_keep) != 0) put_zigzag(out, policy.keep.count());
    if ((flags & body_at) != 0) put_time(out, policy.at);
    if ((flags & body_created_at) != 0) put_time(out, policy.created_at);
    if ((flags & body_backoff) != 0) {
        put_u8(out, static_cast<unsigned>(policy.backoff.kind));
        put_u8(out, policy.backoff.jitter_percent);
        put_zigzag(out, policy.backoff.base.count());
        put_zigzag(out, policy.backoff.max.count());
    }
    std::uint32_t begin = 0;
    for (const std::uint32_t end : body.ends()) {
        put_varint(out, end - begin);
        begin = end;
    }
    out.append(body.bytes());
}

/// False when a value is out of its range.
bool take_policy(ByteReader& in, JobPolicy& policy) {
    const unsigned flags = take_u16(in);
    if ((flags & ~body_known) != 0) return false;
    policy.wait_when_worker_lost = (flags & body_wait_when_lost) != 0;
    if ((flags & body_retry) != 0) policy.retry = static_cast<std::int32_t>(take_zigzag(in));
    if ((flags & body_priority) != 0) policy.priority = static_cast<std::uint8_t>(take_u8(in));
    if ((flags & body_reserve_for) != 0) policy.reserve_for = Duration(take_zigzag(in));
    if ((flags & body_timeout) != 0) policy.timeout = Duration(take_zigzag(in));
    if ((flags & body_keep) != 0) policy.keep = Duration(take_zigzag(in));
    if ((flags & body_at) != 0) policy.at = take_time(in);
    if ((flags & body_created_at) != 0) policy.created_at = take_time(in);
    if ((flags & body_backoff) != 0) {
        const unsigned kind = take_u8(in);
        if (kind > static_cast<unsigned>(BackoffKind::none)) return false;
        policy.backoff.kind = static_cast<BackoffKind>(kind);
        policy.backoff.jitter_percent = static_cast<std::uint8_t>(take_u8(in));
        policy.backoff.base = Duration(take_zigzag(in));
        policy.backoff.max = Duration(take_zigzag(in));
    }
    return in.ok();
}

/// Null when the bytes are not a body.
std::shared_ptr<const JobBody> take_body(ByteReader& in) {
    JobPolicy policy;
    if (!take_policy(in, policy)) return nullptr;
    std::array<std::uint32_t, 6> ends{};
    std::uint64_t total = 0;
    for (std::uint32_t& end : ends) {
        const std::uint64_t length = in.varint();
        if (length > UINT32_MAX - total) return nullptr;
        total += length;
        end = static_cast<std::uint32_t>(total);
    }
    const std::string_view bytes = in.take(total);
    if (!in.ok()) return nullptr;
    return std::make_shared<const JobBody>(std::string(bytes), ends, policy);
}

unsigned flags_of(const JobRecord& job) {
    const JobHead& head = job.head;
    const Lease& lease = head.lease;
    unsigned flags = 0;
    if (head.indexed) flags |= head_indexed;
    if (head.named) flags |= head_named;
    if (head.superseded) flags |= head_superseded;
    if (head.cancel_requested) flags |= head_cancel_requested;
    if (body_is_apart(*job.body)) flags |= head_body_apart;
    if (lease.token || lease.expires_at != WallTime{} || lease.mode != LeaseMode::fixed ||
        lease.lapse != Lapse::none) {
        flags |= head_lease;
    }
    if (lease.wid) flags |= head_wid;
    if (head.failure) flags |= head_failure;
    if (head.result) flags |= head_result;
    if (head.losses != 0 || head.first_loss_at != WallTime{}) flags |= head_losses;
    if (head.attempt != 0) flags |= head_attempt;
    if (head.order != 0) flags |= head_order;
    if (head.due_at != WallTime{}) flags |= head_due_at;
    if (head.enqueued_at != WallTime{}) flags |= head_enqueued_at;
    if (head.changed_at != WallTime{}) flags |= head_changed_at;
    return flags;
}

void put_rare(const JobHead& head, unsigned flags, std::string& out) {
    if ((flags & head_lease) != 0) {
        put_big_endian(out, head.lease.token.value());
        put_time(out, head.lease.expires_at);
        put_u8(out, static_cast<unsigned>(head.lease.mode) +
                        16 * static_cast<unsigned>(head.lease.lapse));
    }
    if (head.lease.wid) put_string(out, *head.lease.wid);
    if (head.failure) {
        const JobFailure& failure = *head.failure;
        put_zigzag(out, failure.retry_count);
        put_zigzag(out, failure.remaining);
        put_time(out, failure.failed_at);
        put_time(out, failure.next_at);
        put_string(out, failure.errtype);
        put_string(out, failure.message);
        put_string(out, failure.backtrace);
    }
    if (head.result) put_string(out, *head.result);
    if ((flags & head_losses) != 0) {
        put_u8(out, head.losses);
        put_time(out, head.first_loss_at);
    }
}

bool take_rare(ByteReader& in, unsigned flags, JobHead& head) {
    if ((flags & head_lease) != 0) {
        head.lease.token = LeaseToken(in.big_endian());
        head.lease.expires_at = take_time(in);
        const unsigned kinds = take_u8(in);
        if (kinds % 16 > static_cast<unsigned>(LeaseMode::beat) ||
            kinds / 16 > static_cast<unsigned>(Lapse::worker_lost)) {
            return false;
        }
        head.lease.mode = static_cast<LeaseMode>(kinds % 16);
        head.lease.lapse = static_cast<Lapse>(kinds / 16);
    }
    if ((flags & head_wid) != 0) head.lease.wid = std::make_shared<const std::string>(in.string());
    if ((flags & head_failure) != 0) {
        auto failure = std::make_shared<JobFailure>();
        failure->retry_count = static_cast<std::int32_t>(take_zigzag(in));
        failure->remaining = static_cast<std::int32_t>(take_zigzag(in));
        failure->failed_at = take_time(in);
        failure->next_at = take_time(in);
        failure->errtype = in.string();
        failure->message = in.string();
        failure->backtrace = in.string();
        head.failure = std::move(failure);
    }
    if ((flags & head_result) != 0) head.result = std::make_shared<const std::string>(in.string());
    if ((flags & head_losses) != 0) {
        head.losses = static_cast<std::uint8_t>(take_u8(in));
        head.first_loss_at = take_time(in);
    }
    return in.ok();
}

/// From the byte after the version.
bool take_job(ByteReader& in, unsigned version, JobRecord& job) {
    JobHead& head = job.head;
    const unsigned state = take_u8(in);
    if (state >= job_state_count) return false;
    head.state = static_cast<JobState>(state);
    head.priority = static_cast<std::uint8_t>(take_u8(in));
    const unsigned flags = take_u16(in);
    if ((flags & ~(version == 1 ? head_known_1 : head_known)) != 0) return false;
    head.named = version == 1 || (flags & head_named) != 0;
    head.indexed = (flags & head_indexed) != 0;
    head.superseded = (flags & head_superseded) != 0;
    head.cancel_requested = (flags & head_cancel_requested) != 0;
    head.queue = QueueId(in.varint());
    if (!take_rare(in, flags, head)) return false;
    if ((flags & head_attempt) != 0) head.attempt = static_cast<std::int32_t>(take_zigzag(in));
    if ((flags & head_order) != 0) head.order = in.big_endian();
    if ((flags & head_due_at) != 0) head.due_at = take_time(in);
    if ((flags & head_enqueued_at) != 0) head.enqueued_at = take_time(in);
    if ((flags & head_changed_at) != 0) head.changed_at = take_time(in);
    if ((flags & head_body_apart) == 0) {
        job.body = take_body(in);
        if (!job.body) return false;
    }
    return in.ok() && in.at_end();
}

}  // namespace

void encode_job(const JobRecord& job, std::string& out) {
    SLUICE_CHECK(job.body != nullptr);
    const JobHead& head = job.head;
    const unsigned flags = flags_of(job);
    out.clear();
    put_u8(out, job_version_now);
    put_u8(out, static_cast<unsigned>(head.state));
    put_u8(out, head.priority);
    put_u16(out, flags);
    put_varint(out, head.queue.value());
    put_rare(head, flags, out);
    if ((flags & head_attempt) != 0) put_zigzag(out, head.attempt);
    if ((flags & head_order) != 0) put_big_endian(out, head.order);
    if ((flags & head_due_at) != 0) put_time(out, head.due_at);
    if ((flags & head_enqueued_at) != 0) put_time(out, head.enqueued_at);
    if ((flags & head_changed_at) != 0) put_time(out, head.changed_at);
    if ((flags & head_body_apart) == 0) put_body(*job.body, out);
    put_checksum(out, head.seq.value());
}

void encode_body(Seq seq, const JobBody& body, std::string& out) {
    out.clear();
    put_u8(out, version_now);
    put_body(body, out);
    put_checksum(out, seq.value());
}

Status decode_job(Seq seq, std::string_view row, JobRecord& job) {
    SLUICE_TRY(const std::string_view bytes, open_row("job", seq.value(), row, job_version_now));
    job = JobRecord{};
    job.head.seq = seq;
    ByteReader in(bytes);
    if (!take_job(in, static_cast<unsigned char>(row[0]), job)) return damaged("job", seq.value());
    return {};
}

Result<std::shared_ptr<const JobBody>> decode_body(Seq seq, std::string_view row) {
    SLUICE_TRY(const std::string_view bytes, open_row("job body", seq.value(), row));
    ByteReader in(bytes);
    auto body = take_body(in);
    if (!body || !in.at_end()) return damaged("job body", seq.value());
    return body;
}

Result<JobState> peek_state(std::string_view row) {
    ByteReader in(row);
    const unsigned version = take_u8(in);
    const unsigned state = take_u8(in);
    if (!in.ok() || version == 0 || version > job_version_now || state >= job_state_count) {
        return fail(Code::corrupt, "a stored job is damaged or was written by a newer Sluice");
    }
    return static_cast<JobState>(state);
}

void encode_queue(const QueueRow& queue, std::string& out) {
    out.clear();
    put_u8(out, version_now);
    put_u8(out, (queue.paused ? 1U : 0U) | (queue.removed ? 2U : 0U) | (queue.durable ? 4U : 0U) |
                    (queue.listed ? 8U : 0U));
    put_string(out, queue.name);
    put_checksum(out, queue.id.value());
}

Result<QueueRow> decode_queue(QueueId id, std::string_view row) {
    SLUICE_TRY(const std::string_view bytes, open_row("queue", id.value(), row));
    ByteReader in(bytes);
    const unsigned flags = take_u8(in);
    QueueRow queue{.id = id,
                   .name = std::string(in.string()),
                   .paused = (flags & 1U) != 0,
                   .removed = (flags & 2U) != 0,
                   .listed = (flags & 8U) != 0,
                   .durable = (flags & 4U) != 0};
    if (!in.ok() || !in.at_end() || flags > 15) return damaged("queue", id.value());
    return queue;
}

void encode_totals(const Totals& totals, std::string& out) {
    out.clear();
    put_u8(out, version_now);
    for (const std::uint64_t number :
         {totals.pushed, totals.processed, totals.failures, totals.succeeded, totals.cancelled,
          totals.discarded, totals.purged_dead, totals.duplicates}) {
        put_varint(out, number);
    }
    put_checksum(out, 0);
}

Result<Totals> decode_totals(std::string_view row) {
    SLUICE_TRY(const std::string_view bytes, open_row("totals row", 0, row));
    ByteReader in(bytes);
    Totals totals;
    for (std::uint64_t* number :
         {&totals.pushed, &totals.processed, &totals.failures, &totals.succeeded, &totals.cancelled,
          &totals.discarded, &totals.purged_dead, &totals.duplicates}) {
        *number = in.varint();
    }
    if (!in.ok() || !in.at_end()) return damaged("totals row", 0);
    return totals;
}

}  // namespace sluice::jobs
