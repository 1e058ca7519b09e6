// SPDX-License-Identifier: Apache-2.0
// Texts as mail carries them: base64, quoted-printable (RFC 2045), encoded words in headers (RFC
// 2047), parameters (RFC 2231), dates (RFC 5322). Pure.
#pragma once

#include "kernel/base/time.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::work {

/// No line of a mail is longer, without its CRLF (RFC 5322 2.1.1).
inline constexpr std::size_t mail_line_max = 78;

/// In lines of 76 characters that end with CRLF; with `line_max` 0 in one line without an end.
std::string base64(std::string_view bytes, std::size_t line_max = 76);
/// Lines of at most 76 characters that end with CRLF, whatever the ends of lines in `text`; what is
/// no printable ASCII is written as =XX.
std::string quoted_printable(std::string_view text);
/// `Name: text` CRLF, folded. `text` is UTF-8: where it is not all printable ASCII, it becomes
/// encoded words of whole characters.
std::string mail_header(std::string_view name, std::string_view text);
/// A value as it stands in a header such as From before the address: quoted, or encoded words.
std::string mail_phrase(std::string_view text);
/// `; name="value"`, or `; name*=UTF-8''…` where the value is not ASCII.
std::string mail_parameter(std::string_view name, std::string_view value);
/// "Sat, 21 Nov 2026 18:07:00 +0000".
std::string mail_date(WallTime time);
/// True for UTF-8 without control characters (CR, LF and NUL are among them).
bool is_header_text(std::string_view text);

}  // namespace sluice::work
