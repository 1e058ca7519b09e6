// SPDX-License-Identifier: Apache-2.0
// The program `sluice-worker`: a worker with the built-in job types. `sluice work` and `sluice
// types` start it; it is a program of its own because it links the heavy libraries.
#include "app/config_report.h"
#include "app/exit_code.h"
#include "app/usage_error.h"
#include "app/version.h"
#include "app/worker_dry_run.h"
#include "app/worker_exec.h"
#include "app/worker_runtime.h"
#include "app/worker_settings.h"
#include "app/worker_status.h"
#include "kernel/base/text.h"
#include "kernel/observe/log.h"
#include "kernel/wire/json_text.h"
#include "modules/crawl/module.h"

#include <CLI/CLI.hpp>

#include <sys/prctl.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::app {

namespace {

/// The first word of a handler process (work.isolate); not for people.
constexpr std::string_view process_word = "handler-process";

struct TypesArguments {
    std::string name;
    std::string config;
    bool json = false;
};

Status start_worker_log(const Config& config) {
    SLUICE_TRY(const LogLevel level, parse_log_level(config.text("log.level")));
    SLUICE_TRY(const LogFormat format, parse_log_format(config.text("log.format")));
    log_start({.level = level, .format = format, .descriptor = 2});
    return {};
}

/// Threads started from here on leave the worker's signals to the worker.
void block_worker_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGTSTP}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

/// The table of every type this program runs, sorted by name. Crawls may reach what http.get may.
Result<std::vector<sdk::JobType>> all_types(const work::WorkSettings& settings) {
    SLUICE_TRY(auto types, work::built_in_types(settings));
    const crawl::CrawlJobSettings crawling{.write_root = settings.write_root,
                                           .hosts = settings.http.hosts,
                                           .networks = settings.http.networks,
                                           .user_agent = "sluice/" + std::string(version)};
    SLUICE_TRY(auto web_crawl, crawl::crawl_type(crawling));
    types.push_back(std::move(web_crawl));
    SLUICE_TRY(auto scrapes, crawl::scrape_types(crawling));
    for (sdk::JobType& type : scrapes) types.push_back(std::move(type));
    std::sort(types.begin(), types.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return types;
}

/// Settings read and types made: all that can be wrong before there is a connection.
struct Prepared {
    Config config;
    sdk::WorkerOptions options;
    std::vector<sdk::JobType> types;
    TypeRules rules;
    WorkerFacts facts;
};

bool runs_isolated(const TypeRules& rules, const sdk::JobType& type) {
    return type.is_isolated || rules.is_isolated(type.name);
}

Result<Prepared> prepare(const WorkerArguments& arguments) {
    SLUICE_TRY(Config config, load_worker_config(arguments));
    SLUICE_TRY(const work::WorkSettings settings, work_settings(config));
    SLUICE_TRY(sdk::WorkerOptions options, worker_options(config));
    if (const std::string& listen = config.text("work.http"); !listen.empty())
        SLUICE_TRY_STATUS(check_status_address(listen, config.boolean("work.http_insecure")));
    SLUICE_TRY(TypeRules rules, TypeRules::read(config));
    SLUICE_TRY(auto types, all_types(settings));
    WorkerFacts facts{.server = options.server.text(),
                      .queues = options.queues,
                      .types = types.size(),
                      .slots = options.concurrency,
                      .capacity = options.capacity};
    facts.confinement = work::describe_confinement(settings.handlers, settings.cgroup);
    for (const sdk::JobType& type : types) {
        if (runs_isolated(rules, type)) facts.isolated.push_back(type.name);
    }
    return Prepared{std::move(config), std::move(options), std::move(types), std::move(rules),
                    std::move(facts)};
}

std::shared_ptr<work::HandlerProcesses> make_processes(const Prepared& prepared,
                                                       const std::vector<std::string>& words) {
    if (prepared.facts.isolated.empty()) return nullptr;
    std::vector<std::string> arguments{"sluice handler process", std::string(process_word)};
    arguments.insert(arguments.end(), words.begin(), words.end());
    return std::make_shared<work::HandlerProcesses>(
        work::HandlerProcessOptions{.path = "/proc/self/exe",
                                    .arguments = std::move(arguments),
                                    .processes_max = prepared.options.concurrency});
}

/// Lets every type in by its terms, and into a process where the settings say so.
Status add_types(sdk::Worker& worker, const Prepared& prepared,
                 const std::shared_ptr<work::HandlerProcesses>& processes) {
    for (const sdk::JobType& type : prepared.types) {
        auto run = runs_isolated(prepared.rules, type)
                       ? work::isolated(processes, type.isolated_time_max)
                       : type.run;
        SLUICE_TRY_STATUS(
            worker.add(type.name, std::move(run), prepared.rules.terms(type.name, type.needs)));
    }
    return {};
}

void tell_start(const Prepared& prepared, const sdk::Worker& worker) {
    const WorkerFacts& facts = prepared.facts;
    log_info("worker started", {{"server", facts.server},
                                {"queues", join(facts.queues, ",")},
                                {"slots", static_cast<std::int64_t>(facts.slots)},
                                {"types", static_cast<std::int64_t>(facts.types)},
                                {"wid", worker.wid()}});
    for (const std::string& line : facts.confinement) {
        log_info("program", {{"confinement", line}});
    }
    std::vector<std::string> names;
    for (const sdk::JobType& type : prepared.types) names.push_back(type.name);
    for (const std::string& line : prepared.rules.unused(names)) {
        log_warning("settings", {{"problem", line}});
    }
}

void tell_end(const sdk::WorkerCounters& counters) {
    log_info("worker ended", {{"succeeded", static_cast<std::int64_t>(counters.succeeded)},
                              {"failed", static_cast<std::int64_t>(counters.failed)},
                              {"given_back", static_cast<std::int64_t>(counters.released)},
                              {"stale", static_cast<std::int64_t>(counters.stale)},
                              {"unsent", static_cast<std::int64_t>(counters.unsent)}});
}

Status work(const WorkerArguments& arguments, const std::vector<std::string>& words) {
    SLUICE_TRY(Prepared prepared, prepare(arguments));
    block_worker_signals();
    SLUICE_TRY_STATUS(start_worker_log(prepared.config));
    prepared.options.log = [](std::string_view line) { log_info("worker", {{"event", line}}); };
    const auto processes = make_processes(prepared, words);
    sdk::JobMetrics metrics;
    sdk::Worker worker(prepared.options);
    worker.use(metrics.middleware());
    SLUICE_TRY_STATUS(add_types(worker, prepared, processes));
    std::unique_ptr<StatusPage> page;
    const std::string& listen = prepared.config.text("work.http");
    if (!listen.empty()) {
        SLUICE_TRY(page, StatusPage::start(listen, prepared.config.boolean("work.http_insecure"),
                                           {worker, processes.get(), metrics}, prepared.facts));
    }
    tell_start(prepared, worker);
    if (page) log_info("status page", {{"address", page->address()}});
    const Status status = worker.run();
    page.reset();
    tell_end(worker.counters());
    return status;
}

/// A process of the worker that was given the same words: its jobs come from the socket.
Status serve_as_process(const WorkerArguments& arguments) {
    SLUICE_TRY(const Prepared prepared, prepare(arguments));
    block_worker_signals();
    SLUICE_TRY_STATUS(start_worker_log(prepared.config));
    // It was started as /proc/self/exe, and "exe" would say nothing in a list of processes.
    static_cast<void>(prctl(PR_SET_NAME, "sluice-handler"));
    work::serve_handlers(work::handler_process_socket, prepared.types);
}

Result<int> dry_run(const WorkerArguments& arguments) {
    SLUICE_TRY(const Prepared prepared, prepare(arguments));
    std::vector<DryRunType> types;
    for (const sdk::JobType& type : prepared.types) {
        types.push_back({.name = type.name,
                         .terms = prepared.rules.terms(type.name, type.needs),
                         .is_isolated = runs_isolated(prepared.rules, type)});
    }
    std::vector<std::string> names;
    for (const DryRunType& type : types) names.push_back(type.name);
    return run_dry({.options = prepared.options,
                    .facts = prepared.facts,
                    .types = std::move(types),
                    .problems = prepared.rules.unused(names),
                    .read_roots = prepared.config.list("work.read_roots"),
                    .write_root = prepared.config.text("work.write_root"),
                    .http = prepared.config.text("work.http")});
}

std::vector<std::string> warnings_of(const Prepared& prepared) {
    std::vector<std::string> names;
    for (const sdk::JobType& type : prepared.types) names.push_back(type.name);
    std::vector<std::string> warnings = prepared.config.warnings();
    for (std::string& line : prepared.rules.unused(names)) warnings.push_back(std::move(line));
    return warnings;
}

/// The worker's part of `sluice check-config`: finds whatever `sluice work` would refuse, starts
/// nothing and connects to nothing. Whatever is wrong, the configuration is not one to start with:
/// exit_usage.
int check_config(const WorkerArguments& arguments, bool json) {
    const auto prepared = prepare(arguments);
    if (json) {
        const ConfigReport report =
            prepared ? ConfigReport{.settings = prepared->config.json(),
                                    .warnings = warnings_of(*prepared)}
                     : ConfigReport{.errors = mistakes_in(prepared.error().message)};
        std::printf("%s\n", to_json(report).c_str());
        return prepared ? exit_ok : exit_usage;
    }
    if (!prepared) {
        std::fprintf(stderr, "%s\n", prepared.error().message.c_str());
        return exit_usage;
    }
    for (const std::string& line : warnings_of(*prepared))
        std::fprintf(stderr, "warning: %s\n", line.c_str());
    std::fputs(prepared->config.dump().c_str(), stdout);
    return exit_ok;
}

/// The worker's part of `sluice check-config --describe`, behind the server's.
int describe_config(bool json) {
    const ConfigTable table = worker_table(true);
    if (json) {
        std::printf("%s\n", to_json({.settings = table.describe_json()}).c_str());
        return exit_ok;
    }
    const std::string text = table.describe();
    std::fputs(text.substr(std::min(text.find("\n["), text.size())).c_str(), stdout);
    return exit_ok;
}

std::string needs_of(const sdk::JobType& type) {
    return terms_text({.needs = type.needs}, type.is_isolated);
}

void print_type(const sdk::JobType& type) {
    std::printf("%s\n  %s\n\nArguments\n%s\n\nResult\n%s\n", type.name.c_str(),
                type.summary.c_str(), sdk::describe(type.schema).c_str(), type.result_help.c_str());
    const std::string needs = needs_of(type);
    if (!needs.empty()) std::printf("\nRuns with\n%s\n", needs.c_str());
    std::printf("\nExample\n%s\n", type.example.c_str());
}

Error no_such_type(const std::string& name, const std::vector<sdk::JobType>& types) {
    std::vector<std::string_view> names;
    for (const sdk::JobType& type : types) names.emplace_back(type.name);
    const auto near = nearest(name, names);
    return fail(Code::not_found, "no built-in type '" + name + "'" +
                                     (near ? "; did you mean '" + std::string(*near) + "'?"
                                           : "; 'sluice types' lists them"));
}

void put_argument(JsonWriter& json, const sdk::Argument& argument) {
    json.begin_object().key("name").string(argument.name);
    json.key("kind").string(to_string(argument.kind)).key("required").boolean(argument.required);
    if (std::isfinite(argument.range.min)) json.key("min").number(argument.range.min);
    if (std::isfinite(argument.range.max)) json.key("max").number(argument.range.max);
    if (!argument.choices.empty()) {
        json.key("choices").begin_array();
        for (const std::string& choice : argument.choices) json.string(choice);
        json.end_array();
    }
    if (argument.fallback) json.key("default").string(*argument.fallback);
    json.key("help").string(argument.help).end_object();
}

void put_type(JsonWriter& json, const sdk::JobType& type) {
    json.begin_object();
    json.key("name").string(type.name).key("summary").string(type.summary);
    json.key("arguments").string(sdk::describe(type.schema));
    json.key("result").string(type.result_help).key("example").string(type.example);
    json.key("needs").string(needs_of(type));
    json.key("schema").begin_object();
    json.key("positions").unsigned_integer(type.schema.positions);
    json.key("arguments").begin_array();
    for (const sdk::Argument& argument : type.schema.arguments) put_argument(json, argument);
    json.end_array().end_object().end_object();
}

Result<int> list_types(const TypesArguments& arguments) {
    work::WorkSettings settings;
    if (!arguments.config.empty()) {
        WorkerArguments worker;
        worker.file = arguments.config;
        SLUICE_TRY(const Config config, load_worker_config(worker));
        // Only the programs: the folders of the worker need not be there for a list.
        settings.handlers = exec_handlers(config);
        settings.cgroup = config.text("work.exec_cgroup");
    }
    SLUICE_TRY(const auto types, all_types(settings));
    bool found = arguments.name.empty();
    std::string text;
    JsonWriter json(text);
    json.begin_array();
    for (const sdk::JobType& type : types) {
        if (!arguments.name.empty() && type.name != arguments.name) continue;
        found = true;
        if (arguments.json)
            put_type(json, type);
        else if (arguments.name.empty())
            std::printf("%-20s %s\n", type.name.c_str(), type.summary.c_str());
        else
            print_type(type);
    }
    json.end_array();
    if (!found) return no_such_type(arguments.name, types);
    if (arguments.json)
        std::printf("%s\n", text.c_str());
    else if (arguments.name.empty())
        std::printf("\nsluice types NAME explains one.\n");
    return exit_ok;
}

int report(const char* what, const Error& error) {
    std::fprintf(stderr, "sluice %s: %s\n", what, error.message.c_str());
    if (error.code == Code::not_found) return exit_not_found;
    return error.code == Code::invalid ? exit_usage : exit_failed;
}

void add_work_options(CLI::App& program, WorkerArguments& arguments) {
    program.add_option("--config", arguments.file,
                       "TOML file with a section [work]; then SLUICE_WORK_… variables, then flags "
                       "win");
    program
        .add_option("--jobs,--server", arguments.jobs,
                    "The server's job port: tcp://[:PASSWORD@]HOST:PORT or tcp+tls://…\n"
                    "(default: FAKTORY_PROVIDER, FAKTORY_URL, tcp://localhost:7419)")
        ->type_name("URL");
    program
        .add_option("-q,--queues", arguments.queues,
                    "Queues, the first one first (default: default)")
        ->delimiter(',');
    program.add_option("-c,--concurrency", arguments.concurrency,
                       "Jobs that run at once (default: one for each processor)");
    program.add_option("--read-root", arguments.read_roots,
                       "Folder that jobs may read from; may be repeated");
    program.add_option("--write-root", arguments.write_root, "Folder that jobs may write to");
    program
        .add_option("--grace", arguments.grace,
                    "Time for running jobs to end after SIGTERM (default: 25s)")
        ->type_name("DURATION");
    program.add_option("--log-format", arguments.log_format, "human or json");
    program.add_option("--set", arguments.settings,
                       "Any setting, as work.key=value; may be repeated");
    program.add_flag("--dry-run", arguments.dry_run,
                     "Check the settings, connect, show what would be fetched and run, and end");
    program.footer(
        "Example:\n"
        "  sluice work --queues mail,default --concurrency 8 --read-root data --write-root out\n"
        "SIGTSTP: fetches no more (quiet). SIGTERM or Ctrl-C: ends when the running jobs have, at\n"
        "most after the grace, and gives the rest back; a second one ends at once.\n"
        "Programs for exec and hosts for http.get are settings: work.programs, work.http_hosts.");
}

int run(int argc, char** argv) {
    const bool is_process = argc > 1 && process_word == argv[1];
    if (is_process) {
        --argc;
        ++argv;
    }
    CLI::App program("Runs jobs of the built-in types.", "sluice work");
    program.set_version_flag("--version", std::string(version));
    WorkerArguments arguments;
    TypesArguments types_arguments;
    add_work_options(program, arguments);
    CLI::App* types = program.add_subcommand("types", "List the built-in job types");
    types->add_option("NAME", types_arguments.name, "Explain this type");
    types->add_option("--config", types_arguments.config,
                      "TOML file whose programs ([work.exec.NAME]) are listed, too");
    types->add_flag("--json", types_arguments.json, "Print JSON for programs");
    types->footer("Example:  sluice types text.wordcount");
    WorkerArguments check_arguments;
    check_arguments.only_work = true;
    CLI::App* check = program.add_subcommand("check-config", "Check the section [work]");
    check->add_option("--config", check_arguments.file, "TOML file");
    check->add_option("--set", check_arguments.settings, "Any setting, as work.key=value");
    bool describe = false;
    check->add_flag("--describe", describe, "Print every setting with its help and default");
    bool check_as_json = false;
    check->add_flag("--json", check_as_json, "Print JSON for programs");
    refuse_empty_values(program);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return finish_parse(program, error);
    }
    if (types->parsed()) {
        const Result<int> listed = list_types(types_arguments);
        return listed ? *listed : report("types", listed.error());
    }
    if (check->parsed() && describe) return describe_config(check_as_json);
    if (check->parsed()) return check_config(check_arguments, check_as_json);
    if (is_process) {
        const Status served = serve_as_process(arguments);
        return report("handler process", served.error());
    }
    if (arguments.dry_run) {
        const Result<int> ran = dry_run(arguments);
        return ran ? *ran : report("work --dry-run", ran.error());
    }
    const Status worked = work(arguments, std::vector<std::string>(argv + 1, argv + argc));
    return worked ? exit_ok : report("work", worked.error());
}

}  // namespace

}  // namespace sluice::app

int main(int argc, char** argv) {
    try {
        return sluice::app::run(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sluice work: %s\n", error.what());
        return sluice::app::exit_failed;
    }
}
