// SPDX-License-Identifier: Apache-2.0
#include "app/worker_dry_run.h"

#include "app/exit_code.h"
#include "kernel/base/text.h"
#include "sdk/capacity.h"
#include "sdk/client.h"

#include <algorithm>
#include <cstdio>

namespace sluice::app {

namespace {

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    return text;
}

void row(const char* name, const std::string& value) {
    std::printf("%-16s %s\n", name, value.c_str());
}

std::string capacity_text(const sdk::Capacity& capacity) {
    std::string text = "cpu " + (capacity.cpu ? number(*capacity.cpu) : "not counted");
    text += ", mem_mb " +
            (capacity.mem_mb ? std::to_string(*capacity.mem_mb) : std::string("not counted"));
    text += ", gpu " + std::to_string(capacity.gpu);
    if (!capacity.labels.empty()) text += ", labels " + join(capacity.labels, ", ");
    return text;
}

std::string pressure_text(const sdk::PressureLimits& limits) {
    if (limits.are_none()) return "not looked at";
    std::string text = "fetches no more";
    if (limits.available_percent_min > 0) {
        text += " below " + number(limits.available_percent_min) + " % available";
    }
    if (limits.stalled_percent_max > 0) {
        text += std::string(limits.available_percent_min > 0 ? " or" : "") + " above " +
                number(limits.stalled_percent_max) + " % of the time waiting";
    }
    return text;
}

/// Types with their terms; those that can never run here are problems.
void print_types(const DryRun& what, std::vector<std::string>& problems) {
    sdk::Admission admission(what.options.capacity);
    std::printf("\nTypes\n");
    for (const DryRunType& type : what.types) {
        const std::string terms = terms_text(type.terms, type.is_isolated);
        std::printf(terms.empty() ? "  %s%s\n" : "  %-22s %s\n", type.name.c_str(), terms.c_str());
        const auto misfit = admission.misfit(admission.add_type(type.terms));
        if (misfit) problems.push_back(type.name + " can never run here: it " + *misfit);
    }
}

int print_queues(const DryRun& what) {
    sdk::Client client(
        {.server = what.options.server, .trust = what.options.trust, .attempts_max = 1});
    const auto queues = client.queues();
    std::printf("\nServer %s\n", what.facts.server.c_str());
    if (!queues) {
        std::printf("  %s\n", queues.error().message.c_str());
        const Code code = queues.error().code;
        return code == Code::io || code == Code::timeout ? exit_no_server : exit_failed;
    }
    for (const std::string& name : what.options.queues) {
        const auto queue = std::find_if(queues->begin(), queues->end(),
                                        [&](const auto& one) { return one.name == name; });
        std::printf("  queue %-20s %llu jobs wait\n", name.c_str(),
                    queue == queues->end() ? 0ULL : static_cast<unsigned long long>(queue->jobs));
    }
    return exit_ok;
}

}  // namespace

std::string terms_text(const sdk::TypeTerms& terms, bool is_isolated) {
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    const sdk::JobNeeds& needs = terms.needs;
    if (needs.cpu > 0) add("cpu " + number(needs.cpu));
    if (needs.mem_mb > 0) add("mem_mb " + std::to_string(needs.mem_mb));
    if (needs.gpu > 0) add("gpu " + std::to_string(needs.gpu));
    for (const std::string& label : needs.labels) add("label " + label);
    if (terms.concurrency_max > 0) {
        add("at most " + std::to_string(terms.concurrency_max) + " at once");
    }
    if (is_isolated) add("in a process of its own");
    return text;
}

int run_dry(const DryRun& what) {
    std::vector<std::string> problems = what.problems;
    row("slots", std::to_string(what.options.concurrency) +
                     (what.options.ready_time > Duration{0} ? ", and up to " : ", and ") +
                     std::to_string(what.options.prefetch) + " jobs held ready");
    row("queues", join(what.options.queues, ", "));
    row("capacity", capacity_text(what.options.capacity));
    row("memory", pressure_text(what.options.pressure));
    row("read roots", what.read_roots.empty() ? "none" : join(what.read_roots, ", "));
    row("write root", what.write_root.empty() ? "none" : what.write_root);
    row("spool", what.options.spool_folder.empty() ? "none" : what.options.spool_folder);
    row("status page", what.http.empty() ? "none" : what.http);
    for (const std::string& line : what.facts.confinement) row("program", line);
    print_types(what, problems);
    const int code = print_queues(what);
    if (problems.empty()) return code;
    std::printf("\nProblems\n");
    for (const std::string& line : problems) std::printf("  %s\n", line.c_str());
    return code == exit_ok ? exit_usage : code;
}

}  // namespace sluice::app
