// SPDX-License-Identifier: Apache-2.0
// `sluice simulate` in virtual time: a scenario and questions to a report, the report to where it
// was asked for.
#include "app/exit_code.h"
#include "app/interrupts.h"
#include "app/json_page.h"
#include "app/progress.h"
#include "app/simulate_scenario.h"
#include "app/terminal.h"
#include "kernel/sync/cancel.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace sluice::app {

namespace {

constexpr std::uint64_t threads_max = 256;

/// A file that a report goes to; opened before the run, so that a wrong path is known at once.
class ReportFile {
public:
    Status open(const std::string& flag, const std::string& path) {
        if (path.empty()) return {};
        path_ = path;
        stream_.open(path, std::ios::binary | std::ios::trunc);
        if (stream_) return {};
        return fail(Code::internal, flag + ": cannot write " + path);
    }
    [[nodiscard]] bool is_open() const { return stream_.is_open(); }
    Status write(const std::string& text) {
        stream_ << text;
        stream_.close();
        if (stream_) return {};
        return fail(Code::internal, "cannot write " + path_ + ": is the disk full?");
    }

private:
    std::string path_;
    std::ofstream stream_;
};

Result<std::vector<sim::Question>> read_questions(const SimulateArguments& arguments,
                                                  const sim::Scenario& scenario) {
    std::vector<sim::Question> questions;
    for (const std::string& text : arguments.questions) {
        auto question = sim::parse_question(text, scenario);
        if (!question) return fail(Code::invalid, "--ask: " + question.error().message);
        questions.push_back(*std::move(question));
    }
    if (!arguments.compare.empty()) {
        auto other = sim::load_scenario(arguments.compare);
        if (!other) return fail(Code::invalid, "--compare: " + other.error().message);
        questions.push_back(sim::compare_with(*std::move(other)));
    }
    return questions;
}

/// Replications under way are given up within milliseconds; a second Ctrl-C does not wait for the
/// report of those that had finished.
void interrupt(unsigned count, const CancelSource& cancel) {
    if (count > 1) std::_Exit(exit_failed);
    cancel.cancel(
        fail(Code::cancelled, "interrupted before a replication had finished: nothing to report"));
}

/// Plays it, with a progress line on a terminal; Ctrl-C ends it with what has finished.
Result<sim::Report> play(const sim::Scenario& scenario, sim::VirtualOptions options) {
    std::atomic<std::uint64_t> done{0};
    std::atomic<std::uint64_t> needed{0};
    const CancelSource cancel;
    options.cancel = cancel.token();
    options.progress = [&](std::uint64_t so_far, std::uint64_t in_all) {
        done = so_far;
        needed = in_all;
    };
    Progress progress(is_terminal(2));
    const Interrupts interrupts([&](unsigned count) { interrupt(count, cancel); },
                                [&] {
                                    progress.show({.done = done.load(),
                                                   .bytes_done = done.load(),
                                                   .bytes_total = needed.load(),
                                                   .noun = "replications"});
                                },
                                is_terminal(2) ? Duration{100ms} : Duration{0});
    return sim::run_virtual(scenario, options);
}

void print_report(const sim::Report& report, const SimulateArguments& arguments) {
    std::string page;
    if (arguments.text || (!arguments.json && is_terminal(1))) {
        page = report_text(report, {.width = terminal_size().columns});
    } else {
        page = report_json(report);
        if (!arguments.json) page = json_page(page);
        page += '\n';
    }
    std::fwrite(page.data(), 1, page.size(), stdout);
}

}  // namespace

Result<int> simulate_virtual(const SimulateArguments& arguments) {
    SLUICE_TRY(const sim::Scenario scenario, read_scenario(arguments));
    sim::VirtualOptions options;
    SLUICE_TRY(options.questions, read_questions(arguments, scenario));
    SLUICE_TRY(const std::uint64_t threads,
               read_count({"--threads", arguments.threads, 0, threads_max}));
    options.threads = static_cast<std::uint32_t>(threads);
    ReportFile html;
    ReportFile csv;
    SLUICE_TRY_STATUS(html.open("--html", arguments.html));
    SLUICE_TRY_STATUS(csv.open("--csv", arguments.csv));
    SLUICE_TRY(const sim::Report report, play(scenario, std::move(options)));
    if (html.is_open()) SLUICE_TRY_STATUS(html.write(report_html(report)));
    if (csv.is_open()) SLUICE_TRY_STATUS(csv.write(report_csv(report)));
    print_report(report, arguments);
    if (!report.is_partial) return exit_ok;
    std::fprintf(stderr, "sluice simulate: interrupted, %u of %u replications are reported\n",
                 report.replications, report.replications_planned);
    return exit_failed;
}

}  // namespace sluice::app
