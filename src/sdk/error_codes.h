// SPDX-License-Identifier: Apache-2.0
// Stable error codes: one number and one word for whatever a client call or a job can end with.
// The table with meanings and what to do is in docs/sdk.md and does not change; new rows may come.
#pragma once

#include "kernel/base/result.h"
#include "sdk/handler.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::sdk {

/// 1xx: what a call of the client or Worker::run() gave; 2xx: what a job failed with.
enum class ErrorCode : std::uint16_t {
    invalid_request = 101,
    not_found = 102,
    not_unique = 103,
    stale = 104,
    busy = 105,
    no_answer = 106,
    cancelled = 107,
    too_large = 108,
    denied = 109,
    damaged = 110,
    connection_lost = 111,
    internal = 112,

    invalid_arguments = 201,
    unknown_type = 202,
    invalid_result = 203,
    result_too_large = 204,
    job_timed_out = 205,
    job_cancelled = 206,
    lease_expired = 207,
    worker_lost = 208,
    invalid_input = 209,
    input_not_found = 210,
    input_conflict = 211,
    resource_busy = 212,
    limit_exceeded = 213,
    not_allowed = 214,
    corrupt_input = 215,
    input_output_error = 216,
    job_internal = 217,
    needs_too_much = 218,
    handler_failed = 299,
};

struct ErrorCodeRow {
    ErrorCode code;
    std::string_view name;
    /// What it stands for: the word of a Code (1xx) or the errtype of a Failure (2xx).
    std::string_view word;
    std::string_view meaning;
    std::string_view what_to_do;
};

/// The whole table, by number.
std::span<const ErrorCodeRow> error_codes();
const ErrorCodeRow& row_of(ErrorCode code);
/// "SL106 no_answer".
std::string text_of(ErrorCode code);

ErrorCode error_code(const Error& error);
/// An errtype that is not in the table is the handler's own: handler_failed.
ErrorCode error_code(const Failure& failure);
ErrorCode error_code_of_errtype(std::string_view errtype);

/// What a job fails with when its handler met this error. Final where trying again cannot help:
/// invalid, exhausted, denied and corrupt.
Failure failure_of(const Error& error);

}  // namespace sluice::sdk
