// SPDX-License-Identifier: Apache-2.0
// log.analyze.
#include "kernel/wire/json_text.h"
#include "modules/work/core/logs/log_summary.h"
#include "modules/work/csv_types.h"

#include <algorithm>

namespace sluice::work {

namespace {

struct LogJob {
    std::string path;
    std::string output;
    LogRequest request;
    std::size_t top;
};

/// A time of the arguments, if it is one.
std::optional<WallTime> time_argument(Arguments& arguments, std::string_view name) {
    const auto text = arguments.text_if_given(name);
    if (!text) return std::nullopt;
    const auto time = parse_log_time(*text);
    if (!time) arguments.refuse(name, "is no time like 2026-07-15T10:00:00Z");
    return time;
}

Result<LogJob> read_log(Arguments& arguments, const Services&) {
    LogJob job{arguments.text("path"),
               arguments.text_if_given("output").value_or(""),
               {},
               static_cast<std::size_t>(arguments.integer("top"))};
    // The first choice is to find it out, or what is usual.
    if (const std::size_t format = arguments.choice("format"); format > 0) {
        job.request.format = log_formats[format - 1];
    }
    static constexpr std::int64_t steps[] = {0, 60, 3600, 86400};
    job.request.step_seconds = steps[arguments.choice("step")];
    job.request.from = time_argument(arguments, "from");
    job.request.until = time_argument(arguments, "until");
    for (const auto& [member, name] : arguments.pairs("members")) {
        std::size_t i = 0;
        while (i < log_member_count && to_string(static_cast<LogMember>(i)) != member) ++i;
        if (i == log_member_count) {
            arguments.refuse("members", "does not know \"" + member + "\"");
        } else {
            job.request.names.names[i] = name;
        }
    }
    return job;
}

void put_time(JsonWriter& json, std::string_view name, const std::optional<WallTime>& time) {
    json.key(name);
    if (time) {
        json.string(format_rfc3339(*time));
    } else {
        json.null();
    }
}

std::string second_text(std::int64_t second) {
    return format_rfc3339(
        wall_from_ns(std::clamp<std::int64_t>(second, 0, 9'223'372'035) * 1'000'000'000));
}

void put_top(JsonWriter& json, std::string_view name, const TopCounter& counter, std::size_t top) {
    const auto entries = counter.top(top);
    if (entries.empty()) return;
    json.key(name).begin_array();
    for (const TopEntry& entry : entries) {
        json.begin_object().key("value").string(entry.text);
        json.key("count").unsigned_integer(entry.count);
        if (counter.error() > 0) json.key("error").unsigned_integer(counter.error());
        json.end_object();
    }
    json.end_array();
}

void put_latency(JsonWriter& json, const LogSummary& log) {
    if (log.latency.count() == 0) return;
    const auto quantiles = log.latency.quantiles({0.5, 0.9, 0.95, 0.99, 0.999});
    json.key("latency").begin_object();
    json.key("count").unsigned_integer(log.latency.count());
    json.key("mean").number(log.latency_sum / static_cast<double>(log.latency.count()));
    static constexpr std::string_view names[] = {"p50", "p90", "p95", "p99", "p999"};
    for (std::size_t i = 0; i < std::size(names); ++i) json.key(names[i]).number(quantiles[i]);
    json.key("max").number(log.latency_max);
    json.key("rank_error").number(log.latency.rank_error()).end_object();
    json.key("slowest").begin_array();
    for (const SlowLine& line : log.slowest()) {
        json.begin_object().key("seconds").number(line.seconds);
        put_time(json, "time", line.time);
        if (!line.method.empty()) json.key("method").string(line.method);
        json.key("path").string(line.path);
        if (line.status != 0) json.key("status").integer(line.status);
        json.end_object();
    }
    json.end_array();
}

void put_series(JsonWriter& json, const LogSummary& log) {
    json.key("series").begin_object();
    json.key("step_seconds").integer(log.step_seconds()).key("points").begin_array();
    for (const auto& [second, point] : log.series()) {
        json.begin_object().key("time").string(second_text(second));
        json.key("lines").unsigned_integer(point.lines);
        json.key("errors").unsigned_integer(point.errors);
        json.key("bytes").unsigned_integer(point.bytes).end_object();
    }
    json.end_array().end_object();
}

void put_counts(JsonWriter& json, const LogSummary& log) {
    json.key("format");
    if (log.format()) {
        json.string(to_string(*log.format()));
    } else {
        json.null();
    }
    json.key("lines").unsigned_integer(log.lines);
    json.key("counted").unsigned_integer(log.counted);
    json.key("unparsed").unsigned_integer(log.unparsed);
    json.key("too_long").unsigned_integer(log.too_long);
    json.key("left_out").unsigned_integer(log.left_out);
    json.key("unparsed_examples").begin_array();
    for (const UnreadLine& example : log.examples) {
        json.begin_object().key("line").unsigned_integer(example.line);
        json.key("text").string(example.text).end_object();
    }
    json.end_array();
    put_time(json, "first", log.first);
    put_time(json, "last", log.last);
    json.key("errors").unsigned_integer(log.errors);
    json.key("bytes").unsigned_integer(log.bytes);
    json.key("bytes_max").unsigned_integer(log.bytes_max);
    static constexpr std::string_view classes[] = {"other", "1xx", "2xx", "3xx", "4xx", "5xx"};
    json.key("status").begin_object();
    for (std::size_t i = 0; i < log.classes.size(); ++i) {
        if (log.classes[i] > 0) json.key(classes[i]).unsigned_integer(log.classes[i]);
    }
    json.end_object();
}

Result<std::string> run_log(const LogJob& job, Task& task) {
    LogSummary log(job.request);
    SLUICE_TRY(const TextRead read,
               read_text(task, job.path, {}, [&log](std::string_view bytes) -> Result<bool> {
                   log.feed(bytes);
                   return true;
               }));
    log.finish();
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("path").string(job.path);
    json.key("input_bytes").unsigned_integer(read.bytes);
    put_counts(json, log);
    json.key("top").begin_object();
    put_top(json, "paths", log.paths, job.top);
    put_top(json, "clients", log.clients, job.top);
    put_top(json, "agents", log.agents, job.top);
    put_top(json, "referrers", log.referrers, job.top);
    put_top(json, "sources", log.sources, job.top);
    put_top(json, "methods", log.methods, job.top);
    put_top(json, "levels", log.levels, job.top);
    put_top(json, "errors", log.kinds, job.top);
    json.end_object();
    put_latency(json, log);
    put_series(json, log);
    if (!job.output.empty()) json.key("output").string(job.output);
    json.end_object();
    if (job.output.empty()) return out;
    SLUICE_TRY(OutputFile output, open_table(task, job.output));
    SLUICE_TRY_STATUS(output.write(out));
    SLUICE_TRY_STATUS(output.commit());
    return out;
}

std::vector<sdk::Argument> log_arguments() {
    return {
        path_argument(),
        {.name = "format",
         .choices = {"auto", "combined", "json", "logfmt", "syslog"},
         .fallback = "auto",
         .help = "`combined` is also the common format, with or without a request time at the end; "
                 "`json` has an object a line; `syslog` is RFC 5424; `auto` is the one that most "
                 "of the first 200 lines are of"},
        {.name = "members",
         .kind = ArgumentKind::pairs,
         .help = "what members of JSON lines and keys of logfmt are called, if not as usual: "
                 "`time`, `client`, `method`, `path`, `referrer`, `agent`, `source`, `level`, "
                 "`message`, `status`, `bytes`, `latency` (seconds, unless the name ends with "
                 "`_ms`, `_us` or `_ns` or the value with a unit)"},
        {.name = "from", .help = "leaves out earlier lines: a date, or a date and time"},
        {.name = "until", .help = "leaves out lines of that time and later"},
        {.name = "step",
         .choices = {"auto", "minute", "hour", "day"},
         .fallback = "auto",
         .help = "what a point of the series stands for; it becomes more when there would be more "
                 "than 1,500 points"},
        {.name = "top",
         .kind = ArgumentKind::integer,
         .range = {0, 1000},
         .fallback = "10",
         .help = "how many of the most frequent to give"},
        output_argument(false)};
}

}  // namespace

sdk::JobType log_analyze(const SharedServices& services) {
    return with_handler(
        {
            .name = "log.analyze",
            .summary = "Counts what a log says: rates, status, errors, latencies, the most "
                       "frequent paths and clients.",
            .schema =
                {.arguments = log_arguments(),
                 .positions = 1,
                 .notes =
                     "gzip and zstd are decompressed, told by the content. Lines that are not of "
                     "the format, or longer than 64 KiB, are counted as `unparsed`, with the first "
                     "five. Years 1970 to 2261."},
            .result_help =
                R"(`format`, `lines`, `counted`, `unparsed` (of them `too_long`), `unparsed_examples`, `left_out` (by time), `first`, `last`, `errors` (status from 500, or level error and worse), `bytes`, `bytes_max`, `status` (by class), `top` (`paths` without their queries, `clients`, `agents`, `referrers`, `sources`, `methods`, `levels`, and `errors`: status or level with the message, in which all numbers are `#`; exact up to 10,000 different ones, then each `count` is too small by at most `error`), `latency` in seconds (`mean`, `p50` to `p999`, `max`; exact up to 4,096, then off by at most `rank_error`, 0.07 % of the lines, with 99 % probability), `slowest` (ten), and `series` (`step_seconds`, `points` with `time`, `lines`, `errors`, `bytes`; those without lines are left out). With `output`, the file has the same.)",
            .example = R"(sluice push log.analyze logs/access.log '{"top": 3, "step": "hour"}')",
            .needs = {.mem_mb = 64},
        },
        services, &read_log, &run_log);
}

}  // namespace sluice::work
