// SPDX-License-Identifier: Apache-2.0
// `sluice restore`: makes a data folder from a backup.
#include "app/client_options.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "kernel/wire/json_text.h"
#include "modules/jobs/module.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace sluice::app {

namespace {
struct RestoreArguments {
    std::string backup;
    std::string data = "sluice-data";
    bool json = false;
};
}  // namespace

void add_restore(CLI::App& program, int& exit_code) {
    CLI::App* command = program.add_subcommand("restore", "Make a data folder from a backup");
    auto arguments = std::make_shared<RestoreArguments>();
    command->add_option("BACKUP", arguments->backup, "Folder that 'sluice backup' made")
        ->required()
        ->check(&folder_mistake);
    command
        ->add_option("--data", arguments->data, "Data folder to make; it must be missing or empty")
        ->capture_default_str()
        ->check(&folder_mistake);
    command->add_flag("--json", arguments->json, "Print JSON for programs");
    command->footer(
        "Example:  sluice restore /var/backups/sluice-monday --data /var/lib/sluice-new\n"
        "Then:     sluice serve --data /var/lib/sluice-new");
    command->callback([arguments, &exit_code] {
        const Status restored = jobs::restore_backup(arguments->backup, arguments->data);
        if (!restored) {
            std::fprintf(stderr, "sluice restore: %s\n", restored.error().message.c_str());
            exit_code = exit_failed;
            return;
        }
        if (arguments->json) {
            std::printf("{\"backup\":%s,\"data\":%s}\n", json_escape(arguments->backup).c_str(),
                        json_escape(arguments->data).c_str());
            return;
        }
        std::printf("restored %s into %s; start it with: sluice serve --data %s\n",
                    arguments->backup.c_str(), arguments->data.c_str(), arguments->data.c_str());
    });
}

}  // namespace sluice::app
