// SPDX-License-Identifier: Apache-2.0
// `sluice top`: a live view of the server.
#include "app/client_options.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/terminal.h"
#include "app/top_view.h"
#include "kernel/sync/clock.h"
#include "sdk/wake.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <optional>

namespace sluice::app {

namespace {

struct TopArguments {
    ServerArguments server;
    std::string interval = "1s";
    std::uint64_t count = 0;  ///< 0: until the end
    bool once = false;
};

Result<TopReading> take_reading(sdk::Client& client) {
    SLUICE_TRY(const std::string text, client.info());
    SLUICE_TRY(ServerInfo info, read_server_info(text));
    return TopReading{.info = std::move(info), .at = monotonic_now()};
}

/// Without a terminal: pictures or JSON lines, one below the other.
Result<int> print_pictures(sdk::Client& client, const TopArguments& arguments, Duration interval) {
    std::optional<TopReading> before;
    const sdk::Wake never;
    for (std::uint64_t i = 0; arguments.count == 0 || i < arguments.count; ++i) {
        if (i > 0) never.wait_until(deadline_after(interval));
        if (arguments.server.json) {
            SLUICE_TRY(const std::string text, client.info());
            std::printf("%s\n", text.c_str());
        } else {
            SLUICE_TRY(TopReading now, take_reading(client));
            const TerminalSize size{.columns = 120, .rows = 60};
            std::fputs(top_picture(now, before ? &*before : nullptr, size, true).c_str(), stdout);
            before = std::move(now);
        }
        if (std::fflush(stdout) != 0) break;  // whoever read it has gone
    }
    return exit_ok;
}

/// Until q, Ctrl-C or a signal. While the server is away it says so and tries again.
Result<int> show_live(sdk::Client& client, LiveScreen& screen, Duration interval) {
    std::optional<TopReading> before;
    std::optional<TopReading> now;
    while (true) {
        auto reading = take_reading(client);
        if (reading) {
            before = std::exchange(now, std::move(*reading));
            screen.draw(top_picture(*now, before ? &*before : nullptr, terminal_size(), false) +
                        "\nq ends");
        } else {
            screen.draw("the server does not answer: " + reading.error().message +
                        "\ntrying again; q ends");
        }
        const Instant next = deadline_after(interval);
        while (monotonic_now() < next) {
            char key = 0;
            const LiveScreen::Event event = screen.wait(next, key);
            if (event == LiveScreen::Event::quit) return exit_ok;
            if (event == LiveScreen::Event::resized && now)
                screen.draw(top_picture(*now, before ? &*before : nullptr, terminal_size(), false) +
                            "\nq ends");
            if (event == LiveScreen::Event::key && key == ' ') break;
        }
    }
}

Result<int> top(TopArguments arguments) {
    SLUICE_TRY(const Duration interval,
               parse_option_duration("--interval", arguments.interval, 1s));
    if (interval < 100ms) return fail(Code::invalid, "--interval must be at least 100ms");
    SLUICE_TRY(sdk::ClientOptions options, client_options(arguments.server));
    {
        SLUICE_TRY(sdk::Client first, open_client(arguments.server));  // explains what is wrong
    }
    if (arguments.once) arguments.count = 1;
    if (arguments.count == 0 && !arguments.server.json) {
        if (const auto screen = LiveScreen::open()) {
            options.attempts_max = 1;  // the screen says that the server is away, and tries again
            options.reply_timeout = 3s;
            sdk::Client client(std::move(options));
            return show_live(client, *screen, interval);
        }
        arguments.count = 1;
    }
    sdk::Client client(std::move(options));
    return print_pictures(client, arguments, interval);
}

}  // namespace

void add_top(CLI::App& program, int& exit_code) {
    CLI::App* command = program.add_subcommand("top", "Watch queues, workers and rates live");
    auto arguments = std::make_shared<TopArguments>();
    command->add_option("--interval", arguments->interval, "Time between two readings")
        ->capture_default_str()
        ->type_name("DURATION");
    CLI::Option* count =
        command->add_option("--count", arguments->count, "Print so many readings and end")
            ->check(CLI::Range(1, 1'000'000'000));
    command->add_flag("--once", arguments->once, "Print one picture and end")->excludes(count);
    add_server_options(*command, arguments->server);
    command->footer(
        "Example:  sluice top --interval 500ms\n"
        "q or Ctrl-C ends, the space bar reads at once. Without a terminal it prints one picture;\n"
        "with --json a line with the INFO document for each reading.");
    command->callback([arguments, &exit_code] { exit_code = finish("top", top(*arguments)); });
}

}  // namespace sluice::app
