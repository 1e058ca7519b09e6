// SPDX-License-Identifier: Apache-2.0
// `sluice jobs`: lists jobs.
#include "app/client_options.h"
#include "app/commands.h"
#include "app/job_list.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace sluice::app {

namespace {

struct JobsArguments {
    ServerArguments server;
    sdk::FilterParts filter;
    std::uint64_t limit = 50;
};

Result<int> list_jobs(const JobsArguments& arguments) {
    SLUICE_TRY(sdk::Client client, open_client(arguments.server));
    return print_jobs(client, arguments.filter, arguments.limit, arguments.server.json);
}

}  // namespace

void add_jobs(CLI::App& program, int& exit_code) {
    CLI::App* command = program.add_subcommand("jobs", "List jobs, in the order of their pushes");
    auto arguments = std::make_shared<JobsArguments>();
    command
        ->add_option("-s,--state", arguments->filter.states,
                     "scheduled, enqueued, running, retrying, succeeded, dead, cancelled or "
                     "discarded; may be repeated")
        ->delimiter(',')
        ->check(CLI::IsMember({"scheduled", "enqueued", "running", "retrying", "succeeded", "dead",
                               "cancelled", "discarded"}))
        ->type_name("STATE");
    command->add_option("-q,--queue", arguments->filter.queue, "Only of this queue");
    command->add_option("-t,--type", arguments->filter.type, "Only of this job type");
    command->add_option("--glob", arguments->filter.glob,
                        "Only those whose compact JSON matches: '*\"args\":[\"fizz\"*'");
    command->add_option("-n,--limit", arguments->limit, "At most so many")
        ->capture_default_str()
        ->check(CLI::Range(1, 100'000'000));
    add_server_options(*command, arguments->server);
    command->footer(
        "Example:  sluice jobs --state retrying,dead --type http.get --limit 10\n"
        "WHEN is when the job is due, for scheduled and retrying ones, else when it last changed.");
    command->callback(
        [arguments, &exit_code] { exit_code = finish("jobs", list_jobs(*arguments)); });
}

}  // namespace sluice::app
