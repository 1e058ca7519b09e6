// SPDX-License-Identifier: Apache-2.0
// What Unicode 15.0 says of each character, as far as domain names need it. The data are in
// idna_table.inc, written by tools/idna_tables (docs/adr/0018-idna-tables.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace sluice::crawl::idna {

/// What UTS 46 does with a character.
enum class Status : std::uint8_t { valid, mapped, ignored, disallowed };

/// Its Joining_Type, as RFC 5892 needs it.
enum class Joining : std::uint8_t { none, left, right, dual, transparent };

/// Its Bidi_Class; `other` are those that RFC 5893 never allows.
enum class Bidi : std::uint8_t { l, r, al, an, en, es, cs, et, on, bn, nsm, other };

/// The properties of one character.
struct Properties {
    Status status = Status::disallowed;
    bool is_mark = false;
    Joining joining = Joining::none;
    Bidi bidi = Bidi::other;
    std::uint8_t combining = 0;  ///< Canonical_Combining_Class; 9 is a virama
};

Properties properties_of(char32_t c);

/// Appends what a character of status `mapped` becomes.
void append_mapping(char32_t c, std::u32string& out);

/// The canonical decomposition, not of Hangul; the second character may be 0.
std::optional<std::pair<char32_t, char32_t>> decomposition_of(char32_t c);
/// The character that two become in NFC, not of Hangul.
std::optional<char32_t> composition_of(char32_t first, char32_t second);

}  // namespace sluice::crawl::idna
