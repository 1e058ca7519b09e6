// SPDX-License-Identifier: Apache-2.0
#include "sdk/error_codes.h"

#include <algorithm>

namespace sluice::sdk {

namespace {

constexpr ErrorCodeRow rows[] = {
    {ErrorCode::invalid_request, "invalid_request", "invalid",
     "the call, the job, an option or the address makes no sense, or the server refused it",
     "read the message and change the call; trying again gives the same"},
    {ErrorCode::not_found, "not_found", "not_found", "there is no such host, file or thing",
     "look at the name; a host may be found later"},
    {ErrorCode::not_unique, "not_unique", "exists",
     "a job with the same unique key is there, or a name is taken",
     "leave it be: the work is in the queue already"},
    {ErrorCode::stale, "stale", "conflict",
     "the lease named is not the job's any more: another attempt has it",
     "drop the outcome; make handlers safe to run twice"},
    {ErrorCode::busy, "busy", "busy", "the server has no room now, or is stopping",
     "try again after a pause that grows"},
    {ErrorCode::no_answer, "no_answer", "timeout",
     "no connection or no reply within the time, in all attempts",
     "look whether the server runs; repeat a push with the same jid"},
    {ErrorCode::cancelled, "cancelled", "cancelled", "a token ended the wait",
     "nothing: somebody wanted this"},
    {ErrorCode::too_large, "too_large", "exhausted", "a request or a reply is beyond a limit",
     "send less at once; docs/limits.md has the limits"},
    {ErrorCode::denied, "denied", "denied", "wrong password, or a certificate that is not trusted",
     "mend password or trust; trying again gives the same"},
    {ErrorCode::damaged, "damaged", "corrupt", "data that was read is not what was written",
     "look at the disk; restore from a backup"},
    {ErrorCode::connection_lost, "connection_lost", "io",
     "the connection broke or could not be made, in all attempts",
     "look at server and network; repeat a push with the same jid"},
    {ErrorCode::internal, "internal", "internal", "a fault of Sluice",
     "report it with the message"},

    {ErrorCode::invalid_arguments, "invalid_arguments", "InvalidArguments",
     "the arguments are not those of the job type; the message names the member",
     "push it again with other arguments; it is dead at once"},
    {ErrorCode::unknown_type, "unknown_type", "UnknownType",
     "the worker has no handler for the job type",
     "start a worker that has, or let workers of different types fetch different queues"},
    {ErrorCode::invalid_result, "invalid_result", "InvalidResult",
     "the handler's result is not JSON", "mend the handler; the job is dead at once"},
    {ErrorCode::result_too_large, "result_too_large", "ResultTooLarge",
     "the handler's result has more than 16 MiB",
     "write it to a file and give its name; the job is dead at once"},
    {ErrorCode::job_timed_out, "job_timed_out", "Timeout",
     "the job ran longer than it may, or something it waited for did",
     "give it a longer timeout, or less work"},
    {ErrorCode::job_cancelled, "job_cancelled", "Cancelled", "cancelled on request",
     "nothing: somebody wanted this"},
    {ErrorCode::lease_expired, "lease_expired", "ReservationExpired",
     "the worker did not answer within the lease",
     "give a longer reserve_for, or use a worker that beats"},
    {ErrorCode::worker_lost, "worker_lost", "WorkerLost",
     "the workers of the job were lost too often: it is poison",
     "see what it does to them; requeue it afterwards"},
    {ErrorCode::invalid_input, "invalid_input", "InvalidInput",
     "what the arguments name cannot be worked on", "mend the input; the job is dead at once"},
    {ErrorCode::input_not_found, "input_not_found", "NotFound", "a file, host or name is not there",
     "see whether it comes; the job is tried again"},
    {ErrorCode::input_conflict, "input_conflict", "Conflict",
     "the input changed meanwhile, or the output is there already",
     "let only one job write it; the job is tried again"},
    {ErrorCode::resource_busy, "resource_busy", "Busy", "something the job needs has no room now",
     "nothing: the job is tried again"},
    {ErrorCode::limit_exceeded, "limit_exceeded", "LimitExceeded",
     "input, output or time beyond a limit of the worker",
     "split the work or raise the limit; the job is dead at once"},
    {ErrorCode::not_allowed, "not_allowed", "Denied",
     "the worker's settings forbid this path, address or program",
     "allow it in the worker's settings; the job is dead at once"},
    {ErrorCode::corrupt_input, "corrupt_input", "CorruptInput", "the input is damaged",
     "mend the input; the job is dead at once"},
    {ErrorCode::input_output_error, "input_output_error", "InputOutputError",
     "reading, writing or a connection failed", "look at disk and network; the job is tried again"},
    {ErrorCode::job_internal, "job_internal", "InternalError",
     "a fault of the handler that it noticed itself",
     "report it with the message; the job is tried again"},
    {ErrorCode::needs_too_much, "needs_too_much", "NeedsTooMuch",
     "the job needs more than this worker ever has",
     "start a worker that has it, or ask for less; the job is tried again"},
    {ErrorCode::handler_failed, "handler_failed", "",
     "any other errtype: a word of the handler's own, or the type of the exception it threw",
     "read errtype and message; the job is tried again unless the handler said final"},
};

constexpr std::size_t client_rows = 12;

const ErrorCodeRow& row_of_word(std::span<const ErrorCodeRow> among, std::string_view word,
                                const ErrorCodeRow& otherwise) {
    const auto found = std::find_if(among.begin(), among.end(),
                                    [word](const ErrorCodeRow& row) { return row.word == word; });
    return found == among.end() ? otherwise : *found;
}

}  // namespace

std::span<const ErrorCodeRow> error_codes() { return rows; }

const ErrorCodeRow& row_of(ErrorCode code) {
    const auto* found = std::find_if(std::begin(rows), std::end(rows),
                                     [code](const ErrorCodeRow& row) { return row.code == code; });
    SLUICE_CHECK(found != std::end(rows));
    return *found;
}

std::string text_of(ErrorCode code) {
    return "SL" + std::to_string(static_cast<unsigned>(code)) + ' ' +
           std::string(row_of(code).name);
}

ErrorCode error_code(const Error& error) {
    return row_of_word(std::span(rows).first(client_rows), to_string(error.code),
                       row_of(ErrorCode::internal))
        .code;
}

ErrorCode error_code(const Failure& failure) { return error_code_of_errtype(failure.errtype); }

ErrorCode error_code_of_errtype(std::string_view errtype) {
    return row_of_word(std::span(rows).subspan(client_rows), errtype,
                       row_of(ErrorCode::handler_failed))
        .code;
}

Failure failure_of(const Error& error) {
    const auto failure = [&error](std::string_view errtype, bool final) {
        return Failure{.errtype = std::string(errtype), .message = error.message, .final = final};
    };
    switch (error.code) {
        case Code::invalid: return failure("InvalidInput", true);
        case Code::not_found: return failure("NotFound", false);
        case Code::exists:
        case Code::conflict: return failure("Conflict", false);
        case Code::busy: return failure("Busy", false);
        case Code::timeout: return failure("Timeout", false);
        case Code::cancelled: return failure("Cancelled", false);
        case Code::exhausted: return failure("LimitExceeded", true);
        case Code::denied: return failure("Denied", true);
        case Code::corrupt: return failure("CorruptInput", true);
        case Code::io: return failure("InputOutputError", false);
        case Code::internal: return failure("InternalError", false);
    }
    return failure("InternalError", false);
}

}  // namespace sluice::sdk
