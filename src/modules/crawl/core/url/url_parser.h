// SPDX-License-Identifier: Apache-2.0
// The pieces of the URL parser that the setters use too. Internal to this folder.
#pragma once

#include "modules/crawl/core/url/percent.h"
#include "modules/crawl/core/url/url.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::crawl {

struct PathContext {
    Scheme scheme = Scheme::other;
    std::size_t start = 0;  ///< where the path begins in `out`
};

/// Which special scheme the name (lower case) is.
Scheme scheme_of(std::string_view name);
/// Removes tabs and newlines anywhere, and makes valid UTF-8 of the text. `buffer` holds the result
/// if it differs.
std::string_view clean_input(std::string_view input, std::string& buffer);
/// The path state of the standard: appends the segments of `text`, each behind a "/". What is in
/// `out` from context.start on is the path so far.
void append_path(std::string_view text, PathContext context, std::string& out);

/// How long the path at the front of a text is (up to "?" or "#"), and what has to be done with it.
struct PathScan {
    std::size_t length = 0;
    unsigned found = 0;
};
PathScan scan_path(std::string_view rest);
/// The same for a text that was scanned.
void append_path(std::string_view text, PathScan scanned, PathContext context, std::string& out);
/// Removes the last segment of the path.
void shorten_path(PathContext context, std::string& out);
void append_opaque_path(std::string_view text, bool more_follows, std::string& out);
void append_query(std::string_view text, Scheme scheme, QueryEncoder* encoder, std::string& out);
/// The digits at the front as a port; nothing if it is above 65,535. `digits` is how many there
/// were.
std::optional<std::uint32_t> read_port(std::string_view text, std::size_t& digits);
/// "C:" or "C|".
bool is_drive_letter(std::string_view text);
/// A drive letter with nothing behind it, or one of "/\?#".
bool starts_with_drive_letter(std::string_view text);

}  // namespace sluice::crawl
