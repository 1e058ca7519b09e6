// SPDX-License-Identifier: Apache-2.0
// csv.stats and csv.filter: one pass over one file.
#include "modules/work/csv_types.h"
#include "modules/work/core/csv/csv_filter.h"
#include "modules/work/core/csv/csv_stats.h"

#include "kernel/wire/json_text.h"

#include <algorithm>

namespace sluice::work {

namespace {

/// Columns described in a result, so that results stay small.
constexpr std::size_t described_columns_max = 200;

struct StatsRequest {
    std::string path;
    CsvFormat format;
    std::size_t top;
};

Result<StatsRequest> read_stats(Arguments& arguments, const Services&) {
    return StatsRequest{arguments.text("path"), read_format(arguments),
                        static_cast<std::size_t>(arguments.integer("top"))};
}

void put_quantiles(JsonWriter& json, const ColumnSummary& column) {
    if (column.quantiles.empty()) return;
    json.key("quantiles").begin_object();
    for (std::size_t i = 0; i < ColumnQuantiles::count; ++i) {
        json.key(ColumnQuantiles::names[i]).number(column.quantiles[i]);
    }
    json.end_object();
    json.key("quantile_rank_error").number(column.quantile_rank_error);
}

void put_top(JsonWriter& json, const ColumnSummary& column) {
    if (column.top.empty()) return;
    json.key("top").begin_array();
    for (const TopEntry& entry : column.top) {
        json.begin_object().key("value").string(entry.text);
        json.key("count").unsigned_integer(entry.count).end_object();
    }
    json.end_array().key("top_error").unsigned_integer(column.top_error);
}

void put_column(JsonWriter& json, const ColumnSummary& column) {
    json.begin_object().key("name").string(column.name);
    json.key("type").string(to_string(column.kind));
    json.key("values").unsigned_integer(column.values);
    json.key("nulls").unsigned_integer(column.nulls);
    json.key("distinct").unsigned_integer(column.distinct);
    json.key("distinct_capped").boolean(column.distinct_estimated);
    if (column.distinct_estimated) {
        json.key("distinct_error").number(DistinctCounter::standard_error);
    }
    const auto put_number = [&json](std::string_view name, const std::optional<double>& number) {
        if (number) json.key(name).number(*number);
    };
    put_number("min", column.min);
    put_number("max", column.max);
    put_number("sum", column.sum);
    put_number("mean", column.mean);
    put_number("deviation", column.deviation);
    put_quantiles(json, column);
    if (column.values > 0 && !column.min) {
        json.key("min").string(column.text_min).key("max").string(column.text_max);
    }
    if (column.values > 0) {
        json.key("length_min").unsigned_integer(column.length_min);
        json.key("length_max").unsigned_integer(column.length_max);
    }
    put_top(json, column);
    json.end_object();
}

Result<std::string> run_stats(const StatsRequest& request, Task& task) {
    CsvStats stats(request.format.header, {.profiled_max = described_columns_max});
    SLUICE_TRY_STATUS(status_of(read_table(task, request.path, request.format.delimiter, {},
                                           [&stats](std::span<const CsvField> record) -> Status {
                                               stats.add(record);
                                               return {};
                                           })));
    const std::size_t described = std::min(stats.column_count(), described_columns_max);
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("path").string(request.path);
    json.key("rows").unsigned_integer(stats.rows());
    json.key("ragged_rows").unsigned_integer(stats.ragged());
    json.key("column_count").unsigned_integer(stats.column_count());
    json.key("columns").begin_array();
    for (std::size_t i = 0; i < described; ++i) put_column(json, stats.column(i, request.top));
    json.end_array().end_object();
    return out;
}

sdk::JobType csv_stats(const SharedServices& services) {
    sdk::JobSchema schema{
        .arguments = {path_argument()}, .positions = 1, .notes = std::string(csv_notes)};
    for (auto& argument : format_arguments()) schema.arguments.push_back(std::move(argument));
    schema.arguments.push_back({.name = "top",
                                .kind = ArgumentKind::integer,
                                .range = {0, 100},
                                .fallback = "5",
                                .help = "how many of the most frequent values to give of each "
                                        "column"});
    return with_handler(
        {
            .name = "csv.stats",
            .summary = "Describes the columns of a CSV file (RFC 4180) in one pass.",
            .schema = std::move(schema),
            .result_help =
                R"(`rows`, `ragged_rows` (with fewer or more fields than the first record; missing ones count as null), `column_count`, and `columns` (the first 200): `name`, `type` (`integer`, `number`, `boolean`, `date`, `text`, or `empty`), `values`, `nulls` (nothing, `NULL`, `null`, `NA`, `N/A` or `\N`, not in quotes), `distinct` (exact up to 10,000; then `distinct_capped` is true and it is an estimate by HyperLogLog with a standard deviation of `distinct_error`, 0.81 %), `min`, `max`, `length_min`, `length_max` (characters), and for numbers `sum`, `mean`, `deviation` and `quantiles` (`p1` to `p99`; exact and interpolated up to 4,096 values, then a KLL sketch whose answers are off by at most `quantile_rank_error`, 0.07 % of the values, with 99 % probability). `top`: the most frequent values, each with a `count` that is too small by at most `top_error` (0, so exact, up to 2,000 different values). Texts are compared by their bytes and cut to 64.)",
            .example = R"(sluice push csv.stats tables/orders.csv)",
            .needs = {.mem_mb = 64},
        },
        services, &read_stats, &run_stats);
}

struct FilterJob {
    std::string path;
    std::string output;
    FilterRequest request;
};

Result<FilterJob> read_filter(Arguments& arguments, const Services&) {
    FilterJob job;
    job.path = arguments.text("path");
    job.output = arguments.text("output");
    job.request.format = read_format(arguments);
    for (const auto& text : arguments.texts("where")) {
        auto condition = parse_condition(text);
        if (!condition) {
            arguments.refuse("where", condition.error().message);
            continue;
        }
        job.request.conditions.push_back(*std::move(condition));
    }
    job.request.any = arguments.choice("match") == 1;
    job.request.columns = arguments.texts("columns");
    job.request.renames = arguments.pairs("rename");
    if (const auto limit = arguments.integer_if_given("limit")) {
        job.request.limit = static_cast<std::uint64_t>(*limit);
    }
    // A pattern that is none is the arguments' fault.
    if (const auto filter = CsvFilter::make(job.request); !filter) {
        arguments.refuse("where", filter.error().message);
    }
    return job;
}

Result<std::string> run_filter(const FilterJob& job, Task& task) {
    SLUICE_TRY(CsvFilter filter, CsvFilter::make(job.request));
    SLUICE_TRY(OutputFile output, open_table(task, job.output));
    SLUICE_TRY(const TextRead read, read_table(
                                        task, job.path, job.request.format.delimiter, {},
                                        [&](std::span<const CsvField> record) -> Status {
                                            SLUICE_TRY_STATUS(filter.add(record));
                                            return drain(filter.out, output);
                                        },
                                        [&filter] { return filter.is_full(); }));
    SLUICE_TRY_STATUS(drain_all(filter.out, output));
    SLUICE_TRY_STATUS(output.commit());
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("path").string(job.path).key("output").string(job.output);
    json.key("rows").unsigned_integer(filter.rows());
    json.key("matched").unsigned_integer(filter.matched());
    json.key("column_count").unsigned_integer(filter.column_count());
    json.key("input_bytes").unsigned_integer(read.bytes);
    json.key("output_bytes").unsigned_integer(output.bytes()).end_object();
    return out;
}

sdk::JobType csv_filter(const SharedServices& services) {
    sdk::JobSchema schema{.arguments = {path_argument(), output_argument()},
                          .positions = 2,
                          .notes = std::string(csv_notes)};
    for (auto& argument : format_arguments()) schema.arguments.push_back(std::move(argument));
    schema.arguments.insert(
        schema.arguments.end(),
        {{.name = "where",
          .kind = ArgumentKind::text_list,
          .range = {0, 100},
          .help =
              "conditions: a column, an operator and a value, as in `quantity >= 5`, `city in "
              "Oslo, Lisboa`, `item contains rope`, `note ~ ^Write`, `price is not null`. The "
              "operators are `=`, `!=`, `<`, `<=`, `>`, `>=`, `contains`, `~` or `matches` (an RE2 "
              "pattern somewhere in the text), `in`, `is null` and `is not null`; a column in "
              "double quotes, or a value in single or double ones, may hold anything"},
         {.name = "match",
          .choices = {"all", "any"},
          .fallback = "all",
          .help = "whether all conditions must hold or one is enough"},
         {.name = "columns",
          .kind = ArgumentKind::text_list,
          .range = {0, 10'000},
          .help = "the wanted columns in their order; by default all"},
         {.name = "rename",
          .kind = ArgumentKind::pairs,
          .help = "new names of columns, by the old ones"},
         {.name = "limit",
          .kind = ArgumentKind::integer,
          .range = {0, 9e15},
          .help = "how many records to give at most; reading ends there"}});
    return with_handler(
        {
            .name = "csv.filter",
            .summary = "Writes the records of a CSV file that meet conditions, and of them the "
                       "wanted columns.",
            .schema = std::move(schema),
            .result_help =
                R"(`output`, `rows` (read), `matched` (written), `column_count`, `input_bytes`, `output_bytes`. A comparison with a number compares numbers, `<` and the like with a date compare times, all others bytes; a field that is not of that kind does not meet it, and a null meets nothing but `is null`.)",
            .example =
                R"(sluice push csv.filter tables/orders.csv large.csv '{"where": ["quantity >= 10", "city = Oslo"], "columns": ["order_id", "item"]}')",
            .needs = {.mem_mb = 32},
        },
        services, &read_filter, &run_filter);
}

}  // namespace

Result<OutputFile> open_table(Task& task, const std::string& path) {
    return task.services.files.open_output(path, task.services.settings.limits.output_max);
}

Status drain(std::string& text, OutputFile& output) {
    return text.size() < 256 * 1024 ? Status() : drain_all(text, output);
}

Status drain_all(std::string& text, OutputFile& output) {
    SLUICE_TRY_STATUS(output.write(text));
    text.clear();
    return {};
}

std::vector<sdk::JobType> csv_types(const SharedServices& services) {
    std::vector<sdk::JobType> types = csv_memory_types(services);
    types.push_back(csv_filter(services));
    types.push_back(csv_stats(services));
    std::sort(types.begin(), types.end(),
              [](const sdk::JobType& a, const sdk::JobType& b) { return a.name < b.name; });
    return types;
}

}  // namespace sluice::work
