// SPDX-License-Identifier: Apache-2.0
// The arguments of a built-in job type: a JSON array with a few values in fixed order, of which the
// last may be an object that names the rest. `["a.txt", {"top": 5}]`, `[{"path": "a.txt", "top":
// 5}]` and `["a.txt", 5]` can say the same. Pure.
#pragma once

#include "kernel/base/result.h"
#include "kernel/wire/json_reader.h"

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::work {

/// A whole number's range, both ends included.
struct IntRange {
    std::int64_t min;
    std::int64_t max;
};

/// Reads members and remembers the first thing that was wrong with them, so that a reader asks for
/// all members and then once for the status. Every message names the member.
class Arguments {
public:
    /// `positions` names the values in front, in their order. Errors: invalid (no array, too many
    /// values, a member given twice).
    static Result<Arguments> parse(const std::string& json,
                                   std::initializer_list<std::string_view> positions);

    /// Required ones.
    std::string text(std::string_view name);
    std::int64_t integer(std::string_view name, IntRange range);
    /// Optional ones; JSON null counts as absent.
    std::optional<std::string> text_if_given(std::string_view name);
    std::int64_t integer_or(std::string_view name, std::int64_t absent, IntRange range);
    /// Seconds, fractions allowed.
    double seconds_or(std::string_view name, double absent, double max);
    bool boolean_or(std::string_view name, bool absent);
    std::vector<std::string> texts_or_none(std::string_view name);
    /// An object of texts.
    std::vector<std::pair<std::string, std::string>> pairs_or_none(std::string_view name);
    /// One of the words; the first is taken if it is absent.
    std::size_t choice(std::string_view name, std::initializer_list<std::string_view> words);

    /// Adds an error of the caller's own, about a value it has read.
    void refuse(std::string_view name, std::string_view why);
    /// After everything was asked for: the first error, or a member nobody asked for. Errors:
    /// invalid.
    Status finish();

private:
    explicit Arguments(JsonDocument document) : document_(std::move(document)) {}
    Status spread(std::initializer_list<std::string_view> positions);
    Status add(std::string_view name, JsonView value);
    std::optional<JsonView> take(std::string_view name);
    std::optional<JsonView> require(std::string_view name);
    std::int64_t checked_integer(std::string_view name, JsonView value, IntRange range);

    JsonDocument document_;
    std::map<std::string, JsonView, std::less<>> members_;
    std::vector<std::string_view> asked_;
    Status status_;
};

}  // namespace sluice::work
