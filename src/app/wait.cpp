// SPDX-License-Identifier: Apache-2.0
// `sluice wait`: until jobs have ended.
#include "app/client_options.h"
#include "app/commands.h"
#include "app/job_end.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace sluice::app {

namespace {

struct WaitArguments {
    ServerArguments server;
    std::vector<std::string> jids;
    std::string timeout;
};

Result<int> wait_for(const WaitArguments& arguments) {
    SLUICE_TRY(const Duration timeout, parse_option_duration("--timeout", arguments.timeout, -1s));
    SLUICE_TRY(sdk::Client client, open_client(arguments.server));
    return wait_and_print(client, arguments.jids, timeout, arguments.server.json);
}

}  // namespace

void add_wait(CLI::App& program, int& exit_code) {
    CLI::App* command = program.add_subcommand("wait", "Wait until jobs have ended");
    auto arguments = std::make_shared<WaitArguments>();
    command->add_option("ID", arguments->jids, "Ids of jobs")->required()->check(&id_mistake);
    command->add_option("--timeout", arguments->timeout, "At most so long, such as 30s")
        ->type_name("DURATION");
    add_server_options(*command, arguments->server);
    command->footer(
        "Example:  sluice wait --timeout 1m $(sluice push math.primes 1 1000000)\n"
        "Prints the result of one job, or a line for each of several. Exit code: 0 when all\n"
        "succeeded, 3 unknown id, 5 still not ended at the time limit, 6 a job failed.");
    command->callback(
        [arguments, &exit_code] { exit_code = finish("wait", wait_for(*arguments)); });
}

}  // namespace sluice::app
