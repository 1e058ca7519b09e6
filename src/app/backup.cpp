// SPDX-License-Identifier: Apache-2.0
// `sluice backup`: asks a running server for a consistent copy of its store.
#include "app/client_options.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/http_call.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

namespace sluice::app {

namespace {
struct BackupArguments {
    std::string directory;
    HttpTarget target;
    bool json = false;
};

/// The message of {"error":{"message":…}}, or the body as it is.
std::string reason_in(const std::string& body) {
    JsonParser parser;
    const auto root = parser.parse(body);
    const auto error = root ? root->find("error") : std::nullopt;
    const auto message = error ? error->find("message") : std::nullopt;
    const auto text = message ? message->as_string() : Result<std::string_view>(body);
    return std::string(text ? *text : std::string_view(body));
}

Result<int> backup(const BackupArguments& arguments) {
    std::error_code ignored;
    const std::string folder = std::filesystem::absolute(arguments.directory, ignored).string();
    const std::string body = "{\"directory\":" + json_escape(folder) + "}";
    SLUICE_TRY(const HttpAnswer answer, http_call(arguments.target, {"POST", "/backup", body}));
    if (answer.status == 401)
        return fail(Code::denied, "the admin side wants its password: SLUICE_HTTP_PASSWORD");
    if (answer.status != 200) return fail(Code::conflict, reason_in(answer.body));
    if (arguments.json)
        std::printf("{\"directory\":%s}\n", json_escape(folder).c_str());
    else
        std::printf("backup made in %s\n", folder.c_str());
    return exit_ok;
}
}  // namespace

void add_backup(CLI::App& program, int& exit_code) {
    CLI::App* command =
        program.add_subcommand("backup", "Copy a running server's store into a new folder");
    auto arguments = std::make_shared<BackupArguments>();
    command->add_option("DIR", arguments->directory, "New folder, on the server's machine")
        ->required()
        ->check(&folder_mistake);
    command->add_option("--http", arguments->target.address, "Admin side of the server")
        ->capture_default_str()
        ->type_name("ADDRESS");
    command->add_flag("--json", arguments->json, "Print JSON for programs");
    command->footer(
        "Example:  sluice backup /var/backups/sluice-monday\n"
        "Work goes on meanwhile. Bring it back with: sluice restore DIR --data NEW\n"
        "The password of the admin side, if it has one, is taken from SLUICE_HTTP_PASSWORD.");
    command->callback(
        [arguments, &exit_code] { exit_code = finish("backup", backup(*arguments)); });
}

}  // namespace sluice::app
