// SPDX-License-Identifier: Apache-2.0
// What a job type takes: a table of its arguments, from which arguments are checked (arguments.h)
// and its documentation is made. Pure data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sdk {

enum class ArgumentKind : std::uint8_t {
    text,
    integer,    ///< a whole number of 64 bits
    number,     ///< any number
    seconds,    ///< a number, above 0 unless `min` says otherwise
    boolean,    ///< true or false
    texts,      ///< an array of texts
    text_list,  ///< a text, or an array of texts
    pairs,      ///< an object of texts
    list,       ///< an array of anything; the type judges its elements
    object,     ///< an object; the type judges its members
    any,        ///< any JSON value but null
};
/// The words of documentation and of `sluice types --json`: "whole number", "array of texts" ….
std::string_view to_string(ArgumentKind kind);

/// Both ends included; those that are infinite are no limit. Whole numbers are exact up to 2^53.
struct ArgumentRange {
    double min = -std::numeric_limits<double>::infinity();
    double max = std::numeric_limits<double>::infinity();
};

/// One argument. Made with designated initialisers:
/// `{.name = "top", .kind = ArgumentKind::integer, .range = {0, 1000}, .fallback = "10", .help =
/// "…"}`
struct Argument {
    std::string name;
    ArgumentKind kind = ArgumentKind::text;
    bool required = false;
    /// Of a number: its value; of texts and lists: how many bytes or elements.
    ArgumentRange range{};
    /// The words that a text may be; empty: any.
    std::vector<std::string> choices{};
    /// What it is if it is absent or null, without quotes ("10", "true", "UTF-8"); nothing: absent.
    std::optional<std::string> fallback{};
    /// Texts in it may be references to secrets of the worker: {"$secret": "name"}.
    bool secrets = false;
    /// It describes other jobs: references in it stay as they are, for the workers that run those.
    bool passes_secrets = false;
    /// Markdown, a sentence without its end. What kind, range and choices say already is not
    /// repeated.
    std::string help{};
};

struct JobSchema {
    std::vector<Argument> arguments{};
    /// So many of them, from the first on, may also be given as values in front.
    std::size_t positions = 0;
    /// Markdown: what is true of several arguments or of the type as a whole.
    std::string notes{};

    [[nodiscard]] const Argument* find(std::string_view name) const;
};

/// Markdown: a list with a line for each argument, then the notes.
std::string describe(const JobSchema& schema);

}  // namespace sluice::sdk
