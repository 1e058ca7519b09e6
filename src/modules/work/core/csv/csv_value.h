// SPDX-License-Identifier: Apache-2.0
// What the text of a field means: no value, a number, a date, … One reading for all csv types and
// for logs. Pure.
#pragma once

#include "kernel/base/text.h"
#include "kernel/base/time.h"
#include "modules/work/core/csv/csv_parser.h"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::work {

/// Without blanks at both ends; most texts have none.
inline std::string_view trim_blanks(std::string_view text) {
    const auto is_plain = [](char c) { return static_cast<unsigned char>(c) > ' '; };
    return text.empty() || (is_plain(text.front()) && is_plain(text.back())) ? text : trim(text);
}

/// Missing: nothing, NULL, null, NA, N/A or \N, not in quotes.
bool is_null(const CsvField& field);
/// A decimal number, with a sign, fraction or exponent; not "inf", "nan", nor beyond a double.
std::optional<double> as_number(std::string_view text);
/// Digits with at most a sign.
bool is_integer(std::string_view text);
/// true, false, TRUE, FALSE, True, False, yes, no.
bool is_boolean(std::string_view text);
/// YYYY-MM-DD, alone or followed by T or a blank and a time (which is not looked at).
bool is_date(std::string_view text);
/// YYYY-MM-DD with or without a time (hh:mm, hh:mm:ss, fraction, `Z` or an offset; without one it
/// is UTC), as nanoseconds since 1970; years 1678 to 2261.
std::optional<WallTime> as_time(std::string_view text);

/// The text cut to so many bytes of valid UTF-8.
std::string cut_text(std::string_view text, std::size_t bytes_max);
/// How many characters: bytes that do not continue one.
std::size_t character_count(std::string_view text);

/// Appends the field as RFC 4180 writes it: in quotes if it was, or if it must be.
void put_csv_field(std::string& out, const CsvField& field, char delimiter);

}  // namespace sluice::work
