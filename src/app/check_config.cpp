// SPDX-License-Identifier: Apache-2.0
// `sluice check-config`: says what is wrong with a configuration, or what it amounts to.
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/module_list.h"
#include "app/server_config.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>

namespace sluice::app {

namespace {

struct Arguments {
    ConfigArguments config;
    bool describe = false;
};

int check_config(const Arguments& arguments) {
    Host host(make_modules());
    ConfigTable table;
    table.declare(server_settings());
    host.declare(table);
    if (arguments.describe) {
        std::fputs(table.describe().c_str(), stdout);
        return exit_ok;
    }
    const auto config = load_config(table, arguments.config);
    if (!config) {
        std::fprintf(stderr, "%s\n", config.error().message.c_str());
        return exit_usage;
    }
    for (const std::string& warning : config->warnings())
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
    std::fputs(config->dump().c_str(), stdout);
    return exit_ok;
}

}  // namespace

void add_check_config(CLI::App& program, int& exit_code) {
    CLI::App* command = program.add_subcommand(
        "check-config", "Check a configuration and print what it amounts to");
    auto arguments = std::make_shared<Arguments>();
    add_config_options(*command, arguments->config);
    command->add_flag("--describe", arguments->describe,
                      "Print every setting with its help and default, as TOML");
    command->callback([arguments, &exit_code] { exit_code = check_config(*arguments); });
}

}  // namespace sluice::app
