// SPDX-License-Identifier: Apache-2.0
#include "app/worker_settings.h"

#include "app/worker_exec.h"
#include "app/worker_runtime.h"
#include "kernel/base/text.h"
#include "sdk/server_url.h"

#include <unistd.h>

#include <algorithm>
#include <thread>
#include <utility>

namespace sluice::app {

namespace {

std::vector<Setting> log_settings() {
    return {
        Setting::choice("log.level", {"info", "debug", "warning", "error"}, "What is logged."),
        Setting::choice("log.format", {"human", "json"}, "How it is logged."),
    };
}

/// Of the section "work" but for exec_handler_settings() and runtime_settings().
std::vector<Setting> worker_settings() {
    return {
        Setting::text("work.jobs", "",
                      "The server, as tcp://[:PASSWORD@]HOST:PORT or tcp+tls://…; empty: "
                      "FAKTORY_PROVIDER, FAKTORY_URL, tcp://localhost:7419."),
        Setting::text("work.tls_ca", "", "PEM file of the authorities to trust."),
        Setting::list("work.queues", {"default"}, "Queues to fetch from, the first one first."),
        Setting::integer("work.concurrency", 0, {0, sdk::worker_concurrency_max},
                         "Jobs that run at once; 0: one for each processor."),
        Setting::integer("work.prefetch", -1, {-1, sdk::worker_prefetch_max},
                         "Jobs held ready beside the running ones; -1: by how long jobs take, work "
                         "for 20 ms, at most 200 jobs."),
        Setting::duration("work.grace", 25s, {0s, 24h},
                          "Time for running jobs to end by themselves after SIGTERM."),
        Setting::duration("work.timeout", 0s, {0s, 24h},
                          "Time limit of jobs that name none; 0s: none."),
        Setting::list("work.labels", {}, "Labels that the server shows."),
        Setting::list("work.read_roots", {}, "Folders that jobs may read from."),
        Setting::text("work.write_root", "", "The folder that jobs may write to; empty: none."),
        Setting::list("work.programs", {},
                      "Programs for the job type exec: \"name=/path/of/program fixed arguments\"."),
        Setting::text("work.exec_cgroup", "",
                      "A delegated control group (version 2) for work.exec.NAME.group_…; empty: "
                      "none."),
        Setting::size("work.image_memory", work::WorkLimits().image_memory_max,
                      {mib(64), Bytes{std::uint64_t{1} << 40}},
                      "Memory that one image job may hold; also what it is said to need."),
        Setting::text("work.pdf_program", "/usr/bin/weasyprint",
                      "What makes PDF of HTML for report.render; empty: nothing does."),
        Setting::list("work.http_hosts", {},
                      "Hosts that http.get and web.crawl may reach (\"*.example.org\"; \"*\": all "
                      "public ones)."),
        Setting::list("work.http_networks", {},
                      "Networks (\"10.1.0.0/16\") that both may reach though they are private."),
        Setting::text("work.mail.server", "",
                      "Server for mail.send: smtp://HOST:PORT (STARTTLS) or smtps://HOST:PORT; "
                      "empty: no mail."),
        Setting::choice("work.mail.tls", {"required", "preferred", "none"},
                        "Whether STARTTLS must be, may be, or is not used."),
        Setting::text("work.mail.tls_ca", "",
                      "PEM file of the authorities that the mail server is trusted by; empty: the "
                      "system's."),
        Setting::text("work.mail.user", "", "Name for the login at the mail server; empty: none."),
        Setting::text("work.mail.secret", "",
                      "Which secret (work.secrets.NAME) is the password of that login."),
        Setting::text("work.mail.from", "", "Sender of mails whose job names none."),
        Setting::list("work.mail.senders", {},
                      "Patterns of senders that jobs may name (\"*@example.org\")."),
        Setting::list("work.mail.recipients", {"*"}, "Patterns of whom jobs may write to."),
        Setting::text("work.secrets.*.file", "",
                      "File that holds a secret which jobs may name ({\"$secret\": \"NAME\"}); "
                      "read when it is needed."),
        Setting::text("work.secrets.*.env", "", "Variable of the environment that holds it."),
    };
}

}  // namespace

ConfigTable worker_table(bool only_work) {
    ConfigTable table;
    table.declare(worker_settings());
    table.declare(exec_handler_settings());
    table.declare(runtime_settings());
    if (only_work) {
        table.look_only_at("work");
    } else {
        table.share_with({"server", "http", "jobs"});  // one file may be for both
        table.declare(log_settings());
    }
    return table;
}

Result<Config> load_worker_config(const WorkerArguments& arguments) {
    const ConfigTable table = worker_table(arguments.only_work);
    ConfigSources sources;
    if (!arguments.file.empty()) sources.file = arguments.file;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        // The server's own variables are in many environments; they are not ours to judge.
        const bool ours = text.starts_with("SLUICE_WORK_") ||
                          (text.starts_with("SLUICE_LOG_") && !arguments.only_work);
        if (ours && equals != std::string_view::npos)
            sources.environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
    sources.add_flag("work.jobs", arguments.jobs);
    sources.add_flag("work.queues", join(arguments.queues, ","));
    sources.add_flag("work.concurrency", arguments.concurrency);
    sources.add_flag("work.read_roots", join(arguments.read_roots, ","));
    sources.add_flag("work.write_root", arguments.write_root);
    sources.add_flag("work.grace", arguments.grace);
    sources.add_flag("log.format", arguments.log_format);
    SLUICE_TRY_STATUS(sources.add_settings(arguments.settings));
    return table.load(sources);
}

Result<work::WorkSettings> work_settings(const Config& config) {
    work::WorkSettings settings;
    settings.read_roots = config.list("work.read_roots");
    settings.pdf_program = config.text("work.pdf_program");
    settings.write_root = config.text("work.write_root");
    settings.http.hosts = config.list("work.http_hosts");
    settings.http.networks = config.list("work.http_networks");
    settings.mail = {.server = config.text("work.mail.server"),
                     .tls = config.text("work.mail.tls"),
                     .tls_ca = config.text("work.mail.tls_ca"),
                     .user = config.text("work.mail.user"),
                     .secret = config.text("work.mail.secret"),
                     .from = config.text("work.mail.from"),
                     .senders = config.list("work.mail.senders"),
                     .recipients = config.list("work.mail.recipients")};
    for (const std::string& name : config.names_in("work.secrets")) {
        settings.secrets.push_back({.name = name,
                                    .file = config.text("work.secrets." + name + ".file"),
                                    .env = config.text("work.secrets." + name + ".env")});
    }
    for (const std::string& entry : config.list("work.programs")) {
        const std::size_t equals = entry.find('=');
        const auto words =
            split_words(equals == std::string::npos ? std::string_view()
                                                    : std::string_view(entry).substr(equals + 1));
        if (equals == 0 || words.empty()) {
            return fail(Code::invalid,
                        "work.programs: \"" + entry + "\": write name=/path/of/program");
        }
        work::AllowedProgram program{.name = entry.substr(0, equals),
                                     .path = std::string(words[0])};
        program.arguments.assign(words.begin() + 1, words.end());
        settings.programs.push_back(std::move(program));
    }
    settings.limits.image_memory_max = config.size("work.image_memory");
    settings.handlers = exec_handlers(config);
    settings.cgroup = config.text("work.exec_cgroup");
    return settings;
}

Result<sdk::WorkerOptions> worker_options(const Config& config) {
    sdk::WorkerOptions options;
    const std::string& url = config.text("work.jobs");
    SLUICE_TRY(options.server,
               sdk::parse_server_url(url.empty() ? sdk::server_url_from_environment() : url));
    options.trust.ca_file = config.text("work.tls_ca");
    options.identity.labels = config.list("work.labels");
    options.queues = config.list("work.queues");
    for (const std::string& queue : options.queues) {
        if (sdk::is_queue_name(queue)) continue;
        return fail(Code::invalid, "work.queues: \"" + queue +
                                       "\" is not a queue name: letters, digits, '.', '_' and '-'");
    }
    const auto concurrency = static_cast<std::uint32_t>(config.integer("work.concurrency"));
    options.concurrency =
        concurrency != 0 ? concurrency : std::max(1U, std::thread::hardware_concurrency());
    // Who names a number means it.
    if (const std::int64_t prefetch = config.integer("work.prefetch"); prefetch >= 0) {
        options.prefetch = static_cast<std::uint32_t>(prefetch);
        options.ready_time = Duration{0};
    }
    options.grace = config.duration("work.grace");
    options.timeout_default = config.duration("work.timeout");
    SLUICE_TRY_STATUS(set_runtime(config, options));
    return options;
}

}  // namespace sluice::app
