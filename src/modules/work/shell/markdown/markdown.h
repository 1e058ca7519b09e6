// SPDX-License-Identifier: Apache-2.0
// Markdown to HTML by cmark-gfm: CommonMark, with GitHub's tables, strikethrough, task lists and
// bare links. Always in its safe mode: no HTML of the text, no `javascript:` links.
#pragma once

#include "kernel/base/result.h"
#include "kernel/sync/cancel.h"

#include <string>
#include <string_view>

namespace sluice::work {

struct Html {
    std::string text;
    /// Bare links were looked for: with GitHub's extensions, unless it would have taken too long.
    bool bare_links = false;
};

struct MarkdownOptions {
    /// GitHub's extensions.
    bool github = true;
    /// Quotes and dashes as printers set them.
    bool smart = false;
};

/// The text is UTF-8; what is not becomes U+FFFD. One conversion at a time in the process, as the
/// library keeps its extensions' characters in a table of its own. Errors: cancelled, timeout,
/// exhausted (memory, and what markdown_cost.h refuses).
Result<Html> markdown_to_html(std::string_view text, const MarkdownOptions& options,
                              const CancelToken& cancel);
/// A whole HTML5 page around what markdown_to_html gave.
std::string html_page(std::string_view title, std::string_view body);

}  // namespace sluice::work
