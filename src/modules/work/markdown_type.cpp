// SPDX-License-Identifier: Apache-2.0
// text.markdown.
#include "kernel/wire/json_text.h"
#include "modules/work/shell/markdown/markdown.h"
#include "modules/work/shell/sha256.h"
#include "modules/work/task.h"

namespace sluice::work {

namespace {

struct MarkdownRequest {
    std::string path;
    std::string output;
    std::string title;
    bool page = false;
    MarkdownOptions options;
};

Result<MarkdownRequest> read_markdown(Arguments& arguments, const Services&) {
    MarkdownRequest request;
    request.path = arguments.text("path");
    request.output = arguments.text_if_given("output").value_or(request.path + ".html");
    request.title =
        arguments.text_if_given("title").value_or(request.path.substr(request.path.rfind('/') + 1));
    request.page = arguments.choice("form") == 0;
    request.options.github = arguments.choice("flavour") == 0;
    request.options.smart = arguments.boolean("smart");
    return request;
}

Result<std::string> run_markdown(const MarkdownRequest& request, Task& task) {
    const WorkLimits& limits = task.services.settings.limits;
    SLUICE_TRY(InputFile file, task.services.files.open_input(request.path, limits.markdown_max));
    std::string text;
    SLUICE_TRY_STATUS(task.read(file, [&text](std::string_view bytes) {
        text += bytes;
        return Status();
    }));
    SLUICE_TRY(Html made, markdown_to_html(text, request.options, task.cancel()));
    const std::string html =
        request.page ? html_page(request.title, made.text) : std::move(made.text);
    SLUICE_TRY(OutputFile output,
               task.services.files.open_output(request.output, limits.output_max));
    SLUICE_TRY_STATUS(output.write(html));
    SLUICE_TRY_STATUS(output.commit());
    Sha256 digest;
    digest.feed(html);
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(request.output);
    json.key("input_bytes").unsigned_integer(file.size());
    json.key("output_bytes").unsigned_integer(output.bytes());
    json.key("sha256").string(digest.finish());
    json.key("bare_links").boolean(made.bare_links).end_object();
    return out;
}

sdk::JobType text_markdown(const SharedServices& services) {
    auto row = with_handler(
        {
            .name = "text.markdown",
            .summary = "Makes an HTML page of a Markdown text.",
            .schema =
                {.arguments =
                     {path_argument(),
                      {.name = "output",
                       .help = "below the folder for writing; replaced at once when the job is "
                               "done. By default `path` with `.html`"},
                      {.name = "form",
                       .choices = {"page", "fragment"},
                       .fallback = "page",
                       .help = "a whole page, or only what stands in its body"},
                      {.name = "title", .help = "of the page; by default the file's name"},
                      {.name = "flavour",
                       .choices = {"github", "commonmark"},
                       .fallback = "github",
                       .help = "with GitHub's tables, strikethrough, task lists and bare links, "
                               "or without"},
                      {.name = "smart",
                       .kind = ArgumentKind::boolean,
                       .fallback = "false",
                       .help = "whether quotes, dashes and dots become typographic ones"}},
                 .positions = 2,
                 .notes =
                     R"(HTML in the text is left out, and links of `javascript:`, `vbscript:`, `file:` and `data:` (but images) lose their target. The text may have 1 MiB, 100 quotes and lists within each other on a line, and tables of 500,000 cells; bytes that are not UTF-8 become U+FFFD.)"},
            .result_help =
                R"(`output`, `input_bytes`, `output_bytes`, `sha256` of the output, `bare_links`: whether links like `www.example.org` were looked for, which the flavour `github` does unless the text is such that it would take too long.)",
            .example = R"(sluice push text.markdown texts/logbook.md logbook.html)",
        },
        services, &read_markdown, &run_markdown);
    // A text may be such that the library takes minutes for it, and it hears of no cancelling.
    row.is_isolated = true;
    row.isolated_time_max = services->settings.limits.markdown_time_max;
    return row;
}

}  // namespace

std::vector<sdk::JobType> markdown_types(const SharedServices& services) {
    return {text_markdown(services)};
}

}  // namespace sluice::work
