// SPDX-License-Identifier: Apache-2.0
// What every client command shares: which server, JSON or text, and how an error becomes a message
// that says what to do and an exit code.
#pragma once

#include "kernel/base/result.h"
#include "sdk/client.h"

#include <string>
#include <string_view>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's name
class App;
}

namespace sluice::app {

/// Where the server is and how to talk about it.
struct ServerArguments {
    std::string url;  ///< empty: FAKTORY_PROVIDER, FAKTORY_URL, tcp://localhost:7419
    std::string ca_file;
    bool trust_any = false;
    bool json = false;
};

/// Adds --server, --tls-ca, --tls-insecure and --json.
void add_server_options(CLI::App& command, ServerArguments& arguments);

/// Options for a client of that server. Errors: invalid (the URL).
Result<sdk::ClientOptions> client_options(const ServerArguments& arguments);

/// A connected client. Errors: invalid (the URL), io (no server there), denied (password); the
/// messages say what to do.
Result<sdk::Client> open_client(const ServerArguments& arguments);

/// The exit code of a command; an error is printed as "sluice COMMAND: message".
int finish(std::string_view command, const Result<int>& outcome);

// Checks of options: why a word is none; empty: it is one.
std::string id_mistake(const std::string& word);
std::string folder_mistake(const std::string& word);

/// "90s", "5m", … as the options take them; empty gives the fallback. Errors: invalid, naming the
/// option.
Result<Duration> parse_option_duration(std::string_view option, const std::string& text,
                                       Duration fallback);

}  // namespace sluice::app
