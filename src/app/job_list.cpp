// SPDX-License-Identifier: Apache-2.0
#include "app/job_list.h"

#include "app/exit_code.h"
#include "app/human.h"
#include "app/terminal.h"
#include "kernel/base/text.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_reader.h"

#include <cstdio>

namespace sluice::app {

namespace {

std::string string_of(JsonView job, std::string_view name) {
    const auto member = job.find(name);
    return member ? std::string(member->as_string().value_or("")) : std::string();
}

/// What is most worth knowing in one line: the failure, the result, or the arguments.
std::string note_of(JsonView job, const std::string& state) {
    if (const auto failure = job.find("failure"); failure && state != "succeeded")
        return string_of(*failure, "errtype") + ": " + string_of(*failure, "message");
    if (const auto result = job.find("result")) return std::string(result->raw());
    const auto args = job.find("args");
    return args ? std::string(args->raw()) : std::string();
}

std::vector<std::string> row_of(JsonView job, WallTime now) {
    const std::string state = string_of(job, "state");
    const bool waits = state == "scheduled" || state == "retrying";
    const auto time = parse_rfc3339(string_of(job, waits ? "due_at" : "changed_at"));
    const auto attempt = job.find("attempt");
    return {string_of(job, "jid"),
            string_of(job, "jobtype"),
            string_of(job, "queue"),
            state,
            attempt ? std::string(attempt->raw()) : "0",
            time ? human_distance(*time, now) : "-",
            note_of(job, state)};
}

TextTable job_table() {
    using Align = TextTable::Align;
    return TextTable({{"ID"},
                      {"TYPE"},
                      {"QUEUE", Align::left, 20},
                      {"STATE"},
                      {"ATTEMPT", Align::right},
                      {"WHEN", Align::right},
                      {"FAILURE, RESULT OR ARGUMENTS"}});
}

}  // namespace

Result<bool> each_job(sdk::Client& client, const sdk::FilterParts& filter,
                      const std::function<bool(JsonView)>& take) {
    sdk::ListRequest request{.filter = filter, .after = 0, .limit = sdk::list_jobs_max};
    JsonParser parser;
    while (true) {
        SLUICE_TRY(const std::string page, client.list(request));
        SLUICE_TRY(const JsonView root, parser.parse(page));
        if (const auto jobs = root.find("jobs")) {
            for (const JsonView job : jobs->elements()) {
                if (!take(job)) return false;
            }
        }
        const auto next = root.find("next");
        if (!next) return true;
        SLUICE_TRY(const std::int64_t after,
                   parse_int(next->is_string() ? next->as_string().value_or("") : next->raw()));
        request.after = static_cast<std::uint64_t>(after);
    }
}

Result<int> print_jobs(sdk::Client& client, const sdk::FilterParts& filter, std::uint64_t limit,
                       bool is_json) {
    const WallTime now = wall_now();
    TextTable table = job_table();
    std::uint64_t count = 0;
    std::string json = "[";
    SLUICE_TRY(const bool complete, each_job(client, filter, [&](JsonView job) {
                   if (count == limit) return false;
                   if (count++ > 0) json += ",\n ";
                   if (is_json)
                       json += job.raw();
                   else
                       table.add(row_of(job, now));
                   return true;
               }));
    if (is_json) {
        std::printf("%s]\n", json.c_str());
        return exit_ok;
    }
    if (table.empty()) {
        std::printf("no such jobs\n");
        return exit_ok;
    }
    std::fputs(table.render(table_width()).c_str(), stdout);
    if (!complete) std::printf("… there are more; see them with --limit N\n");
    return exit_ok;
}

}  // namespace sluice::app
