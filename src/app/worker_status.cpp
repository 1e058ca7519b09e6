// SPDX-License-Identifier: Apache-2.0
#include "app/worker_status.h"

#include "app/human.h"
#include "app/version.h"
#include "kernel/base/text.h"
#include "kernel/net/http_server.h"
#include "kernel/net/runtime.h"
#include "kernel/observe/metrics.h"
#include "kernel/observe/process.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "kernel/wire/markup_text.h"

#include <utility>

namespace sluice::app {

namespace {

/// With a blank that keeps both on one line.
std::string seconds(Duration duration) {
    const auto tenths = duration / 100ms;
    return std::to_string(tenths / 10) + '.' + std::to_string(tenths % 10) + "\u00a0s";
}

constexpr std::string_view stage_words[] = {"waiting", "parked", "running"};
std::string_view word(sdk::WorkerPicture::Stage stage) {
    return stage_words[static_cast<std::size_t>(stage)];
}

constexpr std::string_view style =
    ":root{color-scheme:light dark}body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;"
    "max-width:64rem;padding:0 1rem}h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:1.8rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #8884;vertical-align:top}th{font-weight:600;white-space:nowrap}"
    ".facts th{width:12rem}code{font:13px ui-monospace,monospace}.alarm{color:#b00020;"
    "font-weight:600}@media(prefers-color-scheme:dark){.alarm{color:#ff8a80}}"
    "progress{width:8rem}footer{margin-top:2rem;opacity:.7;font-size:13px}";

/// One number of a worker: its metric and help; gauges do not end in _total.
struct Figure {
    const char* name;
    const char* help;
    std::uint64_t value;
};

std::vector<Figure> figures(const sdk::WorkerCounters& now) {
    return {
        {"fetched_total", "Jobs fetched", now.fetched},
        {"succeeded_total", "Jobs that succeeded", now.succeeded},
        {"failed_total", "Jobs reported as failed", now.failed},
        {"timed_out_total", "Jobs that ran longer than they may", now.timed_out},
        {"cancelled_total", "Jobs ended on request", now.cancelled},
        {"crashed_total", "Jobs whose handler process ended", now.crashed},
        {"given_back_total", "Jobs given back unfinished", now.released},
        {"leases_lost_total", "Leases lost while the job was held", now.lost},
        {"stale_answers_total", "Answers that came too late", now.stale},
        {"unsent_answers_total", "Answers that could not be delivered", now.unsent},
        {"spooled_answers_total", "Answers written to the spool", now.spooled},
        {"recovered_answers_total", "Answers found in the spool", now.recovered},
        {"reconnects_total", "Connections made again", now.reconnects},
        {"beats_total", "Heartbeats answered", now.beats},
        {"pressures_total", "Times that fetching stopped for want of memory", now.pressures},
        {"under_pressure", "1 while nothing is fetched for want of memory",
         now.under_pressure ? 1U : 0U},
        {"running_jobs", "Handlers at work", now.running},
        {"parked_jobs", "Held jobs that wait for what they need", now.parked},
        {"held_jobs", "Jobs held, running ones included", now.held},
        {"resident_bytes", "Memory in RAM", resident_memory().count},
    };
}

void put_metric(std::string& out, const std::string& name, std::string_view help,
                std::string_view value) {
    const bool is_counter = name.ends_with("_total");
    (out += "# HELP ") += name;
    ((out += ' ') += help) += '\n';
    (out += "# TYPE ") += name;
    out += is_counter ? " counter\n" : " gauge\n";
    ((out += name) += ' ');
    (out += value) += '\n';
}

}  // namespace

struct StatusPage::State {
    State(const WorkerParts& of, WorkerFacts its_facts)
        : worker(of.worker), processes(of.processes), jobs(of.jobs), facts(std::move(its_facts)) {}

    sdk::Worker& worker;
    const work::HandlerProcesses* processes;
    const sdk::JobMetrics& jobs;
    WorkerFacts facts;
    Registry registry{};
    std::unique_ptr<Runtime> runtime{};
    std::unique_ptr<HttpServer> server{};

    void add_routes(HttpRouter& router);
    [[nodiscard]] std::string metrics() const;
    [[nodiscard]] std::string page(const sdk::WorkerPicture& picture) const;
    [[nodiscard]] std::string facts_table(const sdk::WorkerPicture& picture) const;
    [[nodiscard]] std::string json(const sdk::WorkerPicture& picture) const;
    [[nodiscard]] std::string amounts(const sdk::WorkerPicture& picture) const;
};

void StatusPage::State::add_routes(HttpRouter& router) {
    const auto with_picture = [this](const auto& render) {
        // The worker's own thread answers within its turn; it never waits.
        const auto picture = worker.picture(deadline_after(2s));
        return picture ? render(*picture) : HttpResponse::error(picture.error());
    };
    router.add("GET", "/", [this, with_picture](const HttpRequest&) {
        return with_picture([this](const sdk::WorkerPicture& picture) {
            HttpResponse response = HttpResponse::text(200, page(picture));
            response.content_type = "text/html; charset=utf-8";
            return response;
        });
    });
    router.add("GET", "/style.css", [](const HttpRequest&) {
        HttpResponse response = HttpResponse::text(200, std::string(style));
        response.content_type = "text/css; charset=utf-8";
        return response;
    });
    router.add("GET", "/status.json", [this, with_picture](const HttpRequest&) {
        return with_picture([this](const sdk::WorkerPicture& picture) {
            return HttpResponse::json(json(picture));
        });
    });
    router.add("GET", "/metrics", [this](const HttpRequest&) {
        HttpResponse response = HttpResponse::text(200, metrics() + registry.render_prometheus());
        response.content_type = "text/plain; version=0.0.4; charset=utf-8";
        return response;
    });
}

std::string StatusPage::State::metrics() const {
    std::string out;
    for (const Figure& figure : figures(worker.counters())) {
        put_metric(out, std::string("sluice_worker_") + figure.name, figure.help,
                   std::to_string(figure.value));
    }
    put_metric(out, "sluice_worker_slots", "Handlers that run at once",
               std::to_string(facts.slots));
    put_metric(out, "sluice_worker_cpu_seconds_total", "Processor time used by this process",
               std::to_string(cpu_seconds()));
    if (processes != nullptr) {
        const auto counters = processes->counters();
        put_metric(out, "sluice_worker_processes_started_total", "Handler processes started",
                   std::to_string(counters.started));
        put_metric(out, "sluice_worker_processes_crashed_total",
                   "Handler processes that ended while they had a job",
                   std::to_string(counters.crashed));
        put_metric(out, "sluice_worker_processes_killed_total",
                   "Handler processes killed as their handler did not stop",
                   std::to_string(counters.killed));
    }
    return out + jobs.prometheus();
}

std::string StatusPage::State::amounts(const sdk::WorkerPicture& picture) const {
    const auto part = [](const char* name, const std::string& used, const std::string& of) {
        return std::string(name) + ' ' + used + " of " + of;
    };
    const auto number = [](double value) {
        std::string text = std::to_string(value);
        text.erase(text.find_last_not_of('0') + 1);
        if (text.ends_with('.')) text.pop_back();
        return text;
    };
    const sdk::Capacity& has = facts.capacity;
    std::string text = part("cpu", number(picture.used.cpu), has.cpu ? number(*has.cpu) : "any");
    text += ", " + part("mem_mb", std::to_string(picture.used.mem_mb),
                        has.mem_mb ? std::to_string(*has.mem_mb) : "any");
    text += ", " + part("gpu", std::to_string(picture.used.gpu), std::to_string(has.gpu));
    if (!has.labels.empty()) text += ", labels " + join(has.labels, " ");
    return text;
}

std::string StatusPage::State::facts_table(const sdk::WorkerPicture& picture) const {
    std::string out = "<table class=\"facts\">";
    const auto row = [&](std::string_view name, const std::string& value, bool alarm = false) {
        ((out += "<tr><th>") += name) += alarm ? "</th><td class=\"alarm\">" : "</th><td>";
        (out += markup_escape(value)) += "</td></tr>\n";
    };
    const sdk::WorkerCounters now = worker.counters();
    row("Server", facts.server);
    row("Queues", join(facts.queues, ", "));
    row("Slots", std::to_string(now.running) + " of " + std::to_string(facts.slots) + " at work");
    row("In use by needs", amounts(picture));
    row("Memory", picture.pressure.empty() ? "enough" : "fetching no more: " + picture.pressure,
        !picture.pressure.empty());
    row("Jobs", std::to_string(now.succeeded) + " succeeded, " + std::to_string(now.failed) +
                    " failed, " + std::to_string(now.released) + " given back");
    if (now.spooled + now.recovered > 0) {
        row("Spool", std::to_string(now.spooled) + " answers kept, " +
                         std::to_string(now.recovered) + " found");
    }
    if (!facts.isolated.empty()) {
        row("In processes",
            join(facts.isolated, ", ") + "; " + std::to_string(now.crashed) + " crashed");
    }
    for (const std::string& line : facts.confinement) row("Program", line);
    return out + "</table>\n";
}

std::string StatusPage::State::page(const sdk::WorkerPicture& picture) const {
    std::string out =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta http-equiv=\"refresh\" content=\"2\">"
        "<meta name=\"viewport\" content=\"width=device-width\">"
        "<title>Sluice worker</title><link rel=\"stylesheet\" href=\"/style.css\"></head><body>\n";
    out += "<h1>Worker <code>" + markup_escape(worker.wid()) +
           "</code>: " + markup_escape(picture.state) + "</h1>\n" + facts_table(picture);
    out += "<h2>Jobs held</h2>\n";
    if (picture.jobs.empty()) out += "<p>None.</p>\n";
    if (!picture.jobs.empty()) {
        out +=
            "<table><tr><th>Job</th><th>Type</th><th>Stage</th><th>For</th><th>Progress</th>"
            "</tr>\n";
        for (const auto& job : picture.jobs) {
            const bool runs = job.stage == sdk::WorkerPicture::Stage::running;
            out += "<tr><td><code>" + markup_escape(job.jid) + "</code></td><td>" +
                   markup_escape(job.type) + "</td><td>" + std::string(word(job.stage)) +
                   "</td><td>" + (runs ? seconds(job.running_for) : "") + "</td><td>";
            if (runs) {
                out += "<progress max=\"100\" value=\"" + std::to_string(job.percent) +
                       "\"></progress> " + markup_escape(job.note);
            }
            out += "</td></tr>\n";
        }
        out += "</table>\n";
    }
    out += "<h2>Recent failures</h2>\n";
    if (picture.failures.empty()) out += "<p>None.</p>\n";
    if (!picture.failures.empty()) {
        out += "<table><tr><th>Ago</th><th>Job</th><th>Type</th><th>Failure</th></tr>\n";
        for (const auto& one : picture.failures) {
            out += "<tr><td>" + seconds(one.ago) + "</td><td><code>" + markup_escape(one.jid) +
                   "</code></td><td>" + markup_escape(one.type) + "</td><td><b>" +
                   markup_escape(one.errtype) + "</b>: " + markup_escape(one.message) +
                   "</td></tr>\n";
        }
        out += "</table>\n";
    }
    return out + "<footer>Sluice " + std::string(version) +
           " · <a href=\"/status.json\">JSON</a> · "
           "<a href=\"/metrics\">metrics</a></footer></body></html>\n";
}

std::string StatusPage::State::json(const sdk::WorkerPicture& picture) const {
    std::string out;
    JsonWriter json(out);
    json.begin_object().key("wid").string(worker.wid()).key("state").string(picture.state);
    json.key("server").string(facts.server).key("slots").unsigned_integer(facts.slots);
    json.key("queues").begin_array();
    for (const std::string& queue : facts.queues) json.string(queue);
    json.end_array().key("pressure").string(picture.pressure);
    json.key("used").begin_object().key("cpu").number(picture.used.cpu);
    json.key("mem_mb").unsigned_integer(picture.used.mem_mb);
    json.key("gpu").unsigned_integer(picture.used.gpu).end_object();
    json.key("capacity").begin_object();
    if (facts.capacity.cpu) json.key("cpu").number(*facts.capacity.cpu);
    if (facts.capacity.mem_mb) json.key("mem_mb").unsigned_integer(*facts.capacity.mem_mb);
    json.key("gpu").unsigned_integer(facts.capacity.gpu).key("labels").begin_array();
    for (const std::string& label : facts.capacity.labels) json.string(label);
    json.end_array().end_object();
    json.key("counters").begin_object();
    for (const Figure& figure : figures(worker.counters())) {
        json.key(figure.name).unsigned_integer(figure.value);
    }
    json.end_object().key("jobs").begin_array();
    for (const auto& job : picture.jobs) {
        json.begin_object().key("jid").string(job.jid).key("type").string(job.type);
        json.key("stage").string(word(job.stage));
        json.key("seconds").number(to_seconds(job.running_for));
        json.key("percent").integer(job.percent).key("note").string(job.note).end_object();
    }
    json.end_array().key("failures").begin_array();
    for (const auto& one : picture.failures) {
        json.begin_object().key("jid").string(one.jid).key("type").string(one.type);
        json.key("errtype").string(one.errtype).key("message").string(one.message);
        json.key("seconds_ago").number(to_seconds(one.ago));
        json.end_object();
    }
    json.end_array().end_object();
    return out;
}

StatusPage::StatusPage(std::unique_ptr<State> state) : state_(std::move(state)) {}

StatusPage::~StatusPage() {
    if (state_->server) state_->server->close();
    if (state_->runtime) state_->runtime->stop(deadline_after(2s));
}

std::string StatusPage::address() const { return state_->server->address().text(); }

Status check_status_address(const std::string& listen, bool insecure) {
    auto address = parse_host_port(listen);
    if (!address) return std::move(address).error().in("work.http");
    if (address->is_loopback() || insecure) return {};
    return fail(Code::denied, "work.http = " + listen +
                                  " can be reached from other machines and has no password; "
                                  "accept the risk with work.http_insecure = true");
}

Result<std::unique_ptr<StatusPage>> StatusPage::start(const std::string& listen, bool insecure,
                                                      const WorkerParts& of, WorkerFacts facts) {
    SLUICE_TRY_STATUS(check_status_address(listen, insecure));
    auto state = std::make_unique<State>(of, std::move(facts));
    SLUICE_TRY(state->runtime, Runtime::start({.io_threads = 1, .name = "status"}));
    const auto router = std::make_shared<HttpRouter>();
    state->add_routes(*router);
    HttpServerOptions options;
    options.address = listen;
    options.connections_max = 64;
    SLUICE_TRY(state->server,
               HttpServer::start(*state->runtime, state->registry, std::move(options), router));
    return std::unique_ptr<StatusPage>(new StatusPage(std::move(state)));
}

}  // namespace sluice::app
