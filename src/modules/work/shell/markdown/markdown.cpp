// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/markdown/markdown.h"

#include "kernel/sync/mutex.h"
#include "kernel/wire/markup_text.h"
#include "modules/work/core/markdown_cost.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace sluice::work {

namespace {

/// Between two looks at the token.
constexpr std::size_t text_piece_bytes = 4 * 1024;
constexpr std::string_view bare_links_extension = "autolink";

struct FreeParser {
    void operator()(cmark_parser* parser) const { cmark_parser_free(parser); }
};
struct FreeNode {
    void operator()(cmark_node* node) const { cmark_node_free(node); }
};
struct FreeText {
    void operator()(char* text) const { std::free(text); }
};

/// Parsers with extensions write to one table of characters that all of them read.
Mutex& library() {
    static Mutex mutex("markdown");
    return mutex;
}

}  // namespace

Result<Html> markdown_to_html(std::string_view text, const MarkdownOptions& options,
                              const CancelToken& cancel) {
    // What would keep the library, and all who wait for it, busy for minutes.
    SLUICE_TRY_STATUS(check_markdown_cost(text, options.github));
    Html html;
    html.bare_links = options.github && bare_link_steps(text) <= bare_link_steps_max;
    const MutexLock lock(library());
    cmark_gfm_core_extensions_ensure_registered();
    int flags = CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8;
    if (options.smart) flags |= CMARK_OPT_SMART;
    const std::unique_ptr<cmark_parser, FreeParser> parser(cmark_parser_new(flags));
    if (!parser) return fail(Code::exhausted, "no memory for cmark");
    if (options.github) {
        for (const char* name :
             {"table", "strikethrough", bare_links_extension.data(), "tagfilter", "tasklist"}) {
            if (name == bare_links_extension && !html.bare_links) continue;
            if (cmark_syntax_extension* extension = cmark_find_syntax_extension(name)) {
                cmark_parser_attach_syntax_extension(parser.get(), extension);
            }
        }
    }
    for (; !text.empty(); text.remove_prefix(std::min(text.size(), text_piece_bytes))) {
        SLUICE_TRY_STATUS(cancel.check());
        cmark_parser_feed(parser.get(), text.data(), std::min(text.size(), text_piece_bytes));
    }
    const std::unique_ptr<cmark_node, FreeNode> document(cmark_parser_finish(parser.get()));
    if (!document) return fail(Code::exhausted, "no memory for cmark");
    SLUICE_TRY_STATUS(cancel.check());
    const std::unique_ptr<char, FreeText> rendered(
        cmark_render_html(document.get(), flags, cmark_parser_get_syntax_extensions(parser.get())));
    if (!rendered) return fail(Code::exhausted, "no memory for cmark");
    html.text = rendered.get();
    return html;
}

std::string html_page(std::string_view title, std::string_view body) {
    std::string out =
        "<!doctype html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n<title>";
    put_markup_escaped(out, title);
    out += "</title>\n</head>\n<body>\n";
    out += body;
    return out + "</body>\n</html>\n";
}

}  // namespace sluice::work
