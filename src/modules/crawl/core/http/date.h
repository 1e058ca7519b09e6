// SPDX-License-Identifier: Apache-2.0
// The dates of HTTP as text: the three forms of RFC 9110, and the forgiving reading of RFC 6265
// that browsers use for cookies. Not RFC 3339 (kernel/base/time.h).
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"

#include <string>
#include <string_view>

namespace sluice::crawl {

/// "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT" or "Sun Nov  6 08:49:37 1994"
/// (RFC 9110, 5.6.7). The name of the day may be any; a year of two digits lies less than 50 years
/// after the year of `now`. Errors: invalid.
Result<WallTime> parse_http_date(std::string_view text, WallTime now);

/// Any order of day, month, year and time, as RFC 6265, 5.1.1 reads the Expires of a cookie; zones
/// are not looked at. Years 1601 to 9999; what WallTime cannot say becomes its nearest value.
/// Errors: invalid.
Result<WallTime> parse_cookie_date(std::string_view text);

/// "Sun, 06 Nov 1994 08:49:37 GMT", whole seconds.
std::string format_http_date(WallTime time);

}  // namespace sluice::crawl
