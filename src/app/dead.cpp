// SPDX-License-Identifier: Apache-2.0
// `sluice dead`: the jobs whose attempts are used up; lists, retries and deletes them.
#include "app/client_options.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/human.h"
#include "app/job_list.h"
#include "kernel/wire/json_reader.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace sluice::app {

namespace {

struct DeadArguments {
    ServerArguments server;
    sdk::FilterParts filter;
    bool all = false;
    std::uint64_t limit = 50;
};

void add_filter(CLI::App& command, DeadArguments& arguments) {
    command.add_option("-t,--type", arguments.filter.type, "Those of this job type");
    command.add_option("--glob", arguments.filter.glob,
                       "Those whose compact JSON matches: '*\"errtype\":\"Timeout\"*'");
    add_server_options(command, arguments.server);
}

Result<int> list_dead(const DeadArguments& arguments) {
    SLUICE_TRY(sdk::Client client, open_client(arguments.server));
    sdk::FilterParts filter = arguments.filter;
    filter.states = {"dead"};
    return print_jobs(client, filter, arguments.limit, arguments.server.json);
}

/// Says which of the ids are not dead; the code for that.
Result<int> check_ids(sdk::Client& client, std::vector<std::string>& jids) {
    int code = exit_ok;
    std::vector<std::string> dead;
    for (const std::string& jid : jids) {
        SLUICE_TRY(const auto status, client.status(jid));
        if (status && status->state == "dead") {
            dead.push_back(jid);
            continue;
        }
        const std::string why =
            status ? "is " + status->state + ", not dead" : "the server does not know this id";
        std::fprintf(stderr, "%s: %s\n", printable(jid).c_str(), why.c_str());
        code = exit_not_found;
    }
    jids = std::move(dead);
    return code;
}

Result<int> change_dead(DeadArguments arguments, sdk::MutateWord action, const char* done) {
    sdk::FilterParts& filter = arguments.filter;
    const bool has_filter = !filter.type.empty() || !filter.glob.empty();
    const bool has_ids = !filter.jids.empty();
    if (static_cast<int>(has_filter) + static_cast<int>(has_ids) +
            static_cast<int>(arguments.all) !=
        1) {
        return fail(Code::invalid,
                    "say which: ids, or --type and --glob, or --all, and only one of these");
    }
    SLUICE_TRY(sdk::Client client, open_client(arguments.server));
    int code = exit_ok;
    std::uint64_t count = 0;
    if (has_ids) {
        SLUICE_TRY(code, check_ids(client, filter.jids));
        count = filter.jids.size();
    } else {
        sdk::FilterParts dead = filter;
        dead.states = {"dead"};
        SLUICE_TRY([[maybe_unused]] const bool complete, each_job(client, dead, [&](JsonView) {
                       ++count;
                       return true;
                   }));
    }
    if (count > 0) {
        SLUICE_TRY_STATUS(
            client.mutate({.action = action, .target = sdk::MutateTarget::dead, .filter = filter}));
    }
    if (arguments.server.json)
        std::printf("{\"%s\":%llu}\n", done, static_cast<unsigned long long>(count));
    else
        std::printf("%s %s\n", done, human_count(count, "job").c_str());
    return code;
}

struct DeadAction {
    const char* name;
    const char* help;
    const char* done;
    sdk::MutateWord word;
};

/// `arguments` are those of `dead` itself, so that "--type NAME" counts on both sides of the word.
void add_action(CLI::App& dead, const std::shared_ptr<DeadArguments>& arguments, int& exit_code,
                const DeadAction& action) {
    CLI::App* command = dead.add_subcommand(action.name, action.help);
    command->add_option("ID", arguments->filter.jids, "Ids of dead jobs")->check(&id_mistake);
    command->add_flag("--all", arguments->all, "All dead jobs");
    add_filter(*command, *arguments);
    command->callback([arguments, action, &exit_code] {
        exit_code = finish("dead", change_dead(*arguments, action.word, action.done));
    });
}

}  // namespace

void add_dead(CLI::App& program, int& exit_code) {
    CLI::App* command =
        program.add_subcommand("dead", "List, retry or delete the jobs whose attempts are used up");
    auto arguments = std::make_shared<DeadArguments>();
    CLI::App* list = command->add_subcommand("list", "List dead jobs (also without a word)");
    list->add_option("-n,--limit", arguments->limit, "At most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000'000));
    add_filter(*list, *arguments);
    add_filter(*command, *arguments);
    add_action(
        *command, arguments, exit_code,
        {"retry", "Put dead jobs back into their queues", "retried", sdk::MutateWord::requeue});
    add_action(*command, arguments, exit_code,
               {"delete", "Delete dead jobs for good", "deleted", sdk::MutateWord::discard});
    command->require_subcommand(0, 1);
    command->footer(
        "Examples:\n"
        "  sluice dead\n"
        "  sluice dead retry --type http.get\n"
        "  sluice dead delete 3f2a90c1d4e5b6a7c8d9e0f1");
    const auto show = [command, list, arguments, &exit_code] {
        const auto chosen = command->get_subcommands();
        if (chosen.empty() || chosen.front() == list)
            exit_code = finish("dead", list_dead(*arguments));
    };
    command->callback(show);
}

}  // namespace sluice::app
