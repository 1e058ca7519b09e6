// SPDX-License-Identifier: Apache-2.0
#include "app/crawl_run.h"

#include "app/crawl_adjust.h"
#include "app/crawl_config.h"
#include "app/crawl_text.h"
#include "app/exit_code.h"
#include "app/interrupts.h"
#include "app/progress.h"
#include "app/terminal.h"
#include "app/usage_error.h"
#include "kernel/base/text.h"
#include "kernel/observe/process.h"
#include "kernel/sync/clock.h"

#include <CLI/CLI.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

namespace sluice::app {

namespace {

constexpr Duration line_every = 100ms;
constexpr char word_end = '\0';  // between the words that a crawl remembers

std::string with_ends(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) (text += word) += word_end;
    return text;
}

std::vector<std::string> parted(std::string_view text) {
    std::vector<std::string> words;
    for (const std::string_view word : split(text, word_end)) words.emplace_back(word);
    if (!words.empty()) words.pop_back();
    return words;
}

/// Reads the words; the exit code if that is all there is to do.
std::optional<int> parse(const std::vector<std::string>& words, CrawlArguments& arguments) {
    CLI::App command("Crawls web sites: bounded, polite, resumable.", "sluice crawl");
    add_crawl_options(command, arguments);
    std::vector<std::string> reversed(words.rbegin(), words.rend());
    try {
        command.parse(reversed);
    } catch (const CLI::ParseError& error) {
        return finish_parse(command, error);
    }
    note_given(command, arguments);
    return std::nullopt;
}

/// Standard output, a line at a time. One thread.
void print_event(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
}

/// The words of a crawl with those that were typed with --adjust, and its rates by them.
Result<crawl::FrontierConfig> adjusted(const std::vector<std::string>& words,
                                       const std::string& folder) {
    SLUICE_TRY(const auto more, adjusted_words(folder));
    CrawlArguments arguments;
    if (parse(merge_words(words, more), arguments))
        return fail(Code::invalid, "the flags of --adjust cannot be read");
    SLUICE_TRY(const CrawlPlan plan, read_crawl_plan(arguments));
    return plan.config.frontier;
}

/// On the thread that hears the signal.
void adjust_running(crawl::Crawler& crawler, const CrawlPlan& plan,
                    const std::vector<std::string>& words) {
    const auto rates = adjusted(words, plan.config.folder);
    if (rates) crawler.set_rates(rates->pace, rates->gates);
    if (plan.quiet) return;
    std::fprintf(stderr, "sluice crawl: %s\n",
                 rates ? "the rates are changed" : rates.error().message.c_str());
}

/// The crawl, with its line on a terminal or its events, and Ctrl-C.
Result<crawl::CrawlSummary> crawl_to_its_end(const CrawlPlan& plan,
                                             const std::vector<std::string>& words) {
    const bool has_line = !plan.json && !plan.quiet && is_terminal(2);
    crawl::CrawlCallbacks callbacks;
    crawl::RateMeter event_rates;
    if (plan.json) {
        callbacks.on_progress = [&](const crawl::CrawlProgress& progress) {
            event_rates.note(progress);
            print_event(crawl_progress_json({progress, plan.limits, event_rates.rates(),
                                             idle_time(progress, monotonic_now())}));
        };
    }
    if (plan.extract) {
        callbacks.extract = [rules = plan.extract](const crawl::FetchAnswer& answer,
                                                   const crawl::PageReading& page) {
            return crawl::extract_from(*rules, answer, page);
        };
    }
    std::unique_ptr<crawl::Crawler> crawler;
    Progress progress(has_line);
    crawl::RateMeter rates;
    // Before the crawler's threads, which leave the signals to it.
    std::atomic<crawl::Crawler*> running{nullptr};
    const Interrupts interrupts(
        [&](unsigned count) {
            crawl::Crawler* target = running.load();
            if (target == nullptr || count > 2) std::_Exit(exit_failed);
            progress.clear();
            if (!plan.quiet)
                std::fputs(count == 1 ? "sluice crawl: ending: the requests in flight are waited "
                                        "for (again: cancel them)\n"
                                      : "sluice crawl: cancelled; what was in flight is fetched "
                                        "again by --resume\n",
                           stderr);
            count == 1 ? target->drain() : target->cancel();
        },
        [&] {
            const crawl::Crawler* target = running.load();
            if (target == nullptr || !has_line) return;
            const crawl::CrawlProgress now = target->progress();
            rates.note(now);
            progress.show([&](std::size_t columns) {
                return crawl_line(
                    {now, plan.limits, rates.rates(), idle_time(now, monotonic_now())}, columns);
            });
        },
        has_line ? line_every : Duration{0}, adjust_signal,
        [&] {
            crawl::Crawler* target = running.load();
            if (target == nullptr) return;
            progress.clear();
            adjust_running(*target, plan, words);
        });
    SLUICE_TRY(crawler, crawl::Crawler::open(plan.config, std::move(callbacks)));
    if (!plan.config.resume) SLUICE_TRY_STATUS(forget_adjusted(plan.config.folder));
    running = crawler.get();
    auto summary = crawler->run();
    running = nullptr;
    return summary;
}

Result<int> crawl_and_report(const CrawlPlan& plan, const std::vector<std::string>& words) {
    SLUICE_TRY(const crawl::CrawlSummary summary, crawl_to_its_end(plan, words));
    if (plan.json)
        print_event(crawl_summary_json(summary, plan.config.folder));
    else if (!plan.quiet)
        std::fputs(crawl_summary_text(summary, plan.config.folder).c_str(), stdout);
    if (summary.adds_up()) return exit_ok;
    std::fputs(
        "sluice crawl: the books do not balance: seen is not fetched + redirected + failed "
        "+ excluded + queued\n",
        stderr);
    return exit_failed;
}

Result<int> explain(const CrawlPlan& plan, const std::string& url) {
    SLUICE_TRY(const crawl::Explanation explanation,
               crawl::explain_url({.folder = plan.config.folder,
                                   .scope = plan.config.scope,
                                   .links = plan.config.page.links,
                                   .frontier = plan.config.frontier},
                                  url, wall_now()));
    std::printf("%s\n  %s\n\n", explanation.url.c_str(), explanation.verdict.c_str());
    for (const crawl::ExplainedStep& step : explanation.steps)
        std::printf("  %s %-11s %s\n", step.against ? "x" : " ", step.what.c_str(),
                    step.found.c_str());
    return exit_ok;
}

int report(const Error& error, const std::string& folder) {
    std::fflush(stdout);
    std::fprintf(stderr, "sluice crawl: %s\n", error.message.c_str());
    if (error.code == Code::exists)
        std::fprintf(stderr, "  to go on:  sluice crawl --resume --out %s\n", folder.c_str());
    return error.code == Code::invalid || error.code == Code::exists ||
                   error.code == Code::not_found
               ? exit_usage
               : exit_failed;
}

/// The words of the crawl in the folder and those typed now, if it is to go on or be explained.
Result<std::vector<std::string>> all_words(const CrawlArguments& typed,
                                           const std::vector<std::string>& words) {
    if (typed.out.empty() || (!typed.resume && typed.explain.empty())) return words;
    auto before = crawl::Crawler::remembered(typed.out);
    if (!before) {
        if (!typed.resume && before.error().code == Code::not_found) return words;
        return std::move(before).error();
    }
    SLUICE_TRY(const auto adjusted, adjusted_words(typed.out));
    return merge_words(merge_words(parted(*before), adjusted), words);
}

}  // namespace

int run_crawl(int argc, char** argv) {
    raise_open_files();
    const std::vector<std::string> words(argv + 1, argv + argc);
    CrawlArguments typed;
    if (const auto ended = parse(words, typed)) return *ended;
    if (typed.adjust) {
        const Status told = adjust_crawl(typed, words);
        return told ? exit_ok : report(told.error(), typed.out);
    }
    const auto all = all_words(typed, words);
    if (!all) return report(all.error(), typed.out);
    CrawlArguments arguments;
    if (const auto ended = parse(*all, arguments)) return *ended;
    if (!arguments.explain.empty() && arguments.seeds.empty())
        arguments.seeds.push_back(arguments.explain);
    auto plan = read_crawl_plan(arguments);
    if (!plan) return report(plan.error(), arguments.out);
    plan->config.remember = with_ends(words_to_keep(*all, plan->config.seeds));
    const auto outcome = arguments.explain.empty() ? crawl_and_report(*plan, *all)
                                                   : explain(*plan, arguments.explain);
    return outcome ? *outcome : report(outcome.error(), arguments.out);
}

}  // namespace sluice::app
