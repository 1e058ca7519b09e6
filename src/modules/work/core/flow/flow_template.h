// SPDX-License-Identifier: Apache-2.0
// Templates for the arguments of jobs: a JSON value whose texts hold names in braces, which stand
// for values of one file ("{stem}.webp"). Pure.
#pragma once

#include "kernel/base/result.h"
#include "kernel/wire/json_reader.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::work {

/// One name and what it stands for: `json` is used where the whole text is "{name}" and it is not
/// empty (a number, a list), `text` everywhere else.
struct TemplateValue {
    std::string_view name;
    std::string text;
    std::string json{};
};

/// The template with every `{name}` put in; `{{` and `}}` are braces. Texts are put in as JSON
/// texts, so a value cannot leave its place. Errors: invalid (an unknown name, a brace without its
/// other), exhausted (more than bytes_max).
Result<std::string> expand_template(JsonView value, std::span<const TemplateValue> values,
                                    std::size_t bytes_max);

/// The parts of a path: name, stem (the name without its last ending), ext (without the dot), dir
/// ("." where there is none).
struct PathParts {
    std::string_view dir;
    std::string_view name;
    std::string_view stem;
    std::string_view ext;
};
PathParts path_parts(std::string_view path);

}  // namespace sluice::work
