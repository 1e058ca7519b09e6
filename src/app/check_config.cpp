// SPDX-License-Identifier: Apache-2.0
// `sluice check-config`: says what is wrong with a configuration, or what it amounts to.
#include "app/commands.h"
#include "app/config_report.h"
#include "app/exit_code.h"
#include "app/helper_programs.h"
#include "app/module_list.h"
#include "app/server_config.h"
#include "kernel/mount/config_file.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::app {

namespace {

struct CheckConfigArguments {
    ConfigArguments config;
    bool describe = false;
    bool json = false;
};

bool is_of_work(const std::string& setting) { return setting.starts_with("work."); }

std::string not_looked_at(const Error& error) {
    return "the section [work] was not looked at: " + error.message;
}

/// That the worker is not installed is a thing to know, not a mistake.
int code_without_worker(const Error& error) {
    return error.code == Code::not_found ? exit_ok : exit_failed;
}

/// The sections of the worker, which knows them: sluice-worker looks at them and prints.
int ask_worker(std::vector<std::string> words) {
    std::fflush(stdout);  // what the other program prints comes after it
    const auto code = run_worker("sluice check-config", std::move(words));
    if (code) return *code;
    std::fprintf(stderr, "warning: %s\n", not_looked_at(code.error()).c_str());
    return code_without_worker(code.error());
}

/// The words for sluice-worker; empty: there is nothing that it could read.
std::vector<std::string> words_for_worker(const CheckConfigArguments& arguments) {
    std::vector<std::string> words = {"check-config"};
    const std::string& file = arguments.config.file;
    // A file that cannot be read, or is no TOML, is one mistake, not two.
    if (!file.empty() && !read_toml_file(file)) return {};
    if (!file.empty()) words.insert(words.end(), {"--config", file});
    for (const std::string& setting : arguments.config.settings) {
        if (is_of_work(setting)) words.insert(words.end(), {"--set", setting});
    }
    if (arguments.json) words.emplace_back("--json");
    return words;
}

/// The server's settings, with whatever `sluice serve` would refuse of them before it opens
/// anything. Errors: as load_config(), a mistake on each line.
Result<Config> load_checked(ConfigTable& table, const Host& host,
                            const ConfigArguments& arguments) {
    SLUICE_TRY(Config config, load_config(table, arguments));
    std::string mistakes;
    const auto note = [&mistakes](const Status& checked) {
        if (!checked) (mistakes += mistakes.empty() ? "" : "\n") += checked.error().message;
    };
    note(check_http(config));
    for (const auto& module : host.modules())
        note(module->check(config.section(std::string(module->name()))));
    if (!mistakes.empty()) return fail(Code::invalid, std::move(mistakes));
    return config;
}

/// The sections of the server.
int print_server(const Result<Config>& config) {
    if (!config) {
        std::fprintf(stderr, "%s\n", config.error().message.c_str());
        return exit_usage;
    }
    for (const std::string& warning : config->warnings())
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
    std::fputs(config->dump().c_str(), stdout);
    return exit_ok;
}

/// What sluice-worker found, and its exit code.
int add_worker(ConfigReport& report, std::vector<std::string> words) {
    const auto output = read_worker("sluice check-config", std::move(words));
    const auto found =
        output ? read_config_report(output->text) : Result<ConfigReport>(output.error());
    if (found) {
        report = joined(std::move(report), *found);
        return output->exit_code;
    }
    const int code = code_without_worker(found.error());
    (code == exit_ok ? report.warnings : report.errors).push_back(not_looked_at(found.error()));
    return code;
}

int print_json(const Result<Config>& config, std::vector<std::string> words) {
    ConfigReport report =
        config ? ConfigReport{.settings = config->json(), .warnings = config->warnings()}
               : ConfigReport{.errors = mistakes_in(config.error().message)};
    const int server = config ? exit_ok : exit_usage;
    const int work = words.empty() ? exit_ok : add_worker(report, std::move(words));
    std::printf("%s\n", to_json(report).c_str());
    return server == exit_ok ? work : server;
}

int describe_json(const ConfigTable& table) {
    ConfigReport report{.settings = table.describe_json()};
    const int code = add_worker(report, {"check-config", "--describe", "--json"});
    std::printf("%s\n", to_json(report).c_str());
    return code;
}

int check_config(const CheckConfigArguments& arguments) {
    Host host(make_modules());
    ConfigTable table;
    table.declare(server_settings());
    host.declare(table);
    if (arguments.describe && arguments.json) return describe_json(table);
    if (arguments.describe) {
        std::fputs(table.describe().c_str(), stdout);
        return ask_worker({"check-config", "--describe"});
    }
    ConfigArguments of_server = arguments.config;
    std::erase_if(of_server.settings, &is_of_work);
    const auto config = load_checked(table, host, of_server);
    std::vector<std::string> words = words_for_worker(arguments);
    if (arguments.json) return print_json(config, std::move(words));
    const int server = print_server(config);
    const int work = words.empty() ? exit_ok : ask_worker(std::move(words));
    return server == exit_ok ? work : server;
}

}  // namespace

void add_check_config(CLI::App& program, int& exit_code) {
    CLI::App* command = program.add_subcommand(
        "check-config", "Check a configuration and print what it amounts to");
    auto arguments = std::make_shared<CheckConfigArguments>();
    add_config_options(*command, arguments->config);
    command->add_flag("--describe", arguments->describe,
                      "Print every setting with its help and default, as TOML; checks nothing");
    command->add_flag("--json", arguments->json, "Print JSON for programs");
    command->footer(
        "Example:  sluice check-config --config sluice.toml --json\n"
        "--json: {\"ok\":true,\"settings\":{NAME:{\"value\":…,\"origin\":…},…},\"warnings\":[…]} "
        "or\n{\"ok\":false,\"errors\":[…],\"warnings\":[…]}; with --describe each setting is\n"
        "{\"type\":…,\"default\":…,\"help\":…,\"environment\":…}, with \"min\", \"max\" or "
        "\"choices\".");
    command->callback([arguments, &exit_code] { exit_code = check_config(*arguments); });
}

}  // namespace sluice::app
