// SPDX-License-Identifier: Apache-2.0
// `sluice workers`: lists the connected workers.
#include "app/client_options.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/human.h"
#include "app/server_info.h"
#include "app/terminal.h"
#include "kernel/wire/json_reader.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace sluice::app {

namespace {

Result<int> list_workers(const ServerArguments& arguments) {
    SLUICE_TRY(sdk::Client client, open_client(arguments));
    SLUICE_TRY(const std::string text, client.info());
    if (arguments.json) {
        JsonParser parser;
        SLUICE_TRY(const JsonView root, parser.parse(text));
        const auto server = root.find("server");
        const auto workers = server ? server->find("workers") : std::nullopt;
        std::printf("%s\n", workers ? std::string(workers->raw()).c_str() : "[]");
        return exit_ok;
    }
    SLUICE_TRY(const ServerInfo info, read_server_info(text));
    if (info.workers.empty()) {
        std::printf("no worker is connected; start one here: sluice work\n");
        return exit_ok;
    }
    using Align = TextTable::Align;
    TextTable table({{"WORKER"},
                     {"HOST"},
                     {"PID", Align::right},
                     {"STATE"},
                     {"RUNNING", Align::right},
                     {"MEMORY", Align::right},
                     {"STARTED", Align::right},
                     {"LAST BEAT", Align::right},
                     {"LABELS"}});
    for (const WorkerView& worker : info.workers) {
        std::string labels;
        for (const std::string& label : worker.labels)
            labels += (labels.empty() ? "" : " ") + label;
        table.add({worker.wid, worker.hostname, std::to_string(worker.pid), worker.state,
                   human_count(worker.running),
                   worker.rss_kb > 0 ? std::to_string(worker.rss_kb / 1024) + " MB" : "-",
                   human_distance(worker.started_at, info.now),
                   human_distance(worker.beat_at, info.now), labels});
    }
    std::fputs(table.render(table_width()).c_str(), stdout);
    return exit_ok;
}

}  // namespace

void add_workers(CLI::App& program, int& exit_code) {
    CLI::App* command = program.add_subcommand("workers", "List the connected workers");
    auto arguments = std::make_shared<ServerArguments>();
    add_server_options(*command, *arguments);
    command->footer(
        "Example:  sluice workers --json\n"
        "A worker becomes quiet on SIGTSTP and ends on SIGTERM: kill -TERM PID on its host.");
    command->callback(
        [arguments, &exit_code] { exit_code = finish("workers", list_workers(*arguments)); });
}

}  // namespace sluice::app
