// SPDX-License-Identifier: Apache-2.0
// `sluice simulate`: what a queue does under a load, before it is built.
#include "app/simulate.h"

#include "app/client_options.h"
#include "app/commands.h"

#include <CLI/CLI.hpp>

#include <array>
#include <memory>

namespace sluice::app {

namespace {

constexpr const char* simulate_examples =
    "Real threads over a bounded queue (prints JSON; --text: a page for people):\n"
    "  sluice simulate --items 20 --consumers 3 --capacity 10 --failure-rate 0.1\n"
    "  sluice simulate --items 1000 --arrival poisson:200 --service lognormal:12ms,2 --text\n"
    "  sluice simulate --items 500 --producers 4 --capacity 5 --priority 3 --retry 2\n"
    "Virtual time, decided by the server's own dispatch engine:\n"
    "  sluice simulate --virtual --items 100000 --arrival poisson:50 --service exp:150ms "
    "--consumers 10\n"
    "  sluice simulate --scenario examples/simulate/steady.toml --html report.html\n"
    "  sluice simulate --scenario examples/simulate/steady.toml --ask 'workers for p99 wait < 5s'\n"
    "A DISTRIBUTION is 20ms, exponential:20ms, uniform:10ms,30ms, lognormal:20ms,CV,\n"
    "gamma:20ms,CV, erlang:20ms,PHASES or hyperexponential:20ms,CV. ARRIVALS are asap,\n"
    "poisson:50 (a second), bursts:100@2s,5@10s (rate @ mean stay) or the gap as a distribution.\n"
    "Ctrl-C: no more items, the queue is drained, the statistics are printed; in virtual time, "
    "the\n"
    "report of the replications that have finished, marked as partial. Again: ends now.\n"
    "Exit codes: 0 done or drained, 1 ended before (a partial report), 2 wrong usage or scenario.\n"
    "Scenario files and questions: docs/simulator.md";

// Which flags go with what.
constexpr std::array threads_only = {"--capacity", "--timeout", "--shutdown", "--sample"};
constexpr std::array load_flags = {"--items",   "--producers", "--consumers", "--arrival",
                                   "--service", "--retry",     "--priority",  "--failure-rate"};
constexpr std::array virtual_only = {"--replications", "--duration", "--warmup", "--threads",
                                     "--html",         "--csv",      "--ask",    "--compare"};

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
        ->type_name("{close,sentinel}")
        ->capture_default_str();
    command
        .add_option("--seed", arguments.seed,
                    "Decides arrivals, work times, failures and priorities")
        ->type_name("NUMBER")
        ->capture_default_str();
    command.add_option("--sample", arguments.sample, "Items in results_sample, 0 to 10000")
        ->type_name("COUNT")
        ->capture_default_str();
    CLI::Option* json = command.add_flag(
        "--json", arguments.json,
        "Print JSON on one line (default: in lines;\nof virtual time, on a terminal: --text)");
    command.add_flag("--text", arguments.text, "Print a page for people")->excludes(json);
}

void add_virtual_options(CLI::App& command, SimulateArguments& arguments) {
    command.add_flag("--virtual", arguments.is_virtual,
                     "Virtual time and the server's dispatch engine instead of threads");
    command
        .add_option("--scenario", arguments.scenario,
                    "A scenario in TOML, in virtual time; instead of the flags of the load")
        ->type_name("FILE");
    command
        .add_option("--ask", arguments.questions,
                    "A question, such as 'workers for p99 wait < 5s', 'effect of events', 'drain "
                    "time',\n'cost of limit NAME', '2 more workers'; may be repeated")
        ->type_name("QUESTION");
    command.add_option("--compare", arguments.compare, "Another scenario beside this one")
        ->type_name("FILE");
    command
        .add_option("--replications", arguments.replications,
                    "How often it is played, 1 to 2000 (default: 20, or the scenario's)")
        ->type_name("COUNT");
    command
        .add_option("--duration", arguments.duration,
                    "Virtual time played (default: until the items have come, or the scenario's)")
        ->type_name("DURATION");
    command
        .add_option("--warmup", arguments.warmup,
                    "Left out at the front (default: found by the run, or the scenario's)")
        ->type_name("DURATION");
    command
        .add_option("--threads", arguments.threads,
                    "Threads that play replications, 0: one for each core; no result depends on it")
        ->type_name("COUNT")
        ->capture_default_str();
    command.add_option("--html", arguments.html, "Write a page with charts, in one file")
        ->type_name("FILE");
    command.add_option("--csv", arguments.csv, "Write every number as a row")->type_name("FILE");
}

/// Flags that do not go together. Errors: invalid, naming the flag and what to do.
Status check_flags(const SimulateArguments& arguments) {
    const bool in_virtual_time = arguments.is_virtual || !arguments.scenario.empty();
    for (const char* flag : virtual_only) {
        if (in_virtual_time || !arguments.given.contains(flag)) continue;
        return fail(Code::invalid,
                    std::string(flag) + " is for virtual time: add --virtual or --scenario FILE");
    }
    for (const char* flag : threads_only) {
        if (!in_virtual_time || !arguments.given.contains(flag)) continue;
        return fail(Code::invalid, std::string(flag) +
                                       " is for real threads: in virtual time the queue is the "
                                       "server's, which has no bound");
    }
    for (const char* flag : load_flags) {
        if (arguments.scenario.empty() || !arguments.given.contains(flag)) continue;
        return fail(Code::invalid, std::string(flag) +
                                       " does not go with --scenario: the load "
                                       "stands in the file");
    }
    return {};
}

Result<int> simulate(const SimulateArguments& arguments) {
    SLUICE_TRY_STATUS(check_flags(arguments));
    return arguments.is_virtual || !arguments.scenario.empty() ? simulate_virtual(arguments)
                                                               : simulate_threads(arguments);
}

}  // namespace

void add_simulate(CLI::App& program, int& exit_code) {
    CLI::App* command =
        program.add_subcommand("simulate", "Simulate producers, a queue and its consumers");
    auto arguments = std::make_shared<SimulateArguments>();
    add_load_options(*command, *arguments);
    add_run_options(*command, *arguments);
    add_virtual_options(*command, *arguments);
    command->footer(simulate_examples);
    command->callback([command, arguments, &exit_code] {
        for (const CLI::Option* option : command->get_options()) {
            if (option->count() > 0) arguments->given.insert(option->get_name());
        }
        if (arguments->priority.empty())
            arguments->priority = arguments->given.contains("--priority") ? "3" : "1";
        exit_code = finish("simulate", simulate(*arguments));
    });
}

}  // namespace sluice::app
