// SPDX-License-Identifier: Apache-2.0
// Traces: what really arrived, read from a CSV file or from a listing of a live server
// (`sluice jobs --json`). Pure: text in, rows out; files are the shell's.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sim {

/// One job of a trace.
struct TraceRow {
    Duration at{0};  ///< Since the start of the trace.
    std::string queue;
    std::string type;
    std::string tenant;
    std::optional<Duration> service;  ///< How long it ran, where known.
};

/// Rows in the order of their times. Limits: 5,000,000 rows, 64 KiB a line.
///
/// CSV (RFC 4180 quoting, LF or CRLF) whose first line names the columns: `at` is needed, `queue`,
/// `type`, `tenant` and `service` are read, others are passed over. `at` is all of one form:
/// seconds
/// ("12.5") or a duration ("1m30s") since the start, or RFC 3339, where the first row is the start.
/// `service` is seconds, a duration, or empty. Errors: invalid, with the line.
Result<std::vector<TraceRow>> parse_trace_csv(std::string_view text);

/// The jobs of `sluice jobs --json`, each at its created_at; the first is the start. Other members
/// are `queue`, `jobtype`, and `custom.sluice.tenant`. Errors: invalid.
Result<std::vector<TraceRow>> parse_trace_jobs(std::string_view json);

/// Which rows are meant; empty texts match all.
struct TraceFilter {
    std::string queue;
    std::string type;
    std::string tenant;
};
/// The times of the rows that match.
std::vector<Duration> trace_times(const std::vector<TraceRow>& rows, const TraceFilter& filter);
/// The known service times of the rows that match.
std::vector<Duration> trace_services(const std::vector<TraceRow>& rows, const TraceFilter& filter);

}  // namespace sluice::sim
