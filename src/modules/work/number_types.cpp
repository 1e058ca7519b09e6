// SPDX-License-Identifier: Apache-2.0
// math.next_prime and math.stats.
#include "kernel/wire/json_text.h"
#include "modules/work/core/csv/csv_parser.h"
#include "modules/work/core/number_stats.h"
#include "modules/work/core/primality.h"
#include "modules/work/task.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace sluice::work {

namespace {

struct NextPrimeRequest {
    std::uint64_t n;
    std::size_t count;
    bool below;
};

Result<NextPrimeRequest> read_next_prime(Arguments& arguments, const Services&) {
    return NextPrimeRequest{static_cast<std::uint64_t>(arguments.integer("n")),
                            static_cast<std::size_t>(arguments.integer("count")),
                            arguments.choice("direction") == 1};
}

Result<std::string> run_next_prime(const NextPrimeRequest& request, Task& task) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("n").unsigned_integer(request.n);
    json.key("is_prime").boolean(is_prime(request.n));
    json.key("primes").begin_array();
    std::uint64_t last = request.n;
    for (std::size_t i = 0; i < request.count; ++i) {
        SLUICE_TRY_STATUS(task.cancel().check());
        const auto prime = request.below ? prime_below(last) : prime_above(last);
        if (!prime) break;
        json.unsigned_integer(*prime);
        last = *prime;
        task.progress(static_cast<int>(100 * (i + 1) / request.count), "searching");
    }
    json.end_array().end_object();
    return out;
}

struct StatsRequest {
    std::vector<double> numbers;
    std::optional<std::string> path;
    std::string column;
    bool header = false;
    char delimiter = ',';
    std::vector<double> quantiles;
    std::size_t bins = 0;
};

std::vector<double> numbers_of(Arguments& arguments, std::string_view name) {
    std::vector<double> numbers;
    const auto list = arguments.value(name);
    if (!list) return numbers;
    for (const JsonView element : list->elements()) {
        const auto number = element.as_double();
        if (number)
            numbers.push_back(*number);
        else
            arguments.refuse(name, "must be an array of numbers");
    }
    return numbers;
}

Result<StatsRequest> read_stats(Arguments& arguments, const Services&) {
    StatsRequest request;
    request.numbers = numbers_of(arguments, "numbers");
    request.path = arguments.text_if_given("path");
    request.column = arguments.text("column");
    request.header = arguments.boolean("header");
    request.delimiter = std::string_view(",;\t|")[arguments.choice("delimiter")];
    request.quantiles = numbers_of(arguments, "quantiles");
    if (!arguments.has("quantiles")) request.quantiles = {0.25, 0.5, 0.75, 0.9, 0.99};
    for (const double at : request.quantiles) {
        if (at < 0 || at > 1) arguments.refuse("quantiles", "must be numbers from 0 to 1");
    }
    request.bins = static_cast<std::size_t>(arguments.integer("bins"));
    if (arguments.has("numbers") == request.path.has_value()) {
        arguments.refuse("numbers", "or `path` must be given, and not both");
    }
    return request;
}

std::optional<double> parse_number(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    if (text.starts_with('+')) text.remove_prefix(1);
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
        return std::nullopt;
    }
    return number;
}

/// Takes one column of the records of a file.
class ColumnNumbers {
public:
    ColumnNumbers(const StatsRequest& request, const CsvParser& parser, NumberStats& stats)
        : request_(request), parser_(parser), stats_(stats) {}

    void take(std::span<const CsvField> record) {
        if (!status) return;
        status = add(record);
        if (!status)
            status = Error(status.error()).in("line " + std::to_string(parser_.record_line()));
    }
    Status status;
    std::uint64_t nulls = 0;

private:
    Status add(std::span<const CsvField> record) {
        if (!place_) return find(record);
        const CsvField field = *place_ < record.size() ? record[*place_] : CsvField{{}, false};
        if (field.text.empty()) {
            ++nulls;
            return {};
        }
        if (const auto number = parse_number(field.text)) return stats_.add(*number);
        std::string shown;
        put_json_string(shown, field.text.substr(0, 64));
        return fail(Code::invalid, shown + " is no number");
    }
    /// By the header's name, or by a number counted from 1.
    Status find(std::span<const CsvField> first) {
        if (request_.header) {
            for (std::size_t i = 0; i < first.size(); ++i) {
                if (first[i].text == request_.column) {
                    place_ = i;
                    return {};
                }
            }
        }
        const auto number = parse_number(request_.column);
        if (!number || *number < 1 || *number != std::floor(*number) || *number > 10'000) {
            return fail(Code::invalid, "there is no column \"" + request_.column + "\"");
        }
        place_ = static_cast<std::size_t>(*number) - 1;
        return request_.header ? Status() : add(first);
    }

    const StatsRequest& request_;
    const CsvParser& parser_;
    NumberStats& stats_;
    std::optional<std::size_t> place_;
};

Result<std::uint64_t> read_column(const StatsRequest& request, Task& task, NumberStats& stats) {
    SLUICE_TRY(InputFile file, task.services.files.open_input(
                                   *request.path, task.services.settings.limits.input_max));
    CsvParser parser(request.delimiter);
    ColumnNumbers column(request, parser, stats);
    const auto take = [&column](std::span<const CsvField> record) { column.take(record); };
    const auto feed = [&](std::string_view bytes) -> Status {
        SLUICE_TRY_STATUS(parser.feed(bytes, take));
        return column.status;
    };
    SLUICE_TRY_STATUS(task.read(file, feed));
    SLUICE_TRY_STATUS(parser.finish(take));
    SLUICE_TRY_STATUS(column.status);
    return column.nulls;
}

Result<std::string> run_number_stats(const StatsRequest& request, Task& task) {
    NumberStats stats(task.services.settings.limits.stats_numbers_max);
    std::uint64_t nulls = 0;
    for (const double number : request.numbers) SLUICE_TRY_STATUS(stats.add(number));
    if (request.path) {
        SLUICE_TRY(nulls, read_column(request, task, stats));
    }
    stats.finish();
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("count").unsigned_integer(stats.count());
    json.key("nulls").unsigned_integer(nulls);
    json.key("sum").number(stats.sum());
    if (stats.count() == 0) {
        json.end_object();
        return out;
    }
    json.key("min").number(stats.min());
    json.key("max").number(stats.max());
    json.key("mean").number(stats.mean());
    json.key("variance").number(stats.variance());
    json.key("deviation").number(std::sqrt(stats.variance()));
    json.key("quantiles").begin_array();
    for (const double at : request.quantiles) {
        json.begin_object().key("at").number(at);
        json.key("value").number(stats.quantile(at)).end_object();
    }
    json.end_array();
    if (request.bins > 0) {
        json.key("histogram").begin_array();
        for (const HistogramBin& bin : stats.histogram(request.bins)) {
            json.begin_object().key("from").number(bin.from);
            json.key("to").number(bin.to);
            json.key("count").unsigned_integer(bin.count).end_object();
        }
        json.end_array();
    }
    json.end_object();
    return out;
}

sdk::JobType math_next_prime(const SharedServices& services) {
    return with_handler(
        {
            .name = "math.next_prime",
            .summary = "Finds the primes next to a number.",
            .schema =
                {.arguments = {{.name = "n",
                                .kind = ArgumentKind::integer,
                                .required = true,
                                .range = {0, 9'007'199'254'740'992},
                                .help = "where to begin; not among the primes found"},
                               {.name = "count",
                                .kind = ArgumentKind::integer,
                                .range = {1, 1000},
                                .fallback = "1",
                                .help = "how many"},
                               {.name = "direction",
                                .choices = {"up", "down"},
                                .fallback = "up",
                                .help = "whether they are above or below"}},
                 .positions = 2,
                 .notes =
                     R"(Each is prime with certainty (Miller-Rabin with bases that are enough for all numbers of 64 bits).)"},
            .result_help =
                R"(`n`, `is_prime` (whether `n` is), `primes` (fewer than `count` if there are no more).)",
            .example = R"(sluice push math.next_prime 1000000 '{"count": 3}'
{"n":1000000,"is_prime":false,"primes":[1000003,1000033,1000037]})",
        },
        services, &read_next_prime, &run_next_prime);
}

sdk::JobType math_stats(const SharedServices& services) {
    return with_handler(
        {
            .name = "math.stats",
            .summary = "Describes numbers: sum, mean, variance, quantiles, histogram.",
            .schema =
                {.arguments =
                     {{.name = "numbers",
                       .kind = ArgumentKind::list,
                       .range = {0, 100'000},
                       .help = "the numbers. Either these or `path` is required"},
                      {.name = "path",
                       .help = "a CSV file, or one of a number in each line, below a folder for "
                               "reading"},
                      {.name = "column",
                       .fallback = "1",
                       .help = "the name of a column of the file, or its number"},
                      {.name = "header",
                       .kind = ArgumentKind::boolean,
                       .fallback = "true",
                       .help = "whether the first record names the columns"},
                      {.name = "delimiter",
                       .choices = {"comma", "semicolon", "tab", "bar"},
                       .fallback = "comma",
                       .help = "what stands between fields"},
                      {.name = "quantiles",
                       .kind = ArgumentKind::list,
                       .range = {0, 100},
                       .help = "from 0 to 1; by default 0.25, 0.5, 0.75, 0.9 and 0.99"},
                      {.name = "bins",
                       .kind = ArgumentKind::integer,
                       .range = {0, 1000},
                       .fallback = "0",
                       .help = "of a histogram from the smallest to the largest number"}},
                 .positions = 1,
                 .notes =
                     R"(The sum is exact, rounded once. At most 10,000,000 numbers. A field that is no number fails the job for good, with the line; one with nothing in it is counted as null.)"},
            .result_help =
                R"(`count`, `nulls`, `sum`, and of at least one number `min`, `max`, `mean`, `variance` (of a sample: divided by count - 1), `deviation`, `quantiles` (objects of `at` and `value`; between two numbers on the line between them, as NumPy does), `histogram` if asked for (objects of `from`, `to` and `count`; `to` belongs to the next bin).)",
            .example =
                R"(sluice push math.stats '{"path": "tables/orders.csv", "column": "quantity"}')",
        },
        services, &read_stats, &run_number_stats);
}

}  // namespace

std::vector<sdk::JobType> number_types(const SharedServices& services) {
    return {math_next_prime(services), math_stats(services)};
}

}  // namespace sluice::work
