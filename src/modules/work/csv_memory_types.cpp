// SPDX-License-Identifier: Apache-2.0
// csv.aggregate, csv.join and csv.sort: tables larger than memory.
#include "kernel/wire/json_text.h"
#include "modules/work/core/csv/csv_aggregate.h"
#include "modules/work/core/csv/csv_join.h"
#include "modules/work/core/csv/csv_keys.h"
#include "modules/work/csv_types.h"

namespace sluice::work {

namespace {

SortLimits sort_limits(const Services& services) {
    return {.memory_max =
                static_cast<std::size_t>(services.settings.limits.table_memory_max.count)};
}

/// Takes all output of `source.next(text)` to the file; progress from 50 to 100 by `expected`.
template <class Source>
Status write_rest(Source& source, std::string& text, OutputFile& output, Task& task,
                  std::uint64_t expected) {
    for (std::uint64_t given = 0;; ++given) {
        if (given % 4096 == 0) {
            SLUICE_TRY_STATUS(task.cancel().check());
            const std::uint64_t share =
                expected == 0 ? 0 : std::min(given, expected) * 49 / expected;
            task.progress(50 + static_cast<int>(share), "writing");
        }
        SLUICE_TRY(const bool more, source.next(text));
        if (!more) break;
        SLUICE_TRY_STATUS(drain(text, output));
    }
    return drain_all(text, output);
}

// --- csv.sort -----------------------------------------------------------------------------------

struct SortJob {
    std::string path;
    std::string output;
    CsvFormat format;
    std::vector<SortKey> keys;
};

Result<SortJob> read_sort(Arguments& arguments, const Services&) {
    SortJob job{arguments.text("path"), arguments.text("output"), read_format(arguments), {}};
    for (const auto& text : arguments.texts("by")) {
        auto key = parse_sort_key(text);
        if (!key) {
            arguments.refuse("by", key.error().message);
            continue;
        }
        job.keys.push_back(*std::move(key));
    }
    return job;
}

/// The records of a file on their way into the sorter and out of it.
class TableSort {
public:
    TableSort(const SortJob& job, Task& task)
        : job_(job), sorter_(scratch_of(task), sort_limits(task.services)) {}

    Status add(std::span<const CsvField> record) {
        if (!keys_) {
            const CsvColumns columns(record, job_.format.header);
            SLUICE_TRY(keys_, SortKeys::make(job_.keys, columns));
            if (job_.format.header) {
                put_csv_record(header, record, job_.format.delimiter);
                return {};
            }
        }
        key_.clear();
        line_.clear();
        keys_->put(record, key_);
        put_csv_record(line_, record, job_.format.delimiter);
        return sorter_.add(key_, line_);
    }
    Status finish() { return sorter_.finish(); }
    Result<bool> next(std::string& out) {
        std::string_view key;
        std::string_view line;
        SLUICE_TRY(const bool more, sorter_.next(key, line));
        if (more) out += line;
        return more;
    }
    [[nodiscard]] const ExternalSorter& sorter() const { return sorter_; }
    [[nodiscard]] std::uint64_t unreadable() const { return keys_ ? keys_->unreadable() : 0; }

    std::string header;

private:
    const SortJob& job_;
    ExternalSorter sorter_;
    std::optional<SortKeys> keys_;
    std::string key_;
    std::string line_;
};

Result<std::string> run_sort(const SortJob& job, Task& task) {
    SLUICE_TRY(OutputFile output, open_table(task, job.output));
    TableSort sort(job, task);
    SLUICE_TRY(const TextRead read,
               read_table(task, job.path, job.format.delimiter, {0, 50},
                          [&sort](std::span<const CsvField> record) { return sort.add(record); }));
    SLUICE_TRY_STATUS(sort.finish());
    std::string text = std::move(sort.header);
    SLUICE_TRY_STATUS(write_rest(sort, text, output, task, sort.sorter().count()));
    SLUICE_TRY_STATUS(output.commit());
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("path").string(job.path).key("output").string(job.output);
    json.key("rows").unsigned_integer(sort.sorter().count());
    json.key("unreadable").unsigned_integer(sort.unreadable());
    json.key("runs").unsigned_integer(sort.sorter().runs());
    json.key("spilled_bytes").unsigned_integer(sort.sorter().spilled_bytes());
    json.key("input_bytes").unsigned_integer(read.bytes);
    json.key("output_bytes").unsigned_integer(output.bytes()).end_object();
    return out;
}

constexpr std::string_view memory_notes =
    " What memory does not hold (64 MiB of records) is written aside to a file without a name "
    "below the folder for writing, which is gone with the job however that ends.";

sdk::JobType csv_sort(const SharedServices& services) {
    sdk::JobSchema schema{
        .arguments = {path_argument(),
                      output_argument(),
                      {.name = "by",
                       .kind = ArgumentKind::text_list,
                       .required = true,
                       .range = {1, 16},
                       .help = "columns, the most important first, each with `:text` "
                               "(by bytes; the default), `:number` or `:date`, and "
                               "`:descending` after that if it is to be so"}},
        .positions = 3,
        .notes = std::string(csv_notes) + std::string(memory_notes)};
    for (auto& argument : format_arguments()) schema.arguments.push_back(std::move(argument));
    return with_handler(
        {
            .name = "csv.sort",
            .summary = "Sorts a CSV file by columns, also one larger than memory.",
            .schema = std::move(schema),
            .result_help =
                R"(`output`, `rows`, `unreadable` (values that are not of their key's type; they come after the others, by their text, and nulls last, whatever the direction), `runs` and `spilled_bytes` (written aside; 0 if memory was enough), `input_bytes`, `output_bytes`. Records that are equal stay in their order.)",
            .example =
                R"(sluice push csv.sort tables/orders.csv sorted.csv '{"by": ["city", "price:number:descending"]}')",
            .needs = {.mem_mb = 128},
        },
        services, &read_sort, &run_sort);
}

// --- csv.aggregate ------------------------------------------------------------------------------

struct AggregateJob {
    std::string path;
    std::string output;
    AggregateRequest request;
};

Result<AggregateJob> read_aggregate(Arguments& arguments, const Services& services) {
    AggregateJob job{arguments.text("path"), arguments.text("output"), {}};
    job.request.format = read_format(arguments);
    job.request.by = arguments.texts("by");
    for (const auto& text : arguments.texts("compute")) {
        auto column = parse_aggregate(text);
        if (!column) {
            arguments.refuse("compute", column.error().message);
            continue;
        }
        job.request.columns.push_back(*std::move(column));
    }
    job.request.memory_max = sort_limits(services).memory_max;
    job.request.groups_max = services.settings.limits.table_groups_max;
    job.request.sort = sort_limits(services);
    return job;
}

Result<std::string> run_aggregate(const AggregateJob& job, Task& task) {
    SLUICE_TRY(OutputFile output, open_table(task, job.output));
    CsvAggregate aggregate(job.request, scratch_of(task));
    SLUICE_TRY(const TextRead read,
               read_table(task, job.path, job.request.format.delimiter, {0, 50},
                          [&](std::span<const CsvField> record) { return aggregate.add(record); }));
    SLUICE_TRY_STATUS(aggregate.finish());
    std::string text;
    SLUICE_TRY_STATUS(write_rest(aggregate, text, output, task, aggregate.groups()));
    SLUICE_TRY_STATUS(output.commit());
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("path").string(job.path).key("output").string(job.output);
    json.key("rows").unsigned_integer(aggregate.rows());
    json.key("groups").unsigned_integer(aggregate.groups());
    json.key("spilled_bytes").unsigned_integer(aggregate.spilled_bytes());
    json.key("input_bytes").unsigned_integer(read.bytes);
    json.key("output_bytes").unsigned_integer(output.bytes()).end_object();
    return out;
}

sdk::JobType csv_aggregate(const SharedServices& services) {
    sdk::JobSchema schema{
        .arguments =
            {path_argument(),
             output_argument(),
             {.name = "by",
              .kind = ArgumentKind::text_list,
              .range = {0, 100},
              .help =
                  "the columns whose equal values make a group; without it all records are one"},
             {.name = "compute",
              .kind = ArgumentKind::text_list,
              .required = true,
              .range = {1, 100},
              .help =
                  "what is calculated of each group: `count` (records), or of a column `count(x)` "
                  "(values), `sum(x)`, `mean(x)`, `min(x)`, `max(x)`, `distinct(x)`, `median(x)`, "
                  "`p95(x)` (any percentile); `name=` before it names the column of the output"}},
        .positions = 2,
        .notes = std::string(csv_notes) + std::string(memory_notes)};
    for (auto& argument : format_arguments()) schema.arguments.push_back(std::move(argument));
    return with_handler(
        {
            .name = "csv.aggregate",
            .summary = "Groups the records of a CSV file and calculates counts, sums, means, "
                       "quantiles and more of each group.",
            .schema = std::move(schema),
            .result_help =
                R"(`output`, `rows`, `groups`, `spilled_bytes`, `input_bytes`, `output_bytes`. The output has the columns of `by` and those of `compute`, a group a line, in the order in which groups first appear. Sums, means and quantiles look at numbers only and are nothing where there are none; `min` and `max` compare numbers if every value is one, else bytes (of the first 256). `distinct` is exact up to 1,000 values of a group (then HyperLogLog, 0.81 %), quantiles up to 1,024 (then a KLL sketch, 0.27 % of the ranks with 99 % probability).)",
            .example =
                R"~(sluice push csv.aggregate tables/orders.csv cities.csv '{"by": "city", "compute": ["orders=count", "sum(quantity)", "median(price)"]}')~",
            .needs = {.mem_mb = 192},
        },
        services, &read_aggregate, &run_aggregate);
}

// --- csv.join -----------------------------------------------------------------------------------

struct JoinJob {
    std::string left;
    std::string right;
    std::string output;
    JoinRequest request;
};

Result<JoinJob> read_join(Arguments& arguments, const Services& services) {
    JoinJob job{arguments.text("left"), arguments.text("right"), arguments.text("output"), {}};
    JoinRequest& request = job.request;
    request.kind = static_cast<JoinKind>(arguments.choice("kind"));
    request.left = request.right = read_format(arguments);
    if (arguments.has("right_delimiter")) {
        request.right.delimiter = std::string_view(",;\t|")[arguments.choice("right_delimiter")];
    }
    request.left_keys = arguments.texts("on");
    request.right_keys = arguments.texts("right_on");
    if (request.right_keys.empty()) request.right_keys = request.left_keys;
    if (request.right_keys.size() != request.left_keys.size()) {
        arguments.refuse("right_on", "must have as many columns as `on`");
    }
    request.suffix = arguments.text("suffix");
    request.memory_max = sort_limits(services).memory_max;
    request.sort = sort_limits(services);
    return job;
}

Result<std::string> run_join(const JoinJob& job, Task& task) {
    SLUICE_TRY(OutputFile output, open_table(task, job.output));
    CsvJoin join(job.request, scratch_of(task));
    SLUICE_TRY(const TextRead right, read_table(task, job.right, job.request.right.delimiter,
                                                {0, 25}, [&](std::span<const CsvField> record) {
                                                    return join.add_right(record);
                                                }));
    SLUICE_TRY(const TextRead left, read_table(task, job.left, job.request.left.delimiter, {25, 50},
                                               [&](std::span<const CsvField> record) -> Status {
                                                   SLUICE_TRY_STATUS(join.add_left(record));
                                                   return drain(join.out, output);
                                               }));
    SLUICE_TRY_STATUS(join.finish());
    SLUICE_TRY_STATUS(write_rest(join, join.out, output, task, join.left_rows()));
    SLUICE_TRY_STATUS(output.commit());
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(job.output);
    json.key("left_rows").unsigned_integer(join.left_rows());
    json.key("right_rows").unsigned_integer(join.right_rows());
    json.key("matched").unsigned_integer(join.matched());
    json.key("rows").unsigned_integer(join.rows_out());
    json.key("sorted").boolean(join.is_sorted());
    json.key("spilled_bytes").unsigned_integer(join.spilled_bytes());
    json.key("input_bytes").unsigned_integer(left.bytes + right.bytes);
    json.key("output_bytes").unsigned_integer(output.bytes()).end_object();
    return out;
}

std::vector<sdk::Argument> join_arguments() {
    return {
        {.name = "left",
         .required = true,
         .help = "the file whose records are kept in their order, below a folder for reading"},
        {.name = "right",
         .required = true,
         .help = "the file that is looked into; the smaller one of the two is quicker"},
        output_argument(),
        {.name = "on",
         .kind = ArgumentKind::text_list,
         .required = true,
         .range = {1, 16},
         .help = "the columns whose texts must be equal"},
        {.name = "right_on",
         .kind = ArgumentKind::text_list,
         .range = {0, 16},
         .help = "what they are called in the right file, if otherwise"},
        {.name = "kind",
         .choices = {"inner", "left", "anti"},
         .fallback = "inner",
         .help = "`inner`: pairs only; `left`: also left records without a partner; `anti`: only "
                 "those"},
        {.name = "suffix",
         .range = {0, 100},
         .fallback = "_right",
         .help = "put after the name of a right column that the left file has, too"},
        {.name = "right_delimiter",
         .choices = {"comma", "semicolon", "tab", "bar"},
         .help = "of the right file, if it is not that of the left one"}};
}

sdk::JobType csv_join(const SharedServices& services) {
    sdk::JobSchema schema{.arguments = join_arguments(),
                          .positions = 3,
                          .notes = std::string(csv_notes) + std::string(memory_notes)};
    for (auto& argument : format_arguments()) schema.arguments.push_back(std::move(argument));
    return with_handler(
        {
            .name = "csv.join",
            .summary = "Puts two CSV files together where their key columns are equal.",
            .schema = std::move(schema),
            .result_help =
                R"(`output`, `left_rows`, `right_rows`, `matched` (left records with a partner), `rows` (written), `sorted` (whether the right file was too large for memory, so that both were sorted and merged: the output is the same), `spilled_bytes`, `input_bytes`, `output_bytes`. The output has all left columns and the right ones that are no keys; a null has no partner. The right records of one key must fit into memory.)",
            .example =
                R"(sluice push csv.join tables/orders.csv tables/cities.csv joined.csv '{"on": "city", "kind": "left"}')",
            .needs = {.mem_mb = 256},
        },
        services, &read_join, &run_join);
}

}  // namespace

std::vector<sdk::JobType> csv_memory_types(const SharedServices& services) {
    return {csv_aggregate(services), csv_join(services), csv_sort(services)};
}

}  // namespace sluice::work
