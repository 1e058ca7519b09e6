// SPDX-License-Identifier: Apache-2.0
// Attribute values with a syntax of their own: srcset, meta refresh, the charset in a content type,
// lists of words. Values are decoded text; what is returned are views into them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::crawl {

/// The next URL of a srcset (HTML standard 4.8.4.3.8), removed from the front of `rest` with its
/// descriptors; empty at the end.
std::string_view next_srcset_url(std::string_view& rest);

/// The next word of a list separated by white space, removed from the front of `rest`; empty at the
/// end.
std::string_view next_word(std::string_view& rest);
/// `word` (lower case) is in the list, in letters of any case.
bool has_word(std::string_view list, std::string_view word);

/// A page that sends its reader on.
struct Refresh {
    std::uint64_t seconds = 0;  ///< whole ones; huge numbers are capped
    std::string_view url;       ///< empty: the page itself
};

/// The content of <meta http-equiv=refresh> by the HTML standard's "shared declarative refresh
/// steps"; nothing if it is malformed.
std::optional<Refresh> parse_refresh(std::string_view content);

/// The label behind "charset=" in a content type ("text/html; charset=utf-8"), by the HTML
/// standard's algorithm for meta elements; empty if there is none.
std::string_view charset_of_content(std::string_view content);

}  // namespace sluice::crawl
