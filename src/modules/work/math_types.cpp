// SPDX-License-Identifier: Apache-2.0
// math.primes and math.factorial.
#include "kernel/wire/json_text.h"
#include "modules/work/core/primes.h"
#include "modules/work/shell/factorial.h"
#include "modules/work/shell/sha256.h"
#include "modules/work/task.h"

#include <optional>

namespace sluice::work {

namespace {

/// Longer values go to a file, or only their ends are given.
constexpr std::size_t value_digits_max = 10'000;
constexpr std::size_t end_digits = 50;

struct PrimesRequest {
    PrimeSieve sieve;
};

Result<PrimesRequest> read_primes(Arguments& arguments, const Services& services) {
    PrimeRange range;
    range.from = static_cast<std::uint64_t>(arguments.integer("from"));
    range.to = static_cast<std::uint64_t>(arguments.integer("to"));
    const auto list = static_cast<std::size_t>(arguments.integer("list"));
    const PrimeLimits limits{.number_max = services.settings.limits.primes_number_max,
                             .range_max = services.settings.limits.primes_range_max};
    SLUICE_TRY(PrimeSieve sieve, PrimeSieve::make(range, list, limits));
    return PrimesRequest{std::move(sieve)};
}

Result<std::string> run_primes(const PrimesRequest& request, Task& task) {
    PrimeSieve sieve = request.sieve;
    bool more = true;
    while (more) {
        SLUICE_TRY_STATUS(task.cancel().check());
        more = sieve.step();
        task.progress(sieve.percent(), std::to_string(sieve.summary().count) + " primes so far");
    }
    const PrimeSummary& summary = sieve.summary();
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("count").unsigned_integer(summary.count);
    const auto put_prime = [&json](std::string_view name, std::uint64_t prime) {
        json.key(name);
        if (prime == 0)
            json.null();
        else
            json.unsigned_integer(prime);
    };
    put_prime("first", summary.first);
    put_prime("last", summary.last);
    json.key("twins").unsigned_integer(summary.twins);
    json.key("largest_gap").unsigned_integer(summary.gap);
    put_prime("largest_gap_after", summary.gap_after);
    json.key("primes").begin_array();
    for (const auto prime : summary.listed) json.unsigned_integer(prime);
    json.end_array().end_object();
    return out;
}

struct FactorialRequest {
    std::uint64_t n;
    std::optional<std::string> output;
};

Result<FactorialRequest> read_factorial(Arguments& arguments, const Services&) {
    FactorialRequest request;
    request.n = static_cast<std::uint64_t>(arguments.integer("n"));
    request.output = arguments.text_if_given("output");
    return request;
}

Result<std::string> run_factorial(const FactorialRequest& request, Task& task) {
    const auto& settings = task.services.settings;
    const auto& files = task.services.files;
    std::optional<OutputFile> output;
    if (request.output) {
        SLUICE_TRY(OutputFile opened,
                   files.open_output(*request.output, settings.limits.output_max));
        output.emplace(std::move(opened));
    }
    SLUICE_TRY(const std::string digits, factorial(request.n, task.cancel(), [&task](int percent) {
                   task.progress(percent, "multiplying");
               }));
    if (output) {
        SLUICE_TRY_STATUS(output->write(digits));
        SLUICE_TRY_STATUS(output->write("\n"));
        SLUICE_TRY_STATUS(output->commit());
    }
    Sha256 digest;
    digest.feed(digits);
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("n").unsigned_integer(request.n);
    json.key("digits").unsigned_integer(digits.size());
    json.key("trailing_zeros").unsigned_integer(digits.size() - 1 - digits.find_last_not_of('0'));
    json.key("sha256").string(digest.finish());
    if (digits.size() <= value_digits_max) {
        json.key("value").string(digits);
    } else {
        json.key("first_digits").string(std::string_view(digits).substr(0, end_digits));
    }
    if (request.output) json.key("output").string(*request.output);
    json.end_object();
    return out;
}

}  // namespace

sdk::JobType math_primes(const SharedServices& services) {
    return with_handler(
        {
            .name = "math.primes",
            .summary = "Finds the primes of a range with a segmented sieve.",
            .schema = {.arguments = {{.name = "from",
                                      .kind = ArgumentKind::integer,
                                      .required = true,
                                      .range = {.min = 0},
                                      .help = "the first number of the range"},
                                     {.name = "to",
                                      .kind = ArgumentKind::integer,
                                      .required = true,
                                      .range = {.min = 0},
                                      .help = "the last one"},
                                     {.name = "list",
                                      .kind = ArgumentKind::integer,
                                      .range = {0, 10'000},
                                      .fallback = "0",
                                      .help = "how many of the first primes to give"}},
                       .positions = 2,
                       .notes =
                           "At most 2,000,000,000 numbers, none above 100,000,000,000,000 (the "
                           "worker's limits)."},
            .result_help =
                R"(`count`, `first`, `last` (null if there are none), `twins` (pairs that differ by 2), `largest_gap` and `largest_gap_after` (the largest distance between neighbours, and the prime before it), `primes` (the listed ones).)",
            .example = R"(sluice push math.primes 1 1000000 '{"list": 5}'
{"count":78498,"first":2,"last":999983,"twins":8169,"largest_gap":114,"largest_gap_after":492113,"primes":[2,3,5,7,11]})",
        },
        services, &read_primes, &run_primes);
}

sdk::JobType math_factorial(const SharedServices& services) {
    return with_handler(
        {
            .name = "math.factorial",
            .summary = "Calculates n! exactly.",
            .schema = {.arguments = {{.name = "n",
                                      .kind = ArgumentKind::integer,
                                      .required = true,
                                      .range = {0, static_cast<double>(
                                                       services->settings.limits.factorial_max)},
                                      .help = "the number"},
                                     {.name = "output",
                                      .help = "a file below the folder for writing that takes all "
                                              "digits"}},
                       .positions = 1},
            .result_help =
                R"(`n`, `digits` (how many), `trailing_zeros`, `sha256` of the decimal digits, `value` (the digits as text, up to 10,000 of them) or else `first_digits` (fifty), and `output` if asked for.)",
            .example = R"(sluice push math.factorial 20
{"n":20,"digits":19,"trailing_zeros":4,"sha256":"…","value":"2432902008176640000"})",
        },
        services, &read_factorial, &run_factorial);
}

}  // namespace sluice::work
