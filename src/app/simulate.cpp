// SPDX-License-Identifier: Apache-2.0
// `sluice simulate`: what a queue does under a load, before it is built.
#include "app/simulate.h"

#include "app/client_options.h"
#include "app/commands.h"

#include <CLI/CLI.hpp>

#include <memory>

namespace sluice::app {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  sluice simulate --items 20 --consumers 3 --capacity 10 --failure-rate 0.1\n"
    "  sluice simulate --items 1000 --arrival poisson:200 --service lognormal:12ms,2 --text\n"
    "  sluice simulate --items 500 --producers 4 --capacity 5 --priority 3 --retry 2\n"
    "A DISTRIBUTION is 20ms, exponential:20ms, uniform:10ms,30ms, lognormal:20ms,CV,\n"
    "gamma:20ms,CV, erlang:20ms,PHASES or hyperexponential:20ms,CV. ARRIVALS are asap,\n"
    "poisson:50 (a second), bursts:100@2s,5@10s (rate @ mean stay) or the gap as a distribution.\n"
    "Ctrl-C: no more items, the queue is drained, the statistics are printed; again: ends now.\n"
    "Exit codes: 0 done or drained, 1 ended before the queue was drained, 2 wrong usage.";

void add_load_options(CLI::App& command, SimulateArguments& arguments) {
    command.add_option("--items", arguments.items, "How many items are produced")
        ->type_name("COUNT")
        ->capture_default_str();
    command.add_option("--producers", arguments.producers, "Producers, 1 to 256")
        ->type_name("COUNT")
        ->capture_default_str();
    command.add_option("--consumers", arguments.consumers, "Consumers, 1 to 1024")
        ->type_name("COUNT")
        ->capture_default_str();
    command
        .add_option("--capacity", arguments.capacity,
                    "Items that wait at most, 1 to 1000000; then producers wait")
        ->type_name("COUNT")
        ->capture_default_str();
    command.add_option("--arrival", arguments.arrival, "When each producer has an item")
        ->type_name("ARRIVALS")
        ->capture_default_str();
    command.add_option("--service", arguments.service, "How long the work on an item takes")
        ->type_name("DISTRIBUTION")
        ->capture_default_str();
    command
        .add_option("--failure-rate", arguments.failure_rate,
                    "Share of the attempts that fail, 0 to 1")
        ->type_name("SHARE")
        ->capture_default_str();
    command.add_option("--retry", arguments.retry, "Further attempts after a failed one, 0 to 100")
        ->type_name("COUNT")
        ->capture_default_str();
    command
        .add_option("--priority", arguments.priority,
                    "Levels of priority, 1 to 9; each item has one at random (without a number: 3)")
        ->type_name("[LEVELS]=1")
        ->expected(0, 1);
}

void add_run_options(CLI::App& command, SimulateArguments& arguments) {
    command
        .add_option(
            "--timeout", arguments.timeout,
            "How long a consumer waits on an empty queue before it looks again; 0: no limit")
        ->type_name("DURATION")
        ->capture_default_str();
    command
        .add_option("--shutdown", arguments.shutdown,
                    "How consumers learn of the end: close (the queue) or sentinel (one each)")
        ->capture_default_str();
    command
        .add_option("--seed", arguments.seed,
                    "Decides work times, failures and priorities of every item")
        ->type_name("NUMBER")
        ->capture_default_str();
    command.add_option("--sample", arguments.sample, "Items in results_sample, 0 to 10000")
        ->type_name("COUNT")
        ->capture_default_str();
    CLI::Option* json =
        command.add_flag("--json", arguments.json, "Print JSON on one line (default: in lines)");
    command.add_flag("--text", arguments.text, "Print a page for people")->excludes(json);
}

}  // namespace

void add_simulate(CLI::App& program, int& exit_code) {
    CLI::App* command =
        program.add_subcommand("simulate", "Simulate producers, a queue and its consumers");
    auto arguments = std::make_shared<SimulateArguments>();
    add_load_options(*command, *arguments);
    add_run_options(*command, *arguments);
    command->footer(examples);
    command->callback([command, arguments, &exit_code] {
        if (arguments->priority.empty())
            arguments->priority = command->count("--priority") > 0 ? "3" : "1";
        exit_code = finish("simulate", simulate_threads(*arguments));
    });
}

}  // namespace sluice::app
