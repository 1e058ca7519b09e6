// SPDX-License-Identifier: Apache-2.0
// `sluice serve`: the server, from configuration to a clean stop.
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/module_list.h"
#include "app/server_config.h"
#include "app/version.h"
#include "kernel/mount/debug_pages.h"
#include "kernel/net/http_server.h"
#include "kernel/net/runtime.h"
#include "kernel/observe/contention.h"
#include "kernel/observe/log.h"
#include "kernel/observe/process.h"
#include "kernel/observe/watchdog.h"
#include "kernel/sync/clock.h"

#include <CLI/CLI.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <random>

namespace sluice::app {

namespace {

/// These are blocked before any thread exists, so that only wait_for_stop sees them.
sigset_t block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

/// The signal that stops the server. SIGHUP does not: elsewhere it makes a job server read its
/// settings again, and it comes when a terminal is closed.
int wait_for_stop(const sigset_t& signals) {
    for (;;) {
        int signal = 0;
        sigwait(&signals, &signal);
        if (signal != SIGHUP) return signal;
        log_warning(
            "SIGHUP changes nothing: settings are read at the start; restart to change one");
    }
}

std::uint64_t fresh_seed() {
    std::random_device device;
    return static_cast<std::uint64_t>(device()) << 32 | device();
}

Status start_log(const Config& config) {
    SLUICE_TRY(const LogLevel level, parse_log_level(config.text("log.level")));
    SLUICE_TRY(const LogFormat format, parse_log_format(config.text("log.format")));
    log_start({.level = level, .format = format, .descriptor = 2});
    return {};
}

/// Everything that lives as long as the server runs.
class Server {
public:
    explicit Server(const Config& config, Host& host) : config_(config), host_(host) {}

    Status start();
    void stop();

private:
    Status start_http();
    void add_own_routes();

    const Config& config_;
    Host& host_;
    Registry metrics_;
    const Watchdog watchdog_{metrics_};
    std::unique_ptr<Runtime> runtime_;
    std::shared_ptr<HttpRouter> router_ = std::make_shared<HttpRouter>();
    std::unique_ptr<HttpServer> http_;
};

void Server::add_own_routes() {
    router_->add("GET", "/metrics", [this](const HttpRequest&) {
        metrics_.gauge({"sluice_resident_bytes", "Memory in RAM"})
            .set(static_cast<std::int64_t>(resident_memory().count));
        HttpResponse response = HttpResponse::text(
            200, metrics_.render_prometheus() + contention_metrics(wait_totals()));
        response.content_type = "text/plain; version=0.0.4; charset=utf-8";
        return response;
    });
    add_debug_pages(*router_);
}

Status Server::start_http() {
    const std::string& listen = config_.text("http.listen");
    if (listen.empty()) return {};
    HttpServerOptions options;
    options.address = listen;
    options.password = config_.text("http.password");
    if (!config_.text("http.tls_certificate").empty()) {
        SLUICE_TRY(options.tls, TlsContext::server(config_.text("http.tls_certificate"),
                                                   config_.text("http.tls_key")));
    }
    SLUICE_TRY(http_, HttpServer::start(*runtime_, metrics_, std::move(options), router_));
    log_info("admin side open", {{"address", http_->address().text()}});
    return {};
}

Status Server::start() {
    SLUICE_TRY_STATUS(check_http(config_));
    SLUICE_TRY(
        runtime_,
        Runtime::start({.io_threads = static_cast<unsigned>(config_.integer("server.io_threads")),
                        .name = "io"}));
    add_own_routes();
    const auto make_mount = [this](const Module& module) {
        return Mount{.runtime = *runtime_,
                     .metrics = metrics_,
                     .http = *router_,
                     .config = config_.section(std::string(module.name())),
                     .clock = {},
                     .random_seed = fresh_seed()};
    };
    SLUICE_TRY_STATUS(
        host_.start(make_mount, deadline_after(config_.duration("server.stop_timeout"))));
    return start_http();
}

/// Nothing new is taken, what was taken is answered, then the threads end.
void Server::stop() {
    const Instant deadline = deadline_after(config_.duration("server.stop_timeout"));
    if (http_) http_->close();
    host_.stop(deadline);
    if (runtime_) runtime_->stop(deadline);
}

Status serve(const ConfigArguments& arguments) {
    keep_memory_small();
    raise_open_files();
    umask(0077);  // what the server makes is the server's own
    Host host(make_modules());
    ConfigTable table;
    table.declare(server_settings());
    host.declare(table);
    SLUICE_TRY(const Config config, load_config(table, arguments));
    SLUICE_TRY_STATUS(start_log(config));
    for (const std::string& warning : config.warnings())
        log_warning("configuration", {{"warning", warning}});

    const sigset_t signals = block_signals();
    Server server(config, host);
    if (Status started = server.start(); !started) {
        server.stop();
        return started;
    }
    log_info("sluice is ready",
             {{"version", version}, {"pid", static_cast<std::int64_t>(getpid())}});
    const int signal = wait_for_stop(signals);
    log_info("stopping", {{"signal", signal == SIGINT ? "SIGINT" : "SIGTERM"}});
    server.stop();
    log_info("stopped");
    return {};
}

}  // namespace

void add_serve(CLI::App& program, int& exit_code) {
    CLI::App* command = program.add_subcommand("serve", "Run the server");
    auto arguments = std::make_shared<ConfigArguments>();
    add_config_options(*command, *arguments);
    command->footer(
        "Listens on this machine only, unless a password and TLS, or the setting insecure, allow "
        "more.\n"
        "SIGTERM or Ctrl-C stops it cleanly. All settings: sluice check-config --describe");
    command->callback([arguments, &exit_code] {
        const Status status = serve(*arguments);
        if (status) return;
        std::fprintf(stderr, "sluice serve: %s\n", status.error().message.c_str());
        exit_code = status.error().code == Code::invalid ? exit_usage : exit_failed;
    });
}

}  // namespace sluice::app
