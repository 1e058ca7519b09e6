// SPDX-License-Identifier: Apache-2.0
// json.to_csv and csv.to_json.
#include "kernel/wire/json_text.h"
#include "modules/work/core/csv/json_table.h"
#include "modules/work/core/json_values.h"
#include "modules/work/core/utf8.h"
#include "modules/work/task.h"

#include <optional>

namespace sluice::work {

namespace {

constexpr std::size_t flush_bytes = 256 * 1024;
/// Names of columns given in a result.
constexpr std::size_t told_columns_max = 200;

sdk::Argument delimiter_argument() {
    return {.name = "delimiter",
            .choices = {"comma", "semicolon", "tab", "bar"},
            .fallback = "comma",
            .help = "what stands between fields"};
}
char delimiter_of(const Arguments& arguments) {
    return std::string_view(",;\t|")[arguments.choice("delimiter")];
}

/// Output that is written in large pieces.
class Gathered {
public:
    explicit Gathered(OutputFile& file) : file_(file) {}
    std::string text;
    Status flush(std::size_t from = 0) {
        if (text.size() < from) return {};
        SLUICE_TRY_STATUS(file_.write(text));
        text.clear();
        return {};
    }

private:
    OutputFile& file_;
};

std::string table_result(const std::string& output, std::uint64_t rows,
                         const std::vector<std::string>& columns, std::uint64_t bytes) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("output").string(output);
    json.key("rows").unsigned_integer(rows);
    json.key("column_count").unsigned_integer(columns.size());
    json.key("columns").begin_array();
    for (std::size_t i = 0; i < std::min(columns.size(), told_columns_max); ++i) {
        json.string(columns[i]);
    }
    json.end_array().key("bytes").unsigned_integer(bytes);
    return out;
}

struct ToCsvRequest {
    std::string path;
    std::string output;
    std::vector<std::string> columns;
    char delimiter = ',';
    bool header = true;
};

Result<ToCsvRequest> read_to_csv(Arguments& arguments, const Services&) {
    return ToCsvRequest{arguments.text("path"), arguments.text("output"),
                        arguments.texts("columns"), delimiter_of(arguments),
                        arguments.boolean("header")};
}

/// Every object of the file, with its line in front of errors. `half`: 0 or 1 of two passes, for
/// the progress.
Status each_object(const ToCsvRequest& request, Task& task, int half,
                   const std::function<Status(JsonView)>& take) {
    SLUICE_TRY(InputFile file, task.services.files.open_input(
                                   request.path, task.services.settings.limits.input_max));
    JsonValues values;
    JsonParser parser;
    const JsonValues::Take judge = [&](std::string_view value, std::uint64_t line) -> Status {
        const std::string where = "line " + std::to_string(line);
        const auto parsed = parser.parse(value);
        if (!parsed) return Error(parsed.error()).in(where);
        auto status = take(*parsed);
        if (!status) return std::move(status).error().in(where);
        return {};
    };
    std::vector<char> piece(flush_bytes);
    std::uint64_t done = 0;
    for (;;) {
        SLUICE_TRY_STATUS(task.cancel().check());
        SLUICE_TRY(const std::size_t count, file.read(piece));
        if (count == 0) break;
        std::string_view bytes(piece.data(), count);
        if (done == 0 && bytes.starts_with(byte_order_mark)) bytes.remove_prefix(3);
        done = std::min(done + count, file.size());
        SLUICE_TRY_STATUS(values.feed(bytes, judge));
        task.progress(50 * half + static_cast<int>(50 * done / file.size()),
                      half == 0 ? "looking for columns" : "writing");
    }
    return values.finish(judge);
}

Result<std::string> run_to_csv(const ToCsvRequest& request, Task& task) {
    JsonColumns columns;
    for (const std::string& name : request.columns) SLUICE_TRY_STATUS(columns.add(name));
    if (request.columns.empty()) {
        SLUICE_TRY_STATUS(each_object(
            request, task, 0, [&columns](JsonView object) { return columns.add_members(object); }));
    }
    SLUICE_TRY(OutputFile output, task.services.files.open_output(
                                      request.output, task.services.settings.limits.output_max));
    Gathered gathered(output);
    if (request.header && !columns.names().empty()) {
        for (std::size_t i = 0; i < columns.names().size(); ++i) {
            if (i > 0) gathered.text += request.delimiter;
            put_csv_field(gathered.text, columns.names()[i], request.delimiter);
        }
        gathered.text += '\n';
    }
    std::uint64_t rows = 0;
    const auto write = [&](JsonView object) -> Status {
        ++rows;
        SLUICE_TRY_STATUS(columns.put_record(object, request.delimiter, gathered.text));
        return gathered.flush(flush_bytes);
    };
    SLUICE_TRY_STATUS(each_object(request, task, 1, write));
    SLUICE_TRY_STATUS(gathered.flush());
    SLUICE_TRY_STATUS(output.commit());
    return table_result(request.output, rows, columns.names(), output.bytes()) +
           ",\"members_left_out\":" + std::to_string(columns.left_out) + "}";
}

struct ToJsonRequest {
    std::string path;
    std::string output;
    char delimiter = ',';
    bool array = false;
    bool fill = false;
    CsvToJsonOptions options;
};

Result<ToJsonRequest> read_to_json(Arguments& arguments, const Services&) {
    return ToJsonRequest{
        arguments.text("path"),          arguments.text("output"),
        delimiter_of(arguments),         arguments.choice("form") == 1,
        arguments.choice("ragged") == 1, {arguments.boolean("types"), arguments.boolean("nested")}};
}

/// Takes records, the header first.
class ToJson {
public:
    ToJson(const ToJsonRequest& request, const CsvParser& parser, Gathered& out)
        : request_(request), parser_(parser), out_(out) {}

    void take(std::span<const CsvField> record) {
        if (!status) return;
        status = add(record);
        if (!status) {
            status = Error(status.error()).in("line " + std::to_string(parser_.record_line()));
        }
    }
    Status status;
    std::uint64_t rows = 0;
    std::uint64_t ragged = 0;
    std::vector<std::string> names;

private:
    Status add(std::span<const CsvField> record) {
        if (!objects_) {
            SLUICE_TRY(CsvObjects made, CsvObjects::make(record, request_.options));
            for (const CsvField& field : record) names.emplace_back(field.text);
            objects_.emplace(std::move(made));
            return {};
        }
        if (record.size() != objects_->columns()) {
            ++ragged;
            if (!request_.fill) {
                return fail(Code::invalid, std::to_string(record.size()) +
                                               " fields, where the header has " +
                                               std::to_string(objects_->columns()));
            }
        }
        if (request_.array) out_.text += rows == 0 ? "[\n" : ",\n";
        objects_->put_object(record, out_.text);
        if (!request_.array) out_.text += '\n';
        ++rows;
        return out_.flush(flush_bytes);
    }

    const ToJsonRequest& request_;
    const CsvParser& parser_;
    Gathered& out_;
    std::optional<CsvObjects> objects_;
};

Result<std::string> run_to_json(const ToJsonRequest& request, Task& task) {
    const WorkLimits& limits = task.services.settings.limits;
    SLUICE_TRY(InputFile file, task.services.files.open_input(request.path, limits.input_max));
    SLUICE_TRY(OutputFile output,
               task.services.files.open_output(request.output, limits.output_max));
    CsvParser parser(request.delimiter);
    Gathered gathered(output);
    ToJson records(request, parser, gathered);
    const auto take = [&records](std::span<const CsvField> record) { records.take(record); };
    bool at_start = true;
    const auto feed = [&](std::string_view bytes) -> Status {
        if (at_start && bytes.starts_with(byte_order_mark)) bytes.remove_prefix(3);
        at_start = false;
        SLUICE_TRY_STATUS(parser.feed(bytes, take));
        return records.status;
    };
    SLUICE_TRY_STATUS(task.read(file, feed));
    SLUICE_TRY_STATUS(parser.finish(take));
    SLUICE_TRY_STATUS(records.status);
    if (request.array) gathered.text += records.rows == 0 ? "[]\n" : "\n]\n";
    SLUICE_TRY_STATUS(gathered.flush());
    SLUICE_TRY_STATUS(output.commit());
    return table_result(request.output, records.rows, records.names, output.bytes()) +
           ",\"ragged_rows\":" + std::to_string(records.ragged) + "}";
}

sdk::JobType json_to_csv(const SharedServices& services) {
    return with_handler(
        {
            .name = "json.to_csv",
            .summary = "Makes a CSV file of JSON objects.",
            .schema =
                {.arguments =
                     {path_argument(),
                      output_argument(),
                      {.name = "columns",
                       .kind = ArgumentKind::texts,
                       .range = {0, 10'000},
                       .help = "dotted paths of the members to write, in their order; by default "
                               "all, in the order in which the file has them"},
                      delimiter_argument(),
                      {.name = "header",
                       .kind = ArgumentKind::boolean,
                       .fallback = "true",
                       .help = "whether the first record names the columns"}},
                 .positions = 2,
                 .notes =
                     R"(The file holds objects one after the other (JSON lines), or one array of them. Nested members are columns named by their path (`address.city`); arrays stay JSON. Numbers are copied digit by digit; null and what is missing give nothing, the empty text `""`. An object may have 1 MiB, a table 10,000 columns. What is no JSON, or no object, fails the job for good, with the line.)"},
            .result_help =
                R"(`output`, `rows`, `column_count`, `columns` (the first 200 names), `bytes`, `members_left_out` (values for which `columns` has no place).)",
            .example = R"(sluice push json.to_csv logs/events.jsonl events.csv)",
        },
        services, &read_to_csv, &run_to_csv);
}

sdk::JobType csv_to_json(const SharedServices& services) {
    return with_handler(
        {
            .name = "csv.to_json",
            .summary = "Makes JSON objects of the records of a CSV file (RFC 4180).",
            .schema =
                {.arguments =
                     {path_argument(),
                      output_argument(),
                      {.name = "form",
                       .choices = {"lines", "array"},
                       .fallback = "lines",
                       .help = "an object in each line, or one array"},
                      delimiter_argument(),
                      {.name = "types",
                       .kind = ArgumentKind::boolean,
                       .fallback = "true",
                       .help = "whether fields that are JSON numbers, `true` or `false`, and not "
                               "in quotes, become these; else all are texts"},
                      {.name = "nested",
                       .kind = ArgumentKind::boolean,
                       .fallback = "false",
                       .help = "whether dots in the names of columns make nested objects"},
                      {.name = "ragged",
                       .choices = {"refuse", "fill"},
                       .fallback = "refuse",
                       .help = "what to do with a record that has not as many fields as the "
                               "header: fail the job for good, or fill it with null, or leave "
                               "the rest out"}},
                 .positions = 2,
                 .notes =
                     R"(The first record names the members. A field with nothing in it is null, `""` the empty text. A record may have 1 MiB and 10,000 fields; bytes that are not UTF-8 become U+FFFD.)"},
            .result_help =
                R"(`output`, `rows`, `column_count`, `columns` (the first 200 names), `bytes`, `ragged_rows`.)",
            .example = R"(sluice push csv.to_json tables/orders.csv orders.jsonl)",
        },
        services, &read_to_json, &run_to_json);
}

}  // namespace

std::vector<sdk::JobType> table_types(const SharedServices& services) {
    return {csv_to_json(services), json_to_csv(services)};
}

}  // namespace sluice::work
