// SPDX-License-Identifier: Apache-2.0
// `sluice cancel`: waiting jobs end at once, running ones are asked to stop.
#include "app/client_options.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "kernel/wire/json_text.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace sluice::app {

namespace {

struct CancelArguments {
    ServerArguments server;
    std::vector<std::string> jids;
    std::string reason;
};

Result<int> cancel_jobs(const CancelArguments& arguments) {
    SLUICE_TRY(sdk::Client client, open_client(arguments.server));
    std::uint64_t cancelled = 0;
    int code = exit_ok;
    std::string json_text;
    JsonWriter json(json_text);
    json.begin_object();
    for (const std::string& jid : arguments.jids) {
        SLUICE_TRY(const std::uint64_t count, client.cancel(jid, arguments.reason));
        cancelled += count;
        std::string state = "cancelled";
        SLUICE_TRY(const auto status, client.status(jid));
        if (!status)
            state = "unknown";
        else if (count == 0 || status->state != "cancelled")
            state = count == 0 ? status->state : "asked to stop";
        if (count == 0) code = status && code == exit_ok ? exit_failed : exit_not_found;
        json.key(jid).string(state);
        if (arguments.server.json) continue;
        if (count > 0)
            std::printf("%s: %s\n", jid.c_str(), state.c_str());
        else if (!status)
            std::fprintf(stderr, "%s: the server does not know this id\n", jid.c_str());
        else
            std::fprintf(stderr, "%s: is %s already\n", jid.c_str(), state.c_str());
    }
    json.end_object();
    if (arguments.server.json)
        std::printf("{\"cancelled\":%llu,\"jobs\":%s}\n",
                    static_cast<unsigned long long>(cancelled), json_text.c_str());
    return code;
}

}  // namespace

void add_cancel(CLI::App& program, int& exit_code) {
    CLI::App* command =
        program.add_subcommand("cancel", "Cancel jobs; running ones are asked to stop");
    auto arguments = std::make_shared<CancelArguments>();
    command->add_option("ID", arguments->jids, "Ids of jobs")->required()->check(&id_mistake);
    command->add_option("--reason", arguments->reason, "Why, for the record");
    add_server_options(*command, arguments->server);
    command->footer(
        "Examples:\n"
        "  sluice cancel 3f2a90c1d4e5b6a7c8d9e0f1\n"
        "  sluice cancel $(sluice jobs --type t --state enqueued --json | jq -r '.[].jid')");
    command->callback(
        [arguments, &exit_code] { exit_code = finish("cancel", cancel_jobs(*arguments)); });
}

}  // namespace sluice::app
