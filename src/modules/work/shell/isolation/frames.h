// SPDX-License-Identifier: Apache-2.0
// What a worker and its handler processes say to each other over a socket: frames of a kind and a
// few fields. Both ends are the same program, so there are no versions. Inner part of isolation.
#pragma once

#include "kernel/base/result.h"
#include "sdk/handler.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

enum class FrameKind : std::uint8_t {
    job,       ///< to the process: Delivery
    cancel,    ///< to the process: Error
    refusals,  ///< to the process: the answer to push
    job_ends,  ///< to the process: the answer to ends
    progress,  ///< from the process: percent, note
    push,      ///< from the process: jobs
    ends,      ///< from the process: jids
    done,      ///< from the process: Outcome
};

struct Frame {
    FrameKind kind = FrameKind::job;
    std::string body;
};

inline constexpr std::size_t frame_bytes_max = std::size_t{256} << 20;

/// Writes the whole frame. Errors: io (the other side has gone), exhausted.
Status send_frame(int socket, const Frame& frame);

/// Frames out of a stream of bytes. One thread.
class FrameReader {
public:
    explicit FrameReader(int socket) : socket_(socket) {}
    /// One read(2), which waits if nothing is there. False at the end. Errors: io, corrupt.
    Result<bool> fill();
    /// A whole frame that has been read; nothing: fill() again.
    std::optional<Frame> next();

private:
    int socket_;
    std::string bytes_;
    std::size_t at_ = 0;
};

std::string encode_delivery(const sdk::Delivery& job, Duration left);
/// `left`: until the deadline; zero: none.
Result<sdk::Delivery> decode_delivery(std::string_view body, Duration& left);
std::string encode_error(const Error& error);
/// What was said, or that it was damaged.
Error decode_error(std::string_view body);
std::string encode_progress(int percent, std::string_view note);
Result<std::string_view> decode_progress(std::string_view body, int& percent);
std::string encode_outcome(const sdk::Outcome& outcome);
Result<sdk::Outcome> decode_outcome(std::string_view body);
std::string encode_jobs(std::span<const sdk::JobSpec> jobs);
Result<std::vector<sdk::JobSpec>> decode_jobs(std::string_view body);
std::string encode_texts(std::span<const std::string> texts);
Result<std::vector<std::string>> decode_texts(std::string_view body);
/// The answer, and the jids that the jobs were given.
std::string encode_refusals(const Result<std::vector<sdk::Refusal>>& answer,
                            std::span<const sdk::JobSpec> jobs);
Result<std::vector<sdk::Refusal>> decode_refusals(std::string_view body,
                                                  std::span<sdk::JobSpec> jobs);
std::string encode_job_ends(const Result<std::vector<sdk::JobEnd>>& answer);
Result<std::vector<sdk::JobEnd>> decode_job_ends(std::string_view body);

}  // namespace sluice::work
