// SPDX-License-Identifier: Apache-2.0
// report.render.
#include "kernel/wire/json_text.h"
#include "modules/work/core/csv/csv_value.h"
#include "modules/work/core/report/report_page.h"
#include "modules/work/csv_types.h"
#include "modules/work/shell/process.h"

#include <map>
#include <tuple>

namespace sluice::work {

namespace {

/// Of one data file, decompressed.
constexpr std::size_t data_bytes_max = std::size_t{64} << 20;
constexpr Bytes pdf_max = mib(64);

struct ReportJob {
    std::string output;
    bool pdf;
    ReportSpec spec;
};

Result<ReportJob> read_report(Arguments& arguments, const Services&) {
    ReportJob job{arguments.text("output"), false, {}};
    const std::size_t format = arguments.choice("format");
    job.pdf = format == 2 || (format == 0 && job.output.ends_with(".pdf"));
    job.spec.title = arguments.text("title");
    job.spec.subtitle = arguments.text_if_given("subtitle").value_or("");
    job.spec.language = arguments.text("language");
    auto sections = read_sections(*arguments.value("sections"), {});
    if (sections) {
        job.spec.sections = *std::move(sections);
    } else {
        arguments.refuse("sections", sections.error().message);
    }
    return job;
}

/// The text of a data file; the job's progress stays at `percent`. Errors: exhausted, and those of
/// read_text.
Result<std::string> whole_text(Task& task, const std::string& path, int percent) {
    std::string text;
    const ProgressPart part{percent, percent};
    SLUICE_TRY_STATUS(
        status_of(read_text(task, path, part, [&text](std::string_view bytes) -> Result<bool> {
            if (text.size() + bytes.size() > data_bytes_max) {
                return fail(Code::exhausted, "the data of a report may have " +
                                                 std::to_string(data_bytes_max) + " bytes");
            }
            text += bytes;
            return true;
        })));
    return text;
}

Result<ReportTable> load_table(Task& task, const ReportSection& section, int percent) {
    SLUICE_TRY(const std::string text, whole_text(task, section.data, percent));
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool json = first != std::string::npos && (text[first] == '{' || text[first] == '[');
    if (json) return table_from_json(text, section.at, {});
    ReportTable table;
    Status status;
    CsvParser parser(section.delimiter);
    const auto take = [&](std::span<const CsvField> record) {
        if (status) status = add_record(table, record, {});
    };
    SLUICE_TRY_STATUS(parser.feed(text, take));
    SLUICE_TRY_STATUS(parser.finish(take));
    SLUICE_TRY_STATUS(status);
    return table;
}

/// The page as PDF, by the program that the worker was told of.
Result<std::string> to_pdf(std::string html, Task& task) {
    const std::string& program = task.services.settings.pdf_program;
    if (program.empty()) {
        return fail(Code::denied, "this worker makes no PDF: work.pdf_program is empty");
    }
    ProcessSpec spec{
        .path = program,
        .arguments = {"--encoding", "utf-8", "--quiet", "-", "-"},
        .environment = {"LANG=C.UTF-8", "PATH=/usr/bin:/bin", "HOME=/nonexistent"},
        .input = std::move(html),
        .timeout = 120s,
        .output_kept_max = pdf_max,
        .output_total_max = pdf_max,
        .limits = {.cpu_time = 120s, .memory = mib(2048), .file_size = pdf_max, .open_files = 256}};
    auto ended = run_process(spec, task.cancel());
    if (!ended && ended.error().code == Code::not_found) {
        return fail(Code::denied,
                    "PDF needs " + program + ", which is not there (Debian's package weasyprint)");
    }
    if (!ended) return std::move(ended).error();
    if (ended->exit_code != 0 || !ended->out.text.starts_with("%PDF-")) {
        return fail(Code::internal, program + " ended with " + std::to_string(ended->exit_code) +
                                        ": " + cut_text(ended->err.text, 300));
    }
    if (ended->out.is_cut()) return fail(Code::exhausted, "the PDF is larger than 64 MiB");
    return std::move(ended->out.text);
}

Result<std::string> run_report(const ReportJob& job, Task& task) {
    SLUICE_TRY(OutputFile output, open_table(task, job.output));
    ReportPage page(job.spec);
    // Sections often show one file in several ways.
    std::map<std::tuple<std::string, std::string, char>, ReportTable> tables;
    std::size_t done = 0;
    const auto percent = [&] { return static_cast<int>(80 * done / job.spec.sections.size()); };
    for (const ReportSection& section : job.spec.sections) {
        SLUICE_TRY_STATUS(task.cancel().check());
        const auto name = std::tuple(section.data, section.at, section.delimiter);
        if (!section.data.empty() && !tables.contains(name)) {
            auto table = load_table(task, section, percent());
            if (!table) return std::move(table).error().in("\"" + section.data + "\"");
            // Their memory is bounded by what one may have: the others are read again.
            if (tables.size() >= 4) tables.clear();
            tables.emplace(name, *std::move(table));
        }
        const Status status = page.add(section, tables[name]);
        ++done;
        if (!status) return Error(status.error()).in("section " + std::to_string(done));
        task.progress(percent(), "sections");
    }
    std::string text = page.finish();
    if (job.pdf) {
        SLUICE_TRY(text, to_pdf(std::move(text), task));
    }
    SLUICE_TRY_STATUS(output.write(text));
    SLUICE_TRY_STATUS(output.commit());
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(job.output);
    json.key("format").string(job.pdf ? "pdf" : "html");
    json.key("sections").unsigned_integer(job.spec.sections.size());
    json.key("charts").unsigned_integer(page.charts());
    json.key("tables").unsigned_integer(page.tables());
    json.key("output_bytes").unsigned_integer(output.bytes()).end_object();
    return out;
}

constexpr std::string_view section_help =
    R"(what the report shows, each an object with `kind` and `heading`, and perhaps a `text` (paragraphs divided by blank lines):
  `text`;
  `table` with `data`, `columns` (default all) and `limit`;
  `bar` with `data`, `x` (names), `y` (a column or several), `aggregate` (`none`, `count`, `sum`, `mean`, `min`, `max` of the rows with one x), `order` (`given`, `value`, `name`) and `limit`;
  `line` with `data`, `x` (numbers, times or names), `y` and `aggregate`;
  `histogram` with `data`, `column` and `bins`.
  `data` is a CSV file with names in its first record (`delimiter` as elsewhere), or a JSON file such as the results of other types, in which `at` points to the array that is meant (`/series/points`). Charts may have a `unit`)";

}  // namespace

sdk::JobType report_render(const SharedServices& services) {
    return with_handler(
        {
            .name = "report.render",
            .summary = "Makes a report with tables and charts of data files, as HTML or PDF.",
            .schema =
                {.arguments =
                     {output_argument(),
                      {.name = "title", .required = true, .range = {1, 300}, .help = "its heading"},
                      {.name = "subtitle", .range = {0, 1000}, .help = "a line below it"},
                      {.name = "sections",
                       .kind = ArgumentKind::list,
                       .required = true,
                       .range = {1, 100},
                       .help = std::string(section_help)},
                      {.name = "format",
                       .choices = {"by name", "html", "pdf"},
                       .fallback = "by name",
                       .help = "by name: PDF if `output` ends with `.pdf`, else HTML"},
                      {.name = "language",
                       .range = {1, 35},
                       .fallback = "en",
                       .help = "of the texts, for those who have them read aloud (BCP 47)"}},
                 .positions = 2,
                 .notes =
                     "The page needs nothing else and fetches nothing; texts stand in it as they "
                     "are, without markup. The same data gives the same HTML. PDF is made of it by "
                     "WeasyPrint, a program of its own, held to 120 s and 2 GiB. One data file may "
                     "have 64 MiB and 200,000 rows; `csv.aggregate` makes larger ones small."},
            .result_help = R"(`output`, `format`, `sections`, `charts`, `tables`, `output_bytes`.)",
            .example =
                R"(sluice push report.render orders.html "Orders" '{"sections": [{"kind": "bar", "heading": "Orders by city", "data": "tables/orders.csv", "x": "city", "aggregate": "count", "order": "value"}]}')",
            .needs = {.mem_mb = 512},
        },
        services, &read_report, &run_report);
}

}  // namespace sluice::work
