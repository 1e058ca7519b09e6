// SPDX-License-Identifier: Apache-2.0
// `sluice queues`: lists queues; pauses, resumes and removes them, and sets their durability.
#include "app/client_options.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/human.h"
#include "app/server_info.h"
#include "app/terminal.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"
#include "sdk/protocol/job_json.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace sluice::app {

namespace {

struct QueuesArguments {
    ServerArguments server;
    std::vector<std::string> names;
    bool all = false;
};

Result<int> list_queues(const QueuesArguments& arguments) {
    SLUICE_TRY(sdk::Client client, open_client(arguments.server));
    SLUICE_TRY(const std::string text, client.info());
    if (arguments.server.json) {
        JsonParser parser;
        SLUICE_TRY(const JsonView root, parser.parse(text));
        const auto server = root.find("server");
        const auto queues = server ? server->find("queues") : std::nullopt;
        std::printf("%s\n", queues ? std::string(queues->raw()).c_str() : "[]");
        return exit_ok;
    }
    SLUICE_TRY(const ServerInfo info, read_server_info(text));
    if (info.queues.empty()) {
        std::printf("no queues yet; the first push makes one\n");
        return exit_ok;
    }
    using Align = TextTable::Align;
    TextTable table({{"QUEUE"},
                     {"WAITING", Align::right},
                     {"RUNNING", Align::right},
                     {"IDLE FETCHES", Align::right},
                     {"OLDEST", Align::right},
                     {"DURABILITY"},
                     {""}});
    for (const QueueView& queue : info.queues) {
        table.add({queue.name, human_count(queue.enqueued), human_count(queue.running),
                   human_count(queue.waiting_fetches),
                   queue.enqueued > 0 ? human_duration(queue.latency) : "-", queue.durability,
                   queue.paused ? "paused" : ""});
    }
    std::fputs(table.render(table_width()).c_str(), stdout);
    return exit_ok;
}

bool is_durability(sdk::QueueWord action) {
    return action == sdk::QueueWord::make_sync || action == sdk::QueueWord::make_async;
}

Result<int> change_queues(const QueuesArguments& arguments, sdk::QueueWord action,
                          const char* done) {
    if (is_durability(action) && arguments.names.empty())
        return fail(Code::invalid, "name the queues");
    if (arguments.names.empty() == !arguments.all)
        return fail(Code::invalid, "name the queues, or say --all");
    for (const std::string& name : arguments.names) {
        if (sdk::is_queue_name(name)) continue;
        return fail(Code::invalid, "not a queue name: \"" + name + "\"" +
                                       (name == "*" && !is_durability(action)
                                            ? "; --all means every queue"
                                            : ": letters, digits, '.', '_' and '-'"));
    }
    SLUICE_TRY(sdk::Client client, open_client(arguments.server));
    if (is_durability(action)) {  // the protocol takes one name at a time
        for (const std::string& name : arguments.names) {
            SLUICE_TRY_STATUS(
                client.change_queues({.action = action, .all = false, .names = {name}}));
        }
    } else {
        SLUICE_TRY_STATUS(client.change_queues(
            {.action = action, .all = arguments.all, .names = arguments.names}));
    }
    std::string names;
    for (const std::string& name : arguments.names) names += (names.empty() ? "" : ", ") + name;
    if (arguments.all) names = "all queues";
    if (arguments.server.json)
        std::printf("{\"done\":%s,\"queues\":%s}\n", json_escape(done).c_str(),
                    json_escape(arguments.all ? "*" : names).c_str());
    else
        std::printf("%s %s\n", done, names.c_str());
    return exit_ok;
}

struct QueueAction {
    const char* name;
    const char* help;
    const char* done;
    sdk::QueueWord word;
};

/// `arguments` are those of `queues` itself, so that "--server URL" counts on both sides of the
/// word.
void add_action(CLI::App& queues, const std::shared_ptr<QueuesArguments>& arguments, int& exit_code,
                const QueueAction& action) {
    CLI::App* command = queues.add_subcommand(action.name, action.help);
    command->add_option("NAME", arguments->names, "Queues");
    if (!is_durability(action.word))
        command->add_flag("--all", arguments->all, "Every queue that there is");
    add_server_options(*command, arguments->server);
    command->callback([arguments, action, &exit_code] {
        exit_code = finish("queues", change_queues(*arguments, action.word, action.done));
    });
}

}  // namespace

void add_queues(CLI::App& program, int& exit_code) {
    CLI::App* command = program.add_subcommand(
        "queues", "List queues; pause, resume or remove them; set their durability");
    auto arguments = std::make_shared<QueuesArguments>();
    add_server_options(*command, arguments->server);
    add_action(
        *command, arguments, exit_code,
        {"pause", "Deliver nothing more from these queues", "paused", sdk::QueueWord::pause});
    add_action(*command, arguments, exit_code,
               {"resume", "Deliver from these queues again", "resumed", sdk::QueueWord::resume});
    add_action(*command, arguments, exit_code,
               {"remove", "Delete these queues and all jobs that wait in them", "removed",
                sdk::QueueWord::remove});
    add_action(*command, arguments, exit_code,
               {"sync", "Answer pushes to these queues after they are on stable storage (default)",
                "durability sync:", sdk::QueueWord::make_sync});
    add_action(*command, arguments, exit_code,
               {"async", "Answer pushes at once; a power cut may take the last second of them",
                "durability async:", sdk::QueueWord::make_async});
    command->require_subcommand(0, 1);
    command->footer(
        "Examples:\n  sluice queues\n  sluice queues pause mail reports\n  sluice queues async "
        "metrics");
    command->callback([command, arguments, &exit_code] {
        if (command->get_subcommands().empty())
            exit_code = finish("queues", list_queues(*arguments));
    });
}

}  // namespace sluice::app
