// SPDX-License-Identifier: Apache-2.0
// CSS selectors as XPath 1.0: what people know, in the language that libxml2 speaks. Types,
// classes, ids, attributes, all combinators, structural pseudo-classes, :not() and :contains().
// What it does not know it refuses, and says where.
#pragma once

#include "kernel/base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// What is taken of what matches.
enum class Take : std::uint8_t {
    text,       ///< all text within, white space collapsed
    html,       ///< the element with its markup
    attribute,  ///< the value of one attribute
};

/// A selector that was understood.
struct CssQuery {
    std::string xpath;
    Take take = Take::text;
    std::string attribute;  ///< of Take::attribute
};

inline constexpr std::size_t css_bytes_max = 1'000;
/// Compound selectors of one selector, with those in :not().
inline constexpr std::size_t css_compounds_max = 64;

/// In XML names count as they are written and whatever their namespace; in HTML they are lower
/// case.
enum class CssDialect : std::uint8_t { html, xml };

/// "h1, .price > b::text" as XPath; "::text", "::html" and "::attr(NAME)" may stand at the end.
/// Errors: invalid (with the place, from 1), exhausted (too long, too many parts).
Result<CssQuery> parse_css(std::string_view selector, CssDialect dialect = CssDialect::html);

/// `text` as a literal of XPath, which has no escapes.
std::string xpath_literal(std::string_view text);

}  // namespace sluice::crawl
