// SPDX-License-Identifier: Apache-2.0
// csv.stats.
#include "kernel/wire/json_text.h"
#include "modules/work/core/csv_stats.h"
#include "modules/work/task.h"

#include <algorithm>

namespace sluice::work {

namespace {

/// Columns described in a result, so that results stay small.
constexpr std::size_t described_columns_max = 200;

struct StatsRequest {
    std::string path;
    bool header;
    char delimiter;
};

Result<StatsRequest> read_stats(Arguments& arguments, const Services&) {
    StatsRequest request;
    request.path = arguments.text("path");
    request.header = arguments.boolean("header");
    request.delimiter = std::string_view(",;\t|")[arguments.choice("delimiter")];
    return request;
}

void put_column(JsonWriter& json, const ColumnSummary& column) {
    json.begin_object().key("name").string(column.name);
    json.key("type").string(to_string(column.kind));
    json.key("values").unsigned_integer(column.values);
    json.key("nulls").unsigned_integer(column.nulls);
    json.key("distinct").unsigned_integer(column.distinct);
    json.key("distinct_capped").boolean(column.distinct_capped);
    const auto put_number = [&json](std::string_view name, const std::optional<double>& number) {
        if (number) json.key(name).number(*number);
    };
    put_number("min", column.min);
    put_number("max", column.max);
    put_number("mean", column.mean);
    put_number("deviation", column.deviation);
    if (column.values > 0 && !column.min) {
        json.key("min").string(column.text_min).key("max").string(column.text_max);
    }
    json.end_object();
}

Result<std::string> run_stats(const StatsRequest& request, Task& task) {
    const auto& settings = task.services.settings;
    const auto& files = task.services.files;
    SLUICE_TRY(InputFile file, files.open_input(request.path, settings.limits.input_max));
    CsvParser parser(request.delimiter);
    CsvStats stats(request.header);
    const auto take = [&stats](std::span<const CsvField> fields) { stats.add(fields); };
    bool at_start = true;
    SLUICE_TRY_STATUS(task.read(file, [&](std::string_view bytes) {
        constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
        if (at_start && bytes.starts_with(byte_order_mark)) bytes.remove_prefix(3);
        at_start = false;
        return parser.feed(bytes, take);
    }));
    SLUICE_TRY_STATUS(parser.finish(take));
    const std::size_t described = std::min(stats.column_count(), described_columns_max);
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("path").string(request.path);
    json.key("rows").unsigned_integer(stats.rows());
    json.key("ragged_rows").unsigned_integer(stats.ragged());
    json.key("column_count").unsigned_integer(stats.column_count());
    json.key("columns").begin_array();
    for (std::size_t i = 0; i < described; ++i) put_column(json, stats.column(i));
    json.end_array().end_object();
    return out;
}

}  // namespace

sdk::JobType csv_stats(const SharedServices& services) {
    return with_handler(
        {
            .name = "csv.stats",
            .summary = "Describes the columns of a CSV file (RFC 4180) in one pass.",
            .schema =
                {.arguments = {path_argument(),
                               {.name = "header",
                                .kind = ArgumentKind::boolean,
                                .fallback = "true",
                                .help = "whether the first record names the columns"},
                               {.name = "delimiter",
                                .choices = {"comma", "semicolon", "tab", "bar"},
                                .fallback = "comma",
                                .help = "what stands between two fields"}},
                 .positions = 1,
                 .notes =
                     R"(The file is read as UTF-8. A record may have 1 MiB and 10,000 fields. NUL bytes, text after a closing quote and quotes that are never closed fail the job for good, with the line.)"},
            .result_help =
                R"(`rows`, `ragged_rows` (with fewer or more fields than the first record; missing ones count as null), `column_count`, and `columns` (the first 200): `name`, `type` (`integer`, `number`, `boolean`, `date`, `text`, or `empty`), `values`, `nulls` (nothing, `NULL`, `null`, `NA`, `N/A` or `\N`, not in quotes), `distinct` (up to 10,000; then `distinct_capped` is true), `min`, `max`, and for numbers `mean` and `deviation`. Texts are compared by their bytes and cut to 64.)",
            .example = R"(sluice push csv.stats tables/orders.csv)",
        },
        services, &read_stats, &run_stats);
}

}  // namespace sluice::work
