// SPDX-License-Identifier: Apache-2.0
// What makes a Markdown parser take minutes or gigabytes for a few kilobytes, found before it is
// asked. Pure; not a parser: it counts rather too much than too little.
#pragma once

#include "kernel/base/result.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::work {

struct MarkdownCosts {
    /// Quotes and lists that begin on one line. Each later line costs a step for each of them.
    std::size_t depth_max = 100;
    /// Cells of tables. A row of one byte has as many as the table has columns.
    std::size_t cells_max = 500'000;
};

/// `tables`: whether they will be looked for. Errors: exhausted.
Status check_markdown_cost(std::string_view text, bool tables, const MarkdownCosts& costs = {});

/// More steps than looking for bare links ("www.example.org", "ada@example.org") takes: from each
/// place where one might begin, or its end be disputed, everything up to the next blank may be
/// looked at.
std::uint64_t bare_link_steps(std::string_view text);
/// With more than this links are not looked for; some tenths of a second.
inline constexpr std::uint64_t bare_link_steps_max = 100'000'000;

}  // namespace sluice::work
