// SPDX-License-Identifier: Apache-2.0
// `sluice job`: everything about one job, and why it waits.
#include "app/client_options.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/human.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_reader.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <string>

namespace sluice::app {

namespace {

struct JobArguments {
    ServerArguments server;
    std::string jid;
};

std::string text_of(JsonView job, std::string_view name) {
    const auto member = job.find(name);
    if (!member || member->is_null()) return {};
    return std::string(member->is_string() ? member->as_string().value_or("") : member->raw());
}

void print_field(const char* name, const std::string& value) {
    if (!value.empty()) std::printf("%-12s %s\n", name, printable(value).c_str());
}

void print_time(const char* name, JsonView job, std::string_view member, WallTime now) {
    const auto time = parse_rfc3339(text_of(job, member));
    if (time) print_field(name, human_time(*time, now));
}

/// "queue_paused", "behind(3)", … as a sentence with what to do about it.
std::string explain_reason(const std::string& reason, const std::string& queue, WallTime now) {
    const std::size_t open = reason.find('(');
    const std::string word = reason.substr(0, open);
    const std::string inside =
        open == std::string::npos ? "" : reason.substr(open + 1, reason.size() - open - 2);
    if (word == "scheduled_until") {
        const auto time = parse_rfc3339(inside);
        return "scheduled for " + (time ? human_time(*time, now) : inside);
    }
    if (word == "queue_paused")
        return "its queue is paused; go on with: sluice queues resume " + queue;
    if (word == "no_worker_listens")
        return "no worker fetches from its queue; start one: sluice work --queues " + inside;
    if (word == "behind")
        return inside == "0" ? "it is next in its queue" : inside + " jobs go before it";
    if (word == "running_on") return "running on worker " + inside;
    return reason;
}

void print_failure(JsonView job, WallTime now) {
    const auto failure = job.find("failure");
    if (!failure || !failure->is_object()) return;
    print_field("failure", text_of(*failure, "errtype") + ": " + text_of(*failure, "message"));
    print_field("failed",
                std::to_string(failure->find("retry_count")
                                   ? failure->find("retry_count")->as_int().value_or(0) + 1
                                   : 1) +
                    " times, " + text_of(*failure, "remaining") + " retries left");
    print_time("first at", *failure, "failed_at", now);
    print_time("next try", *failure, "next_at", now);
    if (const auto backtrace = failure->find("backtrace")) {
        for (const JsonView line : backtrace->elements())
            print_field("", std::string(line.as_string().value_or("")));
    }
}

void print_job(JsonView job) {
    const WallTime now = wall_now();
    print_field("job", text_of(job, "jid"));
    print_field("type", text_of(job, "jobtype"));
    print_field("state",
                text_of(job, "state") + (job.find("cancel_requested") ? " (asked to stop)" : ""));
    if (const auto why = job.find("why")) {
        for (const JsonView reason : why->elements())
            print_field("why", explain_reason(std::string(reason.as_string().value_or("")),
                                              text_of(job, "queue"), now));
    }
    print_field("queue", text_of(job, "queue"));
    print_field("priority", text_of(job, "priority"));
    print_field("arguments", text_of(job, "args"));
    print_field("custom", text_of(job, "custom"));
    print_field("attempt", text_of(job, "attempt"));
    print_field("retries", text_of(job, "retry"));
    print_time("created", job, "created_at", now);
    print_time("enqueued", job, "enqueued_at", now);
    print_time("due", job, "due_at", now);
    print_time("changed", job, "changed_at", now);
    print_field("worker", text_of(job, "worker"));
    print_time("lease until", job, "lease_expires_at", now);
    if (const auto progress = job.find("progress")) {
        const std::string note = text_of(*progress, "note");
        print_field("progress",
                    text_of(*progress, "percent") + " %" + (note.empty() ? "" : ", " + note));
    }
    print_failure(job, now);
    print_field("result", text_of(job, "result"));
}

Result<int> show_job(const JobArguments& arguments) {
    SLUICE_TRY(sdk::Client client, open_client(arguments.server));
    SLUICE_TRY(const auto status, client.status(arguments.jid));
    if (!status) {
        return fail(Code::not_found, "the server knows no job '" + arguments.jid +
                                         "'; finished jobs are kept for a day by default");
    }
    if (arguments.server.json) {
        std::printf("%s\n", status->json.c_str());
        return exit_ok;
    }
    JsonParser parser;
    SLUICE_TRY(const JsonView job, parser.parse(status->json));
    print_job(job);
    return exit_ok;
}

}  // namespace

void add_job(CLI::App& program, int& exit_code) {
    CLI::App* command =
        program.add_subcommand("job", "Show a job: state, attempts, result, why it waits");
    auto arguments = std::make_shared<JobArguments>();
    command->add_option("ID", arguments->jid, "The job's id")->required()->check(&id_mistake);
    add_server_options(*command, arguments->server);
    command->footer("Example:  sluice job $(sluice push math.factorial 20)");
    command->callback([arguments, &exit_code] { exit_code = finish("job", show_job(*arguments)); });
}

}  // namespace sluice::app
