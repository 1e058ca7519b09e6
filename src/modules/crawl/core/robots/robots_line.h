// SPDX-License-Identifier: Apache-2.0
// robots.txt cut into lines and directives, exactly as Google's parser does: every line ending,
// byte order marks, comments, missing colons, misspelt directives, percent-encoding. What the
// directives mean together is robots.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// What is read of a file; RFC 9309, 2.5 asks for at least this. A line that is cut by it is left
/// out.
inline constexpr std::size_t robots_bytes_max = 500 * 1024;
/// What is read of a line; the rest of a longer one is left out, as Google does.
inline constexpr std::size_t robots_line_bytes_max = 2083 * 8 - 1;

enum class RobotsDirective : std::uint8_t {
    user_agent,
    allow,
    disallow,
    sitemap,
    crawl_delay,
    request_rate,
};

/// One line that says something.
struct RobotsLine {
    RobotsDirective directive = RobotsDirective::user_agent;
    std::uint32_t number = 0;  ///< From 1.
    /// Without comment and blanks; of allow and disallow percent-encoded as patterns are compared.
    std::string_view value;
};

/// Calls `take` for each line of `body` whose directive is known. The value is valid in the call.
void read_robots_lines(std::string_view body, const std::function<void(const RobotsLine&)>& take);

/// `pattern` with every octet above 127 percent-encoded and existing encodings in upper case.
std::string normalise_robots_pattern(std::string_view pattern);

}  // namespace sluice::crawl
