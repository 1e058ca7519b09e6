// SPDX-License-Identifier: Apache-2.0
#include "app/client_options.h"

#include "app/exit_code.h"
#include "sdk/server_url.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <utility>

namespace sluice::app {

namespace {

Error explain_connect(Error error, const sdk::ServerAddress& server) {
    const std::string where = server.text();
    switch (error.code) {
        case Code::denied:
            return fail(Code::denied, "the server at " + where + " refuses us: " + error.message +
                                          "\n  give the password in the URL: --server tcp://:"
                                          "PASSWORD@HOST:PORT, or the same in FAKTORY_URL");
        case Code::io:
        case Code::timeout:
        case Code::not_found:
            return fail(Code::io, "no server at " + where + ": " + error.message +
                                      "\n  start one here:   sluice serve"
                                      "\n  or name another:  --server tcp://HOST:PORT, or "
                                      "FAKTORY_URL in the environment");
        default: return std::move(error).in(where);
    }
}

}  // namespace

void add_server_options(CLI::App& command, ServerArguments& arguments) {
    command
        .add_option("--server", arguments.url,
                    "Where the server is: tcp://[:PASSWORD@]HOST:PORT or tcp+tls://…\n"
                    "(default: FAKTORY_PROVIDER, FAKTORY_URL, tcp://localhost:7419)")
        ->type_name("URL");
    command.add_option("--tls-ca", arguments.ca_file, "PEM file of the authorities to trust")
        ->type_name("FILE");
    command.add_flag("--tls-insecure", arguments.trust_any,
                     "Accept any certificate (for trying things out)");
    command.add_flag("--json", arguments.json, "Print JSON for programs");
}

Result<sdk::ClientOptions> client_options(const ServerArguments& arguments) {
    sdk::ClientOptions options;
    SLUICE_TRY(options.server,
               sdk::parse_server_url(arguments.url.empty() ? sdk::server_url_from_environment()
                                                           : arguments.url));
    options.trust.verify = !arguments.trust_any;
    options.trust.ca_file = arguments.ca_file;
    return options;
}

Result<sdk::Client> open_client(const ServerArguments& arguments) {
    SLUICE_TRY(sdk::ClientOptions options, client_options(arguments));
    const sdk::ServerAddress server = options.server;
    sdk::Client client(std::move(options));
    if (Status connected = client.connect(); !connected) {
        return explain_connect(std::move(connected).error(), server);
    }
    return client;
}

int finish(std::string_view command, const Result<int>& outcome) {
    std::fflush(stdout);
    if (outcome) return *outcome;
    const Error& error = outcome.error();
    std::fprintf(stderr, "sluice %.*s: %s\n", static_cast<int>(command.size()), command.data(),
                 error.message.c_str());
    switch (error.code) {
        case Code::io:
        case Code::timeout: return exit_no_server;
        case Code::invalid: return exit_usage;
        case Code::not_found: return exit_not_found;
        default: return exit_failed;
    }
}

Result<Duration> parse_option_duration(std::string_view option, const std::string& text,
                                       Duration fallback) {
    if (text.empty()) return fallback;
    auto duration = parse_duration(text);
    if (!duration) {
        return fail(duration.error().code,
                    std::string(option) + " " + text + ": " + duration.error().message);
    }
    return duration;
}

std::string folder_mistake(const std::string& word) {
    return word.empty() ? "the folder's name is empty" : "";
}

std::string id_mistake(const std::string& word) { return word.empty() ? "an id is empty" : ""; }

}  // namespace sluice::app
