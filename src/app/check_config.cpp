// SPDX-License-Identifier: Apache-2.0
// `sluice check-config`: says what is wrong with a configuration, or what it amounts to.
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/helper_programs.h"
#include "app/module_list.h"
#include "app/server_config.h"

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
};

bool is_of_work(const std::string& setting) { return setting.starts_with("work."); }

/// The sections of the worker, which knows them: sluice-worker looks at them.
int ask_worker(std::vector<std::string> words) {
    std::fflush(stdout);  // what the other program prints comes after it
    words.insert(words.begin(), "check-config");
    const auto code = run_worker("sluice check-config", std::move(words));
    if (code) return *code;
    std::fprintf(stderr, "warning: the section [work] was not looked at: %s\n",
                 code.error().message.c_str());
    return code.error().code == Code::not_found ? exit_ok : exit_failed;
}

int check_work(const std::string& file, const std::vector<std::string>& settings) {
    std::vector<std::string> words;
    if (!file.empty()) words = {"--config", file};
    for (const std::string& setting : settings) words.insert(words.end(), {"--set", setting});
    return ask_worker(std::move(words));
}

/// The sections of the server.
int check_server(const Result<Config>& config) {
    if (!config) {
        std::fprintf(stderr, "%s\n", config.error().message.c_str());
        return exit_usage;
    }
    for (const std::string& warning : config->warnings())
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
    std::fputs(config->dump().c_str(), stdout);
    return exit_ok;
}

int check_config(const CheckConfigArguments& arguments) {
    Host host(make_modules());
    ConfigTable table;
    table.declare(server_settings());
    host.declare(table);
    if (arguments.describe) {
        std::fputs(table.describe().c_str(), stdout);
        return ask_worker({"--describe"});
    }
    ConfigArguments of_server = arguments.config;
    std::erase_if(of_server.settings, &is_of_work);
    std::vector<std::string> of_work = arguments.config.settings;
    std::erase_if(of_work, [](const std::string& setting) { return !is_of_work(setting); });
    const auto config = load_config(table, of_server);
    const int server = check_server(config);
    // A file that cannot be read is one mistake, not two.
    if (!config && config.error().code == Code::io) return server;
    const int work = check_work(arguments.config.file, of_work);
    return server == exit_ok ? work : server;
}

}  // namespace

void add_check_config(CLI::App& program, int& exit_code) {
    CLI::App* command = program.add_subcommand(
        "check-config", "Check a configuration and print what it amounts to");
    auto arguments = std::make_shared<CheckConfigArguments>();
    add_config_options(*command, arguments->config);
    command->add_flag("--describe", arguments->describe,
                      "Print every setting with its help and default, as TOML");
    command->callback([arguments, &exit_code] { exit_code = check_config(*arguments); });
}

}  // namespace sluice::app
