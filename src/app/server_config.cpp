// SPDX-License-Identifier: Apache-2.0
#include "app/server_config.h"

#include "kernel/net/address.h"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <utility>

namespace sluice::app {

void add_config_options(CLI::App& command, ConfigArguments& arguments) {
    command.add_option("--config", arguments.file,
                       "TOML file; then SLUICE_… variables, then flags win");
    command.add_option("--data", arguments.data, "Folder of the job store (jobs.data)");
    command.add_option("--jobs", arguments.jobs,
                       "Address of the job port (jobs.listen), such as 127.0.0.1:7419");
    command.add_option(
        "--http", arguments.http,
        "Address of the admin side (http.listen), such as 127.0.0.1:7420; empty: none");
    command.add_option("--set", arguments.settings,
                       "Any setting, as section.key=value; may be repeated");
}

std::vector<Setting> server_settings() {
    return {
        Setting::integer("server.io_threads", 1, {1, 64}, "Threads that serve connections."),
        Setting::duration("server.stop_timeout", 20s, {0s, 600s},
                          "Time for a clean stop before connections are cut."),
        Setting::text("http.listen", "127.0.0.1:7420", "Address of the admin side; empty: none."),
        Setting::secret("http.password",
                        "Password of the admin side (basic authentication); empty: none."),
        Setting::boolean("http.insecure", false,
                         "Allow an address beyond this machine without both a password and TLS."),
        Setting::text("http.tls_certificate", "",
                      "PEM file of the certificate chain; empty: no TLS."),
        Setting::text("http.tls_key", "", "PEM file of the certificate's key."),
        Setting::choice("log.level", {"info", "debug", "warning", "error"}, "What is logged."),
        Setting::choice("log.format", {"human", "json"}, "How it is logged."),
    };
}

Result<Config> load_config(ConfigTable& table, const ConfigArguments& arguments) {
    table.share_with({"work"});
    ConfigSources sources;
    if (!arguments.file.empty()) sources.file = arguments.file;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        sources.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    sources.add_flag("jobs.data", arguments.data);
    sources.add_flag("jobs.listen", arguments.jobs);
    if (arguments.http) sources.flags.emplace_back("http.listen", *arguments.http);
    SLUICE_TRY_STATUS(sources.add_settings(arguments.settings));
    return table.load(sources);
}

Status check_http(const Config& config) {
    const std::string& listen = config.text("http.listen");
    if (listen.empty()) return {};
    auto address = parse_host_port(listen);
    if (!address) return std::move(address).error().in("http.listen");
    const bool guarded =
        !config.text("http.tls_certificate").empty() && !config.text("http.password").empty();
    if (address->is_loopback() || guarded || config.boolean("http.insecure")) return {};
    return fail(Code::denied,
                "http.listen = " + listen +
                    " can be reached from other machines: set SLUICE_HTTP_PASSWORD and "
                    "http.tls_certificate, or accept the risk with http.insecure = true");
}

}  // namespace sluice::app
