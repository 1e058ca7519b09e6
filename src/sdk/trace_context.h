// SPDX-License-Identifier: Apache-2.0
// The trace context that travels with a job, as W3C "Trace Context" (Recommendation, level 1)
// writes it: `traceparent` and `tracestate` among the job's custom members. Spans are tracer.h.
#pragma once

#include "kernel/base/result.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::sdk {

/// Members of `tracestate` and its bytes that are passed on.
inline constexpr std::size_t trace_state_members_max = 32;
inline constexpr std::size_t trace_state_bytes_max = 4096;

/// Which trace something belongs to, and which span it comes from. Never all zeros.
struct TraceContext {
    std::array<std::uint8_t, 16> trace_id{};
    std::array<std::uint8_t, 8> span_id{};
    bool sampled = true;  ///< somebody records this trace
    bool random = false;  ///< the trace id is known to be random (level 2)
    std::string state;    ///< `tracestate` as received, or empty
    friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

/// Reads `traceparent` of any version from 00 to fe as the standard asks. A `tracestate` that is
/// not valid is left out, as it also asks. Errors: invalid.
Result<TraceContext> parse_trace_context(std::string_view traceparent,
                                         std::string_view tracestate = {});
/// True for a list of at most 32 different keys with values of printable ASCII.
bool is_trace_state(std::string_view text);

/// `traceparent` in version 00.
std::string format_traceparent(const TraceContext& context);
/// Lower-case hexadecimal.
std::string trace_id_text(const TraceContext& context);
std::string span_id_text(const TraceContext& context);

/// A new trace with random ids.
TraceContext new_trace(bool sampled = true);
/// The same trace with a new span id.
TraceContext child_of(const TraceContext& parent);

/// From the custom members of a job (a JSON object as text, or empty). Nothing when there is none
/// or it is not valid: a trace must never keep a job from running.
std::optional<TraceContext> trace_of_custom(std::string_view custom);

}  // namespace sluice::sdk
