// SPDX-License-Identifier: Apache-2.0
#include "app/worker_exec.h"

#include <string>
#include <utility>

namespace sluice::app {

namespace {

std::string key(std::string_view name) { return "work.exec.*." + std::string(name); }

std::vector<Setting> ways_in_and_out() {
    const work::ExecHandler usual;
    return {
        Setting::list(key("command"), {},
                      "The program (a path, or a name in /usr/local/bin, /usr/bin, /bin) and its "
                      "arguments; no shell. It runs every job of the type NAME."),
        Setting::text(key("summary"), "", "One line for `sluice types`."),
        Setting::text(key("folder"), "", "Where it starts; empty: work.write_root, else /."),
        Setting::list(key("environment"), {},
                      "\"NAME=value\", beside PATH, LANG, TMPDIR and SLUICE_…; nothing else."),
        Setting::choice(key("progress"), {"stderr", "descriptor"},
                        "Where \"SLUICE_PROGRESS 40 note\" is looked for: lines of standard error, "
                        "or descriptor 3."),
        Setting::list(key("success"), usual.success,
                      "Exit codes and ranges (\"64-78\") that mean done. Others: try again."),
        Setting::list(key("never_retry"), usual.never_retry,
                      "Exit codes that mean: failed for good."),
        Setting::list(key("give_back"), usual.give_back,
                      "Exit codes that mean: not here, not now; the attempt does not count."),
    };
}

std::vector<Setting> limits() {
    const work::ExecHandler usual;
    return {
        Setting::duration(key("timeout"), usual.timeout, {1ms, 24h}, "Time of one run."),
        Setting::duration(key("grace"), usual.grace, {0s, 1h}, "Between SIGTERM and SIGKILL."),
        Setting::duration(key("cpu_time"), usual.cpu_time, {1s, 24 * 24h},
                          "Processor time of each process."),
        Setting::size(key("memory"), usual.memory, {mib(1), Bytes{std::uint64_t{1} << 50}},
                      "Address space of each process."),
        Setting::size(key("file_size"), usual.file_size, {kib(1), Bytes{std::uint64_t{1} << 50}},
                      "Of any file that it writes."),
        Setting::integer(key("open_files"), static_cast<std::int64_t>(usual.open_files),
                         {8, 1'000'000}, "Open files of each process."),
        Setting::size(key("output_max"), usual.output_max, {kib(1), mib(16)},
                      "Standard output; the job fails for good past it."),
        Setting::boolean(key("network"), usual.network, "Whether it may use the network."),
        Setting::boolean(key("private_tmp"), usual.private_tmp,
                         "An empty /tmp of its own (64 MiB, in memory)."),
        Setting::choice(key("confine"), {"where_possible", "required"},
                        "When the kernel does not offer what shuts it in: run without, or do not "
                        "start the worker."),
        Setting::size(key("group_memory"), Bytes{0}, {},
                      "Memory of all its processes (needs work.exec_cgroup); 0: no limit."),
        Setting::integer(key("group_processes"), 0, {0, 1'000'000},
                         "Processes at once (needs work.exec_cgroup); 0: no limit."),
        Setting::integer(key("group_cpu_percent"), 0, {0, 102'400},
                         "Processor time in percent of one processor (needs work.exec_cgroup); 0: "
                         "no limit."),
    };
}

}  // namespace

std::vector<Setting> exec_handler_settings() {
    std::vector<Setting> settings = ways_in_and_out();
    for (Setting& setting : limits()) settings.push_back(std::move(setting));
    return settings;
}

std::vector<work::ExecHandler> exec_handlers(const Config& config) {
    std::vector<work::ExecHandler> handlers;
    for (const std::string& name : config.names_in("work.exec")) {
        const ConfigSection section = config.section("work.exec." + name);
        handlers.push_back({
            .name = name,
            .command = section.list("command"),
            .summary = section.text("summary"),
            .folder = section.text("folder"),
            .environment = section.list("environment"),
            .progress_on_descriptor = section.text("progress") == "descriptor",
            .success = section.list("success"),
            .never_retry = section.list("never_retry"),
            .give_back = section.list("give_back"),
            .timeout = section.duration("timeout"),
            .grace = section.duration("grace"),
            .cpu_time = section.duration("cpu_time"),
            .memory = section.size("memory"),
            .file_size = section.size("file_size"),
            .open_files = static_cast<std::uint64_t>(section.integer("open_files")),
            .output_max = section.size("output_max"),
            .network = section.boolean("network"),
            .private_tmp = section.boolean("private_tmp"),
            .confine = section.text("confine") == "required" ? work::Confine::required
                                                             : work::Confine::where_possible,
            .group_memory = section.size("group_memory"),
            .group_processes = static_cast<std::uint64_t>(section.integer("group_processes")),
            .group_cpu = static_cast<double>(section.integer("group_cpu_percent")) / 100,
        });
    }
    return handlers;
}

}  // namespace sluice::app
