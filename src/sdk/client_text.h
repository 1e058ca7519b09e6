// SPDX-License-Identifier: Apache-2.0
// The client's request lines and its reading of replies. Pure; an inner part of Client.
#pragma once

#include "sdk/client.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sdk {

/// A PUSHB line (without line end) of the first of `jobs`, as many as fit; at least one.
struct PushChunk {
    std::string line;
    std::size_t jobs = 0;
};
/// Jobs without a jid are given one. Errors: invalid (a job).
Result<PushChunk> push_chunk(std::span<JobSpec> jobs);
std::string wait_line(std::span<const std::string> jids, Duration timeout);
/// The answer to a wait_line is more than the server reads or we take at once: fewer names make it
/// shorter.
bool is_too_much(const Result<Reply>& answer);
std::string cancel_line(const FilterParts& filter, std::string_view reason);
std::string list_line(const ListRequest& request);
std::string mutate_line(const MutateRequest& request);
/// Errors: invalid (latency, no name, a name that is none).
Result<std::string> queue_line(const QueueRequest& request);

Result<JobStatus> read_job_status(JsonView json);
Result<std::vector<JobEnd>> read_wait_answer(JsonView json);
Result<std::uint64_t> read_count(JsonView json);
/// From an INFO document.
Result<std::vector<QueueSize>> read_queue_sizes(JsonView json);

}  // namespace sluice::sdk
