// SPDX-License-Identifier: Apache-2.0
// health.check: looks at several things at once, and pushes a job for each that has changed since
// the last run. What it knew is kept below the write root, with the alerts that are
// not pushed yet.
#include "kernel/base/text.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/thread.h"
#include "kernel/wire/json_text.h"
#include "modules/work/core/operations/health_state.h"
#include "modules/work/core/utf8.h"
#include "modules/work/flow_store.h"
#include "modules/work/shell/endpoint_probe.h"
#include "modules/work/shell/http_fetch.h"
#include "modules/work/shell/process.h"
#include "modules/work/task.h"

#include <algorithm>
#include <array>
#include <set>

namespace sluice::work {

namespace {

constexpr double checks_max = 100;
constexpr std::size_t looks_at_once_max = 8;
constexpr std::string_view state_name = "health.json";
constexpr Bytes state_bytes_max = mib(4);
constexpr std::size_t health_message_bytes_max = 300;
constexpr std::size_t name_bytes_max = 100;

enum class CheckKind : std::uint8_t { http, tcp, certificate, command };
constexpr std::array<std::string_view, 4> kind_names{"http", "tcp", "certificate", "command"};

struct Check {
    CheckKind kind = CheckKind::http;
    std::string name;
    std::string url;
    std::string contains;
    int status = 0;  ///< 0: any below 400
    std::string host;
    std::uint16_t port = 0;
    double days_min = 14;
    std::string program;
    std::vector<std::string> arguments;
    Duration timeout{10s};
};

struct HealthRequest {
    std::vector<Check> checks;
    std::string state;
    std::optional<FlowStep> on_change;
    std::uint64_t threshold = 1;
    bool fails = false;
};

// ---------------------------------------------------------------------------- arguments

Result<std::string> text_of(JsonView value, const std::string& what) {
    const auto text = value.as_string();
    if (!text || text->empty()) return fail(Code::invalid, what + " must be a text");
    return std::string(*text);
}

Result<double> number_of(JsonView value, const std::string& what, double min, double max) {
    const auto number = value.as_double();
    if (!number || !(*number >= min && *number <= max)) {
        return fail(Code::invalid, what + " must be a number from " +
                                       std::to_string(static_cast<std::int64_t>(min)) + " to " +
                                       std::to_string(static_cast<std::int64_t>(max)));
    }
    return *number;
}

Status read_member(Check& check, std::string_view name, JsonView value, const std::string& what) {
    const auto put = [&](std::string& place) -> Status {
        SLUICE_TRY(place, text_of(value, what));
        return {};
    };
    if (name == "name") return put(check.name);
    if (name == "url") return put(check.url);
    if (name == "contains") return put(check.contains);
    if (name == "host") return put(check.host);
    if (name == "program") return put(check.program);
    if (name == "kind") {
        SLUICE_TRY(const std::string kind, text_of(value, what));
        const auto* const found = std::find(kind_names.begin(), kind_names.end(), kind);
        if (found == kind_names.end()) {
            return fail(Code::invalid, what + " must be http, tcp, certificate or command");
        }
        check.kind = static_cast<CheckKind>(found - kind_names.begin());
    } else if (name == "status") {
        SLUICE_TRY(const double status, number_of(value, what, 100, 599));
        check.status = static_cast<int>(status);
    } else if (name == "port") {
        SLUICE_TRY(const double port, number_of(value, what, 1, 65'535));
        check.port = static_cast<std::uint16_t>(port);
    } else if (name == "days_min") {
        SLUICE_TRY(check.days_min, number_of(value, what, 0, 3'650));
    } else if (name == "timeout") {
        SLUICE_TRY(const double seconds, number_of(value, what, 0, 60));
        check.timeout = from_double_seconds(seconds);
    } else if (name == "arguments" && value.is_array()) {
        for (const JsonView argument : value.elements()) {
            SLUICE_TRY(std::string text, text_of(argument, what));
            check.arguments.push_back(std::move(text));
        }
    } else {
        return fail(Code::invalid, what + " is not known, or of another kind");
    }
    return {};
}

Result<Check> read_check(JsonView value, const std::string& what, const Services& services) {
    if (!value.is_object()) return fail(Code::invalid, "`" + what + "` must be an object");
    Check check;
    for (const JsonMember member : value.members()) {
        const std::string name = "`" + what + "." + std::string(member.name) + "`";
        SLUICE_TRY_STATUS(read_member(check, member.name, member.value, name));
    }
    const auto missing = [&what](std::string_view member) {
        return fail(Code::invalid, "`" + what + "." + std::string(member) + "` is missing");
    };
    switch (check.kind) {
        case CheckKind::http:
            if (check.url.empty()) return missing("url");
            break;
        case CheckKind::certificate:
            if (check.port == 0) check.port = 443;
            [[fallthrough]];
        case CheckKind::tcp:
            if (check.host.empty()) return missing("host");
            if (check.port == 0) return missing("port");
            break;
        case CheckKind::command: {
            const auto& programs = services.settings.programs;
            if (std::none_of(programs.begin(), programs.end(), [&](const AllowedProgram& program) {
                    return program.name == check.program;
                })) {
                return fail(Code::invalid,
                            "`" + what + ".program` is none that this worker allows");
            }
            break;
        }
    }
    if (check.name.empty()) {
        check.name = check.kind == CheckKind::http ? check.url
                     : check.kind == CheckKind::command
                         ? check.program
                         : check.host + ":" + std::to_string(check.port);
    }
    if (check.name.size() > name_bytes_max) {
        return fail(Code::invalid, "`" + what + ".name` has more than 100 bytes");
    }
    return check;
}

Result<HealthRequest> read_health(Arguments& arguments, const Services& services) {
    HealthRequest request;
    std::set<std::string> names;
    for (const JsonView value : arguments.value("checks")->elements()) {
        const std::string what = "checks[" + std::to_string(request.checks.size()) + "]";
        SLUICE_TRY(Check check, read_check(value, what, services));
        if (!names.insert(check.name).second) {
            arguments.refuse("checks", "names \"" + check.name + "\" twice");
        }
        request.checks.push_back(std::move(check));
    }
    request.state = arguments.text_if_given("state").value_or("");
    request.threshold = static_cast<std::uint64_t>(arguments.integer("threshold"));
    request.fails = arguments.boolean("fail");
    if (const auto step = arguments.value("on_change")) {
        SLUICE_TRY(request.on_change, read_step(*step, "on_change"));
        SLUICE_TRY_STATUS(check_alert_template(*request.on_change));
        if (request.state.empty()) {
            arguments.refuse("on_change", "needs `state`, where the last run is remembered");
        }
    }
    return request;
}

// ---------------------------------------------------------------------------- looking

/// What a look found; an error only when the job itself is to end.
struct Found {
    bool ok = false;
    std::string message;
    std::optional<double> days_left{};
};

Result<Found> look_http(const Check& check, const Services& services, const CancelToken& cancel) {
    std::string text;
    const std::size_t most = check.contains.empty() ? 0 : std::size_t{1} << 20;
    const auto answer = http_fetch(
        {.url = check.url, .timeout = check.timeout, .body_max = mib(16)}, services.rules,
        [&](std::string_view piece) {
            text += piece.substr(0, most - std::min(most, text.size()));
            return Status();
        },
        cancel);
    if (!answer) return answer.error();
    const bool fits = check.status == 0 ? answer->status < 400 : answer->status == check.status;
    Found found{.ok = fits, .message = "status " + std::to_string(answer->status)};
    if (fits && text.find(check.contains) == std::string::npos) {
        found.ok = false;
        found.message += ", but the text is not in the answer";
    }
    return found;
}

Result<Found> look_at_port(const Check& check, const Services& services,
                           const CancelToken& cancel) {
    const bool tls = check.kind == CheckKind::certificate;
    SLUICE_TRY(const EndpointAnswer answer,
               probe_endpoint(
                   {.host = check.host, .port = check.port, .tls = tls, .timeout = check.timeout},
                   services.rules, cancel));
    if (!tls) return Found{.ok = true, .message = "connected"};
    const double days =
        std::chrono::duration<double, std::ratio<86'400>>(*answer.expires - wall_now()).count();
    return Found{
        .ok = days >= check.days_min,
        .message = "valid until " + format_rfc3339(*answer.expires) + " (" + answer.subject + ")",
        .days_left = days};
}

Result<Found> look_at_command(const Check& check, const Services& services,
                              const CancelToken& cancel) {
    const auto& settings = services.settings;
    const auto program =
        std::find_if(settings.programs.begin(), settings.programs.end(),
                     [&check](const AllowedProgram& each) { return each.name == check.program; });
    ProcessSpec spec{.path = program->path,
                     .arguments = program->arguments,
                     .environment = program->environment,
                     .folder = settings.write_root.empty() ? "/" : settings.write_root,
                     .input = {},
                     .timeout = check.timeout,
                     .output_kept_max = kib(4),
                     .output_total_max = settings.limits.exec_output_total_max,
                     .limits = {.cpu_time = settings.limits.exec_cpu_max,
                                .memory = settings.limits.exec_memory_max,
                                .file_size = settings.limits.output_max,
                                .open_files = 1024}};
    spec.arguments.insert(spec.arguments.end(), check.arguments.begin(), check.arguments.end());
    SLUICE_TRY(const ProcessResult result, run_process(spec, cancel));
    const std::string& said = result.err.text.empty() ? result.out.text : result.err.text;
    return Found{.ok = result.exit_code == 0,
                 .message = "exit code " + std::to_string(result.exit_code) +
                            (said.empty() ? "" : ": " + to_valid_utf8(said))};
}

Result<Found> look(const Check& check, const Services& services, const CancelToken& cancel) {
    SLUICE_TRY_STATUS(cancel.check());
    auto found = check.kind == CheckKind::http      ? look_http(check, services, cancel)
                 : check.kind == CheckKind::command ? look_at_command(check, services, cancel)
                                                    : look_at_port(check, services, cancel);
    // The job's own end is no news about what is looked at.
    SLUICE_TRY_STATUS(cancel.check());
    if (!found && found.error().code == Code::denied) return found.error();
    if (!found) return Found{.ok = false, .message = found.error().message};
    found->message = std::string(truncate_utf8(found->message, health_message_bytes_max));
    return found;
}

/// Some at once, so that one that does not answer holds up no other. What was found stands in the
/// order of the checks. Progress is told on this thread, which the job belongs to. Errors: the
/// first one of look(); it ends the other looks.
Result<std::vector<Found>> look_at_all(const std::vector<Check>& checks, Task& task) {
    Channel<std::size_t> todo(checks.size(), "health.todo");
    Channel<std::size_t> done(checks.size(), "health.done");
    for (std::size_t i = 0; i < checks.size(); ++i) static_cast<void>(todo.push(std::size_t{i}));
    todo.close();
    std::vector<std::optional<Result<Found>>> found(checks.size());
    const CancelSource stop(task.cancel());
    std::vector<Thread> lookers;
    for (std::size_t i = 0; i < std::min(checks.size(), looks_at_once_max); ++i) {
        lookers.emplace_back("health-look-" + std::to_string(i), [&] {
            std::size_t at = 0;
            while (todo.pop(at) == ChannelStatus::ok) {
                found[at].emplace(look(checks[at], task.services, stop.token()));
                static_cast<void>(done.push(std::size_t{at}));
            }
        });
    }
    Status first;
    for (std::size_t count = 1; count <= checks.size(); ++count) {
        std::size_t at = 0;
        if (done.pop(at) != ChannelStatus::ok) break;
        if (first && !*found[at]) {
            first = found[at]->error();
            stop.cancel(found[at]->error());
        }
        task.progress(static_cast<int>(100 * count / checks.size()), checks[at].name);
    }
    for (Thread& looker : lookers) looker.join();
    SLUICE_TRY_STATUS(first);
    std::vector<Found> all;
    for (auto& one : found) {
        SLUICE_TRY(Found good, *std::move(one));
        all.push_back(std::move(good));
    }
    return all;
}

// ---------------------------------------------------------------------------- running

class HealthRun {
public:
    HealthRun(const HealthRequest& request, Task& task) : request_(request), task_(task) {}

    Result<std::string> run() {
        SLUICE_TRY_STATUS(open());
        // Alerts that a run before this one could not push.
        SLUICE_TRY_STATUS(push_alerts());
        SLUICE_TRY(const std::vector<Found> found, look_at_all(request_.checks, task_));
        std::vector<HealthResult> results;
        for (std::size_t i = 0; i < found.size(); ++i)
            results.push_back({request_.checks[i].name, found[i].ok, found[i].message});
        SLUICE_TRY(const std::size_t changes,
                   state_.take(results, request_.threshold,
                               request_.on_change ? &*request_.on_change : nullptr, wall_now()));
        SLUICE_TRY_STATUS(save());
        SLUICE_TRY_STATUS(push_alerts());
        return result(found, changes);
    }

private:
    Status open() {
        if (request_.state.empty()) return {};
        SLUICE_TRY(WorkFolder folder, task_.services.files.open_work_folder(request_.state, true));
        folder_.emplace(std::move(folder));
        auto text = folder_->read(state_name, state_bytes_max);
        if (!text && text.error().code == Code::not_found) return {};
        if (!text) return text.error();
        SLUICE_TRY(state_, HealthState::parse(*text));
        return {};
    }

    Status save() const { return folder_ ? folder_->write(state_name, state_.format()) : Status(); }

    Status push_alerts() {
        if (state_.alerts().empty() || !request_.on_change) return {};
        std::vector<sdk::JobSpec> jobs;
        for (const HealthAlert& alert : state_.alerts()) {
            sdk::JobSpec job;
            job.type = request_.on_change->type;
            job.args = alert.args;
            job.queue =
                request_.on_change->queue.empty() ? task_.job().queue : request_.on_change->queue;
            job.retry = request_.on_change->retry;
            job.priority = request_.on_change->priority;
            job.jid = flow_jid(flow_hash(), request_.state, alert.part + alert.args);
            jobs.push_back(std::move(job));
        }
        SLUICE_TRY(const auto refused, task_.push(jobs));
        if (!refused.empty()) {
            return fail(Code::io, "the server refused an alert: " + refused.front().text);
        }
        pushed_ += jobs.size();
        state_.alerts_were_pushed();
        return save();
    }

    [[nodiscard]] Result<std::string> result(const std::vector<Found>& found,
                                             std::size_t changes) const {
        std::string out;
        std::string first_bad;
        JsonWriter json(out);
        json.begin_object().key("checks").begin_array();
        std::size_t bad = 0;
        for (std::size_t i = 0; i < found.size(); ++i) {
            const Check& check = request_.checks[i];
            json.begin_object().key("name").string(check.name);
            json.key("kind").string(kind_names[static_cast<std::size_t>(check.kind)]);
            json.key("ok").boolean(found[i].ok).key("message").string(found[i].message);
            json.key("state").string(state_.state_of(check.name));
            json.key("since").string(format_rfc3339(state_.since(check.name)));
            if (found[i].days_left) json.key("days_left").number(*found[i].days_left);
            json.end_object();
            if (found[i].ok) continue;
            if (++bad == 1) first_bad = check.name + ": " + found[i].message;
        }
        json.end_array().key("ok").boolean(bad == 0).key("bad").unsigned_integer(bad);
        json.key("changes").unsigned_integer(changes);
        json.key("alerts").unsigned_integer(pushed_).end_object();
        if (bad > 0 && request_.fails) return fail(Code::io, first_bad);
        return out;
    }

    const HealthRequest& request_;
    Task& task_;
    std::optional<WorkFolder> folder_;
    HealthState state_;
    std::size_t pushed_ = 0;
};

Result<std::string> run_health(const HealthRequest& request, Task& task) {
    return HealthRun(request, task).run();
}

constexpr std::string_view health_notes =
    R"(A check is an object with `kind`, a `name` (by default what it looks at) and a `timeout` (10 seconds):
- `http`: `url`, `status` (by default any below 400), `contains` (a text in the first MiB of the answer).
- `tcp`: `host`, `port`; good if it can be connected to.
- `certificate`: `host`, `port` (443), `days_min` (14); good if the certificate is valid for so many days, whoever signed it.
- `command`: `program` and `arguments`, as for exec; good if its exit code is 0.

Eight are looked at at once.

`on_change` is a job: `type`, `args`, and `queue`, `retry`, `priority` if wanted. In the texts of its arguments `{name}`, `{state}` (up or down), `{previous}`, `{message}` and `{at}` stand for what was found; `{{` and `}}` are braces. It is pushed once for each change of something that was looked at before, and for what is down at the first look. An alert is written down before it is pushed, so a crash neither loses nor doubles it. Jobs that share a `state` must not run at the same time; push this one from a schedule. The worker's outbound policy applies; an address that it forbids fails the job.)";

}  // namespace

sdk::JobType health_check(const SharedServices& services) {
    return with_handler(
        {
            .name = "health.check",
            .summary = "Looks whether HTTP addresses, ports, certificates and programs are well, "
                       "and pushes a job when that changes.",
            .schema = {.arguments = {{.name = "checks",
                                      .kind = ArgumentKind::list,
                                      .required = true,
                                      .range = {1, checks_max},
                                      .help = "what to look at"},
                                     {.name = "state",
                                      .help =
                                          "a folder of its own below the folder for writing, where "
                                          "the last run is remembered (`health.json`)"},
                                     {.name = "on_change",
                                      .kind = ArgumentKind::object,
                                      .passes_secrets = true,
                                      .help = "the job to push when something has changed"},
                                     {.name = "threshold",
                                      .kind = ArgumentKind::integer,
                                      .range = {1, 100},
                                      .fallback = "1",
                                      .help = "failures in a row after which something is down"},
                                     {.name = "fail",
                                      .kind = ArgumentKind::boolean,
                                      .fallback = "false",
                                      .help = "fail the job if anything is not well"}},
                       .positions = 1,
                       .notes = std::string(health_notes)},
            .result_help =
                "`checks` (`name`, `kind`, `ok`, `message`, `state`, `since`, "
                "`days_left` of certificates), `ok`, `bad`, `changes`, `alerts` (pushed).",
            .example =
                R"(sluice push health.check '[{"kind": "tcp", "host": "example.org", "port": 443}]')",
        },
        services, &read_health, &run_health);
}

}  // namespace sluice::work
