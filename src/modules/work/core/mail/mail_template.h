// SPDX-License-Identifier: Apache-2.0
// Texts with places to fill in: "Dear {{name}}". Values only: nothing is computed, repeated or
// decided in a template. Pure.
#pragma once

#include "kernel/base/result.h"
#include "kernel/wire/json_reader.h"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace sluice::work {

/// What stands for a name. Members of inner objects are named with a dot: "order.id".
using TemplateValues = std::map<std::string, std::string, std::less<>>;

inline constexpr std::size_t template_values_max = 1'000;

/// Texts, numbers, booleans and objects of them. Errors: invalid (another kind; names it),
/// exhausted (too many).
Result<TemplateValues> read_template_values(JsonView object);

enum class Escaping { none, html };
/// Puts the values in the places of their names. Names have letters, digits, "_", "-" and ".";
/// blanks around them do not count. With `html` the values (not the template) are written so that
/// they are text and never markup. Errors: invalid (no such value, no end; says where), exhausted
/// (more than `bytes_max`).
Result<std::string> fill_template(std::string_view text, const TemplateValues& values,
                                  Escaping escaping, std::size_t bytes_max);

}  // namespace sluice::work
