// SPDX-License-Identifier: Apache-2.0
// The bytes in which jobs, queues and totals are kept. Pure; knows no database. Every row carries
// its format version first and a checksum last, so a row is either read whole or refused.
//
// How to change a format:
//  1. Never give an old version number, flag bit or field a new meaning, and never change
//     `inline_body_max` without a new version: it decides where a body is looked for.
//  2. Add the new layout under the next version number; encode writes only the newest, decode goes
//     on reading every version since 1 (one function for each, chosen by the first byte).
//  3. Keep a row of the old version as hexadecimal text in record_test.cpp (RowsOfEarlierVersions)
//     before the encoder changes, so that reading it stays tested for ever.
//  4. If an older Sluice must not open the store at all, raise `store_format` in rocks_ledger.cpp
//     as well; a row of a newer version alone is refused with "written by a newer Sluice".
//  5. Say it in CHANGELOG.md under "Upgrading", with the first release that can read it.
//
// Job row, version 2 (integers: BE8 = eight bytes, most significant first; v = LEB128 varint,
// z = zigzag varint; s = v length and bytes; a field in [] is there when its flag bit is set):
//   u8 version | u8 state | u8 priority | u16 flags (low byte first) | v queue
//   [lease: BE8 token, BE8 expires_at, u8 mode + 16 * lapse] [wid: s]
//   [failure: z retry_count, z remaining, BE8 failed_at, BE8 next_at, s errtype, s message,
//    s backtrace] [result: s] [losses: u8, BE8 first_loss_at] [attempt: z] [order: BE8]
//   [due_at: BE8] [enqueued_at: BE8] [changed_at: BE8] [body, unless kept under its own key]
//   | u32 checksum
// Version 1 is the same without the flag `named`, which is set for all of its rows.
// Body: u16 flags | [retry: z] [priority: u8] [reserve_for: z] [timeout: z] [keep: z] [at: BE8]
//   [created_at: BE8] [backoff: u8 kind, u8 jitter, z base, z max] | six v lengths | the texts
// Body row: u8 version | body | u32 checksum
#pragma once

#include "kernel/base/result.h"
#include "modules/jobs/model/job.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::jobs {

/// Texts up to this size stand in the job row itself; longer ones are written once, under a key of
/// their own. Part of the format.
inline constexpr std::size_t inline_body_max = 1024;

/// The body is kept in a row of its own.
inline bool body_is_apart(const JobBody& body) { return body.bytes().size() > inline_body_max; }

/// Replaces `out` by the job row. The job has a body.
void encode_job(const JobRecord& job, std::string& out);
/// Replaces `out` by the body row of a body that is kept apart.
void encode_body(Seq seq, const JobBody& body, std::string& out);

/// Reads a job row stored under `seq`; `job.body` is null when the body is kept apart. `job` is
/// unspecified after an error. Errors: corrupt (also for a row of a newer version).
Status decode_job(Seq seq, std::string_view row, JobRecord& job);
/// Reads a body row stored under `seq`. Errors: corrupt.
Result<std::shared_ptr<const JobBody>> decode_body(Seq seq, std::string_view row);

/// What a scan filters by: looks at the first bytes of a job row only; the checksum is not
/// verified. Errors: corrupt.
Result<JobState> peek_state(std::string_view row);

void encode_queue(const QueueRow& queue, std::string& out);
Result<QueueRow> decode_queue(QueueId id, std::string_view row);

void encode_totals(const Totals& totals, std::string& out);
Result<Totals> decode_totals(std::string_view row);

}  // namespace sluice::jobs
