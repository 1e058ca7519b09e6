// SPDX-License-Identifier: Apache-2.0
// Reading the members of protocol JSON into plain variables, with one wording for everything that
// has the wrong type. An inner part of the protocol folder; others use request.h and job_json.h.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/wire/json_reader.h"
#include "sdk/protocol/request.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sdk {

/// "invalid JSON: NAME must be WHAT".
Error wrong_type(std::string_view name, std::string_view what);
/// The text as JSON. Errors: invalid ("invalid JSON: …").
Result<JsonView> read_argument(std::string_view text, JsonParser& parser);

// Each of these leaves `out` alone for `null`.
Status read_text(JsonView value, std::string_view name, std::string_view& out);
Status read_text(JsonView value, std::string_view name, std::string& out);
Status read_int(JsonView value, std::string_view name, std::int64_t& out);
Status read_int(JsonView value, std::string_view name, std::optional<std::int64_t>& out);
Status read_bool(JsonView value, std::string_view name, bool& out);
/// An array of strings, at most request_names_max.
Status read_texts(JsonView value, std::string_view name, std::vector<std::string>& out);
/// A number of seconds, whole or not, 0 to `max`.
Status read_seconds(JsonView value, std::string_view name, Duration max, Duration& out);
/// A lease as format_lease writes it.
Status read_lease(JsonView value, std::uint64_t& out);
Status read_leases(JsonView value, std::string_view name, std::vector<std::uint64_t>& out);
/// A sequence number, as text (so that JavaScript keeps all its digits) or as a number.
Status read_sequence(JsonView value, std::string_view name, std::uint64_t& out);

/// `milliseconds` (not negative) as a duration of at most `max`.
inline Duration bounded_ms(std::int64_t milliseconds, Duration max) {
    const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(max).count();
    return std::chrono::milliseconds(std::min<std::int64_t>(milliseconds, most));
}

/// The arguments of JOB LIST and QUEUE SET, for parse_job_request and parse_queue.
Result<ListRequest> parse_list(JsonView argument);
Result<QueueRequest> parse_queue_set(std::string_view argument, JsonParser& parser);

/// Calls `visit(name, value)` for every member until one returns an error.
template <class Visit>
Status each_member(JsonView object, std::string_view name, Visit&& visit) {
    if (!object.is_object()) return wrong_type(name, "an object");
    for (const JsonMember member : object.members()) {
        SLUICE_TRY_STATUS(visit(member.name, member.value));
    }
    return {};
}

/// Calls `visit(value)` for every element until one returns an error.
template <class Visit>
Status each_element(JsonView array, std::string_view name, Visit&& visit) {
    if (!array.is_array()) return wrong_type(name, "an array");
    for (const JsonView element : array.elements()) SLUICE_TRY_STATUS(visit(element));
    return {};
}

}  // namespace sluice::sdk
