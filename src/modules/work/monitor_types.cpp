// SPDX-License-Identifier: Apache-2.0
// monitor.sample.
#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/operations/system_sample.h"
#include "modules/work/shell/proc_files.h"
#include "modules/work/task.h"

#include <algorithm>
#include <array>
#include <optional>

namespace sluice::work {

namespace {

constexpr double samples_max = 36'000;

struct SampleRequest {
    Duration duration;
    Duration interval;
    std::string output;
};

Result<SampleRequest> read_sample(Arguments& arguments, const Services&) {
    SampleRequest request{.duration = arguments.seconds("duration"),
                          .interval = arguments.seconds("interval"),
                          .output = arguments.text_if_given("output").value_or("")};
    if (static_cast<double>(request.duration / request.interval) > samples_max) {
        arguments.refuse("interval", "is too short for this `duration`: at most 36,000 samples");
    }
    if (request.duration < request.interval) {
        arguments.refuse("duration", "must be at least one `interval`");
    }
    return request;
}

Result<SystemCounters> read_now() {
    ProcTexts texts;
    SLUICE_TRY(texts.stat, read_proc("stat"));
    SLUICE_TRY(texts.meminfo, read_proc("meminfo"));
    SLUICE_TRY(texts.net_dev, read_proc("net/dev"));
    SLUICE_TRY(texts.loadavg, read_proc("loadavg"));
    // Not there in some containers.
    auto disks = read_proc("diskstats");
    if (disks) texts.diskstats = *std::move(disks);
    return read_counters(texts);
}

std::string sample_line(WallTime at, const SystemSample& sample) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("at").string(format_rfc3339(at));
    for (std::size_t i = 0; i < system_series; ++i) json.key(system_names[i]).number(sample[i]);
    json.end_object();
    out += '\n';
    return out;
}

std::string sample_result(const std::array<std::vector<double>, system_series>& series,
                          const SampleRequest& request) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("samples").unsigned_integer(series[0].size());
    if (!request.output.empty()) json.key("output").string(request.output);
    for (std::size_t i = 0; i < system_series; ++i) {
        const SeriesSummary summary = summarise(series[i]);
        json.key(system_names[i]).begin_object();
        json.key("min").number(summary.min).key("mean").number(summary.mean);
        json.key("max").number(summary.max).key("p50").number(summary.p50);
        json.key("p90").number(summary.p90).key("p99").number(summary.p99).end_object();
    }
    json.end_object();
    return out;
}

/// Until then, or until the job is to end.
Status wait_until(Instant moment, const CancelToken& cancel) {
    Channel<int> never(1);
    static_cast<void>(select(moment, cancel, never));
    return cancel.check();
}

Result<std::string> run_sample(const SampleRequest& request, Task& task) {
    std::optional<OutputFile> output;
    if (!request.output.empty()) {
        SLUICE_TRY(OutputFile file, task.services.files.open_output(
                                        request.output, task.services.settings.limits.output_max));
        output.emplace(std::move(file));
    }
    std::array<std::vector<double>, system_series> series;
    SLUICE_TRY(SystemCounters before, read_now());
    const Instant began = monotonic_now();
    Instant last = began;
    const auto count = static_cast<std::uint64_t>(request.duration / request.interval);
    for (std::uint64_t i = 1; i <= count; ++i) {
        // Each at its own moment, so that delays do not add up.
        SLUICE_TRY_STATUS(
            wait_until(began + request.interval * static_cast<std::int64_t>(i), task.cancel()));
        SLUICE_TRY(const SystemCounters counters, read_now());
        const Instant now = monotonic_now();
        const SystemSample sample = sample_between(before, counters, now - last);
        for (std::size_t k = 0; k < system_series; ++k) series[k].push_back(sample[k]);
        if (output) SLUICE_TRY_STATUS(output->write(sample_line(wall_now(), sample)));
        before = counters;
        last = now;
        task.progress(static_cast<int>(100 * i / count), "sampling");
    }
    if (output) SLUICE_TRY_STATUS(output->commit());
    return sample_result(series, request);
}

}  // namespace

sdk::JobType monitor_sample(const SharedServices& services) {
    return with_handler(
        {
            .name = "monitor.sample",
            .summary = "Samples what the worker's machine is doing: processor, memory, disks, "
                       "network.",
            .schema = {.arguments = {{.name = "duration",
                                      .kind = ArgumentKind::seconds,
                                      .range = {0.1, 3'600},
                                      .fallback = "10",
                                      .help = "how long"},
                                     {.name = "interval",
                                      .kind = ArgumentKind::seconds,
                                      .range = {0.05, 600},
                                      .fallback = "1",
                                      .help = "between two samples"},
                                     {.name = "output",
                                      .help = "a JSON-lines file with every sample, below the "
                                              "folder for writing"}},
                       .positions = 2,
                       .notes = "The job takes a slot of the worker for all this time. Disks are "
                                "counted whole, without their partitions; the loopback network is "
                                "left out."},
            .result_help =
                "`samples`, `output`, and `min`, `mean`, `max`, `p50`, `p90`, `p99` of each of "
                "`cpu_percent`, `memory_percent`, `memory_used_bytes`, `disk_read_per_s`, "
                "`disk_written_per_s`, `net_received_per_s`, `net_sent_per_s` (bytes), `load` (of "
                "the last minute).",
            .example = "sluice push monitor.sample 2 0.5",
        },
        services, &read_sample, &run_sample);
}

}  // namespace sluice::work
