// SPDX-License-Identifier: Apache-2.0
// The arguments of a job, checked against the table of its type: a JSON array with a few values in
// fixed order, of which the last may be an object that names the rest. `["a.txt", {"top": 5}]`,
// `[{"path": "a.txt", "top": 5}]` and `["a.txt", 5]` can say the same. No effects.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/wire/json_reader.h"
#include "sdk/job_schema.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::sdk {

/// What was given, with the fallbacks of what was not. Whoever asks for a name that the table does
/// not have, or as another kind, ends the program: that is a mistake in the type. Used by one
/// thread; keeps a reference to the table.
class Arguments {
public:
    /// Errors, each naming the member: invalid (no array, too many values, a member that is given
    /// twice, missing, unknown – with the nearest known one –, of the wrong kind, out of range or
    /// none of its choices).
    static Result<Arguments> parse(const std::string& json, const JobSchema& schema);

    /// Whether it was given; a fallback does not count.
    [[nodiscard]] bool has(std::string_view name) const;

    /// Required ones and those with a fallback.
    [[nodiscard]] std::string text(std::string_view name) const;
    [[nodiscard]] std::int64_t integer(std::string_view name) const;
    [[nodiscard]] double number(std::string_view name) const;
    [[nodiscard]] Duration seconds(std::string_view name) const;
    [[nodiscard]] bool boolean(std::string_view name) const;
    /// Which of the choices, counted from 0.
    [[nodiscard]] std::size_t choice(std::string_view name) const;

    /// What may be absent.
    [[nodiscard]] std::optional<std::string> text_if_given(std::string_view name) const;
    [[nodiscard]] std::optional<std::int64_t> integer_if_given(std::string_view name) const;
    [[nodiscard]] std::optional<double> number_if_given(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> pairs(
        std::string_view name) const;
    /// Of lists, objects and any value. Lives as long as this.
    [[nodiscard]] std::optional<JsonView> value(std::string_view name) const;

    /// Adds an error of the type's own about a value it has read; the first one counts.
    void refuse(std::string_view name, std::string_view why);
    /// What was refused. Errors: invalid.
    [[nodiscard]] const Status& status() const { return status_; }

private:
    Arguments(JsonDocument document, const JobSchema& schema)
        : document_(std::move(document)), schema_(&schema) {}
    Status spread();
    Status add(std::string_view name, JsonView value);
    Status check() const;
    [[nodiscard]] const Argument& argument(std::string_view name, ArgumentKind kind) const;
    [[nodiscard]] const JsonView* given(std::string_view name) const;

    JsonDocument document_;
    const JobSchema* schema_;
    /// Without those that are null.
    std::map<std::string, JsonView, std::less<>> members_;
    Status status_;
};

}  // namespace sluice::sdk
