// SPDX-License-Identifier: Apache-2.0
// The replies of the extended verbs as plain structs, written by the server and read by our client
// (docs/protocol.md, "Extension"). Pure. Not the framing (kernel/wire) and not INFO, which the
// server alone writes.
#pragma once

#include "kernel/base/result.h"
#include "kernel/wire/json_reader.h"
#include "sdk/protocol/request.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::sdk {

inline constexpr std::string_view ok_reply = "+OK\r\n";

/// The coded words that only extended clients see.
inline constexpr std::string_view word_stale = "STALE";
inline constexpr std::string_view word_not_unique = "NOTUNIQUE";

/// Appends {"jid":"text",…}: what PUSHB, ACKB and FAILB refused.
void append_refusals(std::string& out,
                     std::span<const std::pair<std::string_view, std::string_view>> refused);
struct Refusal {
    std::string jid;
    std::string text;
    friend bool operator==(const Refusal&, const Refusal&) = default;
};
Result<std::vector<Refusal>> parse_refusals(JsonView reply);

/// The reply to an extended BEAT: {"state":"quiet","cancel":[…],"lost":[…]}; `state` is left out
/// while running.
struct BeatAnswer {
    WorkerWord state = WorkerWord::running;
    std::vector<std::string> cancel;  ///< jids
    std::vector<std::uint64_t> lost;  ///< leases
    friend bool operator==(const BeatAnswer&, const BeatAnswer&) = default;
};
void append_beat_answer(std::string& out, const BeatAnswer& answer);
Result<BeatAnswer> parse_beat_answer(JsonView reply);

/// One job of a WAIT reply.
struct WaitedView {
    std::string_view jid;
    std::string_view state;   ///< "unknown" for a jid that the server does not know
    std::string_view result;  ///< JSON text, or empty
    std::string_view errtype;
    std::string_view message;
};
/// Appends {"complete":true,"jobs":[{"jid","state","result","error":{"errtype","message"}}…]}.
void append_wait_answer(std::string& out, bool complete, std::span<const WaitedView> jobs);

/// Appends {"count":N}: the reply to CANCEL.
void append_count(std::string& out, std::uint64_t count);

}  // namespace sluice::sdk
