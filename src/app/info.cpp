// SPDX-License-Identifier: Apache-2.0
// `sluice info`: the server's figures; with --contention, who waits for what inside it.
#include "app/client_options.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/http_call.h"
#include "app/human.h"
#include "app/server_info.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace sluice::app {

namespace {

void print_info(const ServerInfo& info) {
    const auto line = [](const char* name, const std::string& value) {
        std::printf("%-12s %s\n", name, value.c_str());
    };
    line("version", info.version.empty() ? "another Faktory server" : printable(info.version));
    line("up", human_duration(info.uptime));
    line("memory", std::to_string(info.memory_mb) + " MB");
    line("connections", human_count(info.connections));
    line("commands", human_count(info.command_count));
    if (info.disk_full) line("disk", "nearly full: pushes are refused, acks go on");
    line("queues", human_count(info.queues.size()));
    line("workers", human_count(info.workers.size()));
    std::printf("\n");
    line("enqueued", human_count(info.enqueued));
    line("running", human_count(info.working));
    line("scheduled", human_count(info.scheduled));
    line("retrying", human_count(info.retries));
    line("dead", human_count(info.dead));
    line("kept", human_count(info.finished_kept) + " finished jobs");
    std::printf("\n");
    line("pushed", human_count(info.pushed));
    line("succeeded", human_count(info.succeeded));
    line("failures", human_count(info.failures));
    line("repeats", human_count(info.duplicates) + " repeated pushes recognised");
}

Result<int> show_info(const ServerArguments& arguments) {
    SLUICE_TRY(sdk::Client client, open_client(arguments));
    SLUICE_TRY(const std::string text, client.info());
    if (arguments.json) {
        std::printf("%s\n", text.c_str());
        return exit_ok;
    }
    SLUICE_TRY(const ServerInfo info, read_server_info(text));
    print_info(info);
    return exit_ok;
}

struct InfoArguments {
    ServerArguments server;
    bool contention = false;
    HttpTarget admin{.timeout = 10s};
};

Result<int> show_contention(const InfoArguments& arguments) {
    const std::string path =
        std::string("/debug/contention?format=") + (arguments.server.json ? "json" : "text");
    SLUICE_TRY(const HttpAnswer answer, http_call(arguments.admin, {"GET", path, ""}));
    if (answer.status != 200) {
        return fail(Code::denied, "the admin side answered " + std::to_string(answer.status) +
                                      "; its password is taken from SLUICE_HTTP_PASSWORD");
    }
    std::printf("%s%s", answer.body.c_str(), arguments.server.json ? "\n" : "");
    return exit_ok;
}

}  // namespace

void add_info(CLI::App& program, int& exit_code) {
    CLI::App* command = program.add_subcommand("info", "Show the server's figures");
    auto arguments = std::make_shared<InfoArguments>();
    add_server_options(*command, arguments->server);
    command->add_flag("--contention", arguments->contention,
                      "Who waited how long on what inside the server, from its admin side");
    command->add_option("--http", arguments->admin.address, "Admin side, for --contention")
        ->capture_default_str()
        ->type_name("ADDRESS");
    command->footer("Example:  sluice info --json | jq .faktory.queues");
    command->callback([arguments, &exit_code] {
        exit_code = finish("info", arguments->contention ? show_contention(*arguments)
                                                         : show_info(arguments->server));
    });
}

}  // namespace sluice::app
