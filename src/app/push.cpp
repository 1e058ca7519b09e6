// SPDX-License-Identifier: Apache-2.0
// `sluice push`: its options, and pushing one job.
#include "app/push.h"

#include "app/commands.h"
#include "app/exit_code.h"
#include "app/job_end.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"

#include <CLI/CLI.hpp>

#include <array>
#include <cstdio>
#include <memory>
#include <utility>

namespace sluice::app {

namespace {

Result<int> push_one(const PushArguments& arguments) {
    if (arguments.type.empty()) {
        return fail(Code::invalid,
                    "what job? Write: sluice push TYPE ARGS…, or sluice push --file jobs.jsonl\n"
                    "  'sluice types' lists the built-in types");
    }
    SLUICE_TRY(sdk::JobSpec job, job_from(arguments, wall_now()));
    SLUICE_TRY(const Duration timeout,
               parse_option_duration("--wait-timeout", arguments.wait_timeout, -1s));
    SLUICE_TRY(sdk::Client client, open_client(arguments.server));
    SLUICE_TRY(const std::string jid, client.push(std::move(job)));
    if (arguments.wait || !arguments.wait_timeout.empty()) {
        if (!arguments.quiet && !arguments.server.json)
            std::fprintf(stderr, "%s pushed, waiting for its end\n", jid.c_str());
        const std::array<std::string, 1> jids{jid};
        return wait_and_print(client, jids, timeout, arguments.server.json);
    }
    if (arguments.server.json)
        std::printf("{\"jid\":%s}\n", json_escape(jid).c_str());
    else
        std::printf("%s\n", jid.c_str());
    return exit_ok;
}

/// What follows the type is arguments; CLI11 would take "[1,2]" for two of them.
Result<int> push(const CLI::App& command, PushArguments& arguments) {
    arguments.values = command.remaining();
    for (const std::string& word : arguments.values) {
        if (word.size() > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9')) {
            std::string message = "unknown option " + word;
            message += " (a text argument that begins with a minus goes into --args '[\"";
            message += word;
            message += "\"]')\n  see: sluice push --help";
            return fail(Code::invalid, std::move(message));
        }
    }
    return arguments.file.empty() ? push_one(arguments) : push_file(arguments);
}

void add_options(CLI::App& command, PushArguments& arguments) {
    command.add_option("TYPE", arguments.type,
                       "Job type, such as text.wordcount; its ARGS come after it");
    command.add_option("--args", arguments.args, "All arguments as one JSON array");
    command.add_option("-q,--queue", arguments.queue, "Queue (default: default)");
    command.add_option("-p,--priority", arguments.priority, "1 to 9, 9 first (default: 5)")
        ->check(CLI::Range(1, 9));
    command
        .add_option("--retry", arguments.retry,
                    "Retries after the first attempt (default: 25); 0 discards, -1 keeps it as "
                    "dead")
        ->check(CLI::Range(-1, 1'000'000));
    command.add_option("--at", arguments.at, "Not before: +10m, or 2026-11-21T05:42:00Z")
        ->type_name("TIME");
    command
        .add_option("--reserve-for", arguments.reserve_for,
                    "Lease for plain workers (default: 30m)")
        ->type_name("DURATION");
    command.add_option("--timeout", arguments.timeout, "Time limit of one run")
        ->type_name("DURATION");
    command
        .add_option("--backoff", arguments.backoff,
                    "Wait between attempts: faktory, none, constant:10s, exponential:1s:5m")
        ->type_name("KIND");
    command.add_option("--keep", arguments.keep, "How long to keep it once finished")
        ->type_name("DURATION");
    command.add_option("--jid", arguments.jid,
                       "Its id, at least 8 characters; repeating a push with the same id is safe");
    command.add_option("--custom", arguments.custom, "Custom members, as a JSON object");
    command.add_flag("-w,--wait", arguments.wait, "Wait for its end and print the result");
    command.add_option("--wait-timeout", arguments.wait_timeout, "Wait at most so long")
        ->type_name("DURATION");
    command
        .add_option("-f,--file", arguments.file,
                    "Push every line of this file: a job object, or (with TYPE) an array\nof "
                    "arguments; - reads standard input")
        ->type_name("FILE");
    command.add_option("--run", arguments.run,
                       "A label: the lines are pushed once for each label (default: none)");
    command.add_flag("--strict", arguments.strict, "Stop at the first bad line of the file");
    command.add_flag("--quiet", arguments.quiet, "No progress and no summary");
}

}  // namespace

void add_push(CLI::App& program, int& exit_code) {
    CLI::App* command = program.add_subcommand("push", "Push a job, or a file of jobs");
    command->allow_extras(true);
    auto arguments = std::make_shared<PushArguments>();
    add_options(*command, *arguments);
    add_server_options(*command, arguments->server);
    command->footer(
        "ARGS after TYPE are the job's arguments: JSON where a word reads as JSON, else a text.\n"
        "Examples:\n"
        "  sluice push text.wordcount texts/lighthouse.txt '{\"top\": 3}' --wait\n"
        "  sluice push report.send 42 --queue mail --priority 8 --at +10m --retry 3\n"
        "  sluice push --file jobs.jsonl\n"
        "    with lines such as {\"jobtype\":\"math.primes\",\"args\":[1,1000],\"queue\":\"q\"}\n"
        "Prints the job's id. A line without a jid gets one made of the file's name, the line's\n"
        "number and its content, so the same command again, after a broken run, pushes nothing\n"
        "twice while the server keeps the jobs.");
    command->callback([command, arguments, &exit_code] {
        exit_code = finish("push", push(*command, *arguments));
    });
}

}  // namespace sluice::app
