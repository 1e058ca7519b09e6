// SPDX-License-Identifier: Apache-2.0
// The server's configuration as the commands take it: a file, the environment, and flags.
#pragma once

#include "kernel/mount/config.h"
#include "kernel/mount/host.h"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace sluice::app {

/// What the command line says about the configuration.
struct ConfigArguments {
    std::string file;
    std::string data;
    std::string jobs;
    std::optional<std::string> http;    ///< empty: no admin side
    std::vector<std::string> settings;  ///< "section.key=value"
};

/// Adds --config, --data, --jobs, --http and --set.
void add_config_options(CLI::App& command, ConfigArguments& arguments);

/// The settings of the server itself ("server", "http", "log"); the modules declare their own.
std::vector<Setting> server_settings();

/// Reads everything that was declared. Errors: invalid (every mistake, a line each), io.
/// The table knows the server's settings; those of the worker in the same file are left to it.
Result<Config> load_config(ConfigTable& table, const ConfigArguments& arguments);

/// Who may reach the admin side. Errors: invalid (no address), denied (unprotected).
Status check_http(const Config& config);

}  // namespace sluice::app
