// SPDX-License-Identifier: Apache-2.0
// A place in a JSON document (RFC 6901) and whether two values are the same. Pure.
#pragma once

#include "kernel/wire/json_reader.h"

#include <optional>
#include <string_view>

namespace sluice::work {

/// True for "" and texts of parts that begin with "/"; "~" only as ~0 and ~1.
bool is_json_pointer(std::string_view pointer);
/// The value that the pointer leads to; nothing if there is none, or it is no pointer.
std::optional<JsonView> find_json(JsonView root, std::string_view pointer);
/// Numbers by their value, objects whatever the order of their members.
bool is_same_json(JsonView a, JsonView b);

}  // namespace sluice::work
