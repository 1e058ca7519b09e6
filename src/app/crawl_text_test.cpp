// SPDX-License-Identifier: Apache-2.0
// `sluice crawl` without a crawl: flags, the small languages in them, and what is shown.
#include "app/crawl_text.h"
#include "app/crawl_config.h"
#include "app/human.h"

#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

#include <algorithm>

namespace sluice::app {
namespace {

CrawlArguments typed(std::vector<std::string> words) {
    CLI::App command;
    CrawlArguments arguments;
    add_crawl_options(command, arguments);
    std::reverse(words.begin(), words.end());
    command.parse(words);
    note_given(command, arguments);
    return arguments;
}

Result<CrawlPlan> plan_of(std::vector<std::string> words) {
    return read_crawl_plan(typed(std::move(words)));
}

std::string complaint(std::vector<std::string> words) {
    const auto plan = plan_of(std::move(words));
    return plan ? "" : plan.error().message;
}

bool says(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(CrawlRate, IsAnIntervalWithTheBurstOfFiftyMilliseconds) {
    const auto of = [](const char* text) { return *parse_rate(text); };
    EXPECT_EQ(of("1").per, 1s);
    EXPECT_EQ(of("1").burst, 1U);
    EXPECT_EQ(of("0.5").per, 2s);
    EXPECT_EQ(of("90/min").per, Duration{666'666'667});  // never faster than asked for
    EXPECT_EQ(of("200/h").per, 18s);
    EXPECT_EQ(of("100/s").per, 10ms);
    EXPECT_EQ(of("100").burst, 6U);
    EXPECT_EQ(of("10").burst, 1U);
    for (const char* wrong : {"", "fast", "-1", "0", "1/week", "1e9", "nan", "5 a second", "1/"})
        EXPECT_FALSE(parse_rate(wrong)) << wrong;
}

TEST(CrawlNames, AreReadFromFlagsAndHostsFiles) {
    const auto one = parse_resolve("www.example.org=192.0.2.1,2001:db8::1");
    ASSERT_TRUE(one);
    EXPECT_EQ(one->name, "www.example.org");
    EXPECT_EQ(one->addresses, (std::vector<std::string>{"192.0.2.1", "2001:db8::1"}));
    for (const char* wrong : {"name", "=1.2.3.4", "name=", "name=other", "name=1.2.3.4,"})
        EXPECT_FALSE(parse_resolve(wrong)) << wrong;
    const auto file = parse_hosts("# mine\n127.0.0.1 a.test b.test  # two\n\n::1\tc.test\n");
    ASSERT_TRUE(file);
    ASSERT_EQ(file->size(), 3U);
    EXPECT_EQ((*file)[1].name, "b.test");
    EXPECT_EQ((*file)[2].addresses, std::vector<std::string>{"::1"});
    EXPECT_TRUE(says(parse_hosts("127.0.0.1 a\nb 127.0.0.1\n").error().message, "line 2"));
}

TEST(CrawlAuth, TakesSecretsFromVariablesOnly) {
    const auto variable = [](const char* name) -> const char* {
        return std::string(name) == "SECRET" ? "pass:word" : nullptr;
    };
    const auto basic = parse_auth("*.example.org=basic:alice:{env:SECRET}", variable);
    ASSERT_TRUE(basic);
    EXPECT_EQ(basic->hosts, "*.example.org");
    EXPECT_EQ(basic->user, "alice");
    EXPECT_EQ(basic->password, "pass:word");
    const auto bearer = parse_auth("https://api.test:8443=bearer:{env:SECRET}", variable);
    ASSERT_TRUE(bearer);
    EXPECT_EQ(bearer->hosts, "https://api.test:8443");
    EXPECT_EQ(bearer->token, "pass:word");
    EXPECT_TRUE(says(parse_auth("a=basic:u:plain", variable).error().message, "{env:VARIABLE}"));
    EXPECT_FALSE(says(parse_auth("a=basic:u:plain", variable).error().message, "plain"));
    EXPECT_TRUE(says(parse_auth("a=bearer:{env:OTHER}", variable).error().message, "OTHER"));
    for (const char* wrong : {"", "a", "=basic:u:{env:SECRET}", "a=magic:u:{env:SECRET}",
                              "a=basic:{env:SECRET}", "a=basic::{env:SECRET}"})
        EXPECT_FALSE(parse_auth(wrong, variable)) << wrong;
}

TEST(CrawlHeader, HasATokenAndNoControlCharacters) {
    const auto header = parse_header("Accept-Language:  de, en ");
    ASSERT_TRUE(header);
    EXPECT_EQ(header->name, "Accept-Language");
    EXPECT_EQ(header->value, "de, en");
    for (const char* wrong : {"no", ": v", "a b: c", "X: a\r\nY: b"})
        EXPECT_FALSE(parse_header(wrong)) << wrong;
}

TEST(CrawlPlan, IsPoliteUnlessToldOtherwise) {
    const auto plan = plan_of({"https://example.org/docs/", "--out", "x"});
    ASSERT_TRUE(plan) << plan.error().message;
    const crawl::CrawlConfig& config = plan->config;
    EXPECT_EQ(config.frontier.pace.delay, 1s);
    EXPECT_EQ(config.frontier.pace.burst, 1U);
    EXPECT_EQ(config.frontier.host_running_max, 1U);
    EXPECT_FALSE(config.frontier.ignore_robots);
    EXPECT_TRUE(config.page.obey_nofollow);
    EXPECT_EQ(config.scope.hosts, std::vector<std::string>{"example.org"});
    EXPECT_FALSE(config.scope.any_host);
    EXPECT_FALSE(config.fetch.rules.allows_address(*IpAddress::parse("127.0.0.1")));
    EXPECT_TRUE(config.fetch.rules.allows_address(*IpAddress::parse("93.184.216.34")));
    EXPECT_EQ(config.page.agent, "sluice");
    EXPECT_TRUE(config.outputs.pages);
    EXPECT_FALSE(config.outputs.warc);
    EXPECT_EQ(config.sync_every, 100ms);
}

TEST(CrawlPlan, HasWhatTheFlagsSay) {
    const auto plan = plan_of({"example.org:8080",
                               "--out=x",
                               "--depth",
                               "3",
                               "--pages",
                               "100",
                               "--bytes",
                               "10MiB",
                               "--time",
                               "5m",
                               "--workers",
                               "2",
                               "--rate",
                               "20",
                               "--host-rate",
                               "30/min",
                               "--domain-rate",
                               "5",
                               "--address-rate",
                               "4",
                               "--connections-per-host",
                               "2",
                               "--gentle",
                               "--ignore-robots",
                               "--user-agent",
                               "testbot/1 (+https://example.org)",
                               "--include-host",
                               "other.test",
                               "--domain",
                               "example.net",
                               "--include",
                               "a+",
                               "--exclude",
                               "b$",
                               "--path",
                               "/docs/",
                               "--warc",
                               "--graphml",
                               "--report",
                               "--allow-net",
                               "127.0.0.0/8",
                               "--resolve",
                               "a.test=127.0.0.1",
                               "--timeout",
                               "5s",
                               "--sync",
                               "page",
                               "--header",
                               "X-A: b"});
    ASSERT_TRUE(plan) << plan.error().message;
    const crawl::CrawlConfig& config = plan->config;
    EXPECT_EQ(config.frontier.depth_max, 3U);
    EXPECT_EQ(config.frontier.pages_max, 100U);
    EXPECT_EQ(config.frontier.bytes_max, 10U << 20U);
    EXPECT_EQ(config.time_max, 5min);
    EXPECT_EQ(config.workers, 2U);
    EXPECT_EQ(config.frontier.gates.crawl.rate->per, 50ms);
    EXPECT_EQ(config.frontier.gates.domain.rate->per, 200ms);
    EXPECT_EQ(config.frontier.gates.address.rate->per, 250ms);
    EXPECT_EQ(config.frontier.pace.delay, 2s);
    EXPECT_EQ(config.frontier.pace.latency_factor, 5);
    EXPECT_EQ(config.frontier.host_running_max, 2U);
    EXPECT_TRUE(config.frontier.ignore_robots);
    EXPECT_EQ(config.page.agent, "testbot");
    EXPECT_EQ(config.scope.hosts, (std::vector<std::string>{"example.org:8080", "other.test"}));
    EXPECT_EQ(config.scope.domains, std::vector<std::string>{"example.net"});
    EXPECT_TRUE(config.outputs.warc && config.outputs.edges && config.outputs.graphml);
    EXPECT_TRUE(config.fetch.rules.allows_address(*IpAddress::parse("127.3.2.1")));
    EXPECT_EQ(config.names.fixed.size(), 1U);
    EXPECT_EQ(config.fetch.first_byte_timeout, 5s);
    EXPECT_EQ(config.sync_every, 0s);
    EXPECT_EQ(config.fetch.extra_headers.size(), 1U);
    EXPECT_EQ(plan->limits.pages, 100U);
}

TEST(CrawlPlan, SaysWhichFlagIsWrongAndWhatItTakes) {
    const auto with = [](std::vector<std::string> words) {
        words.insert(words.begin(), {"http://a.test/", "--out", "x"});
        return complaint(std::move(words));
    };
    EXPECT_TRUE(says(complaint({"--out", "x"}), "no URL to begin with"));
    EXPECT_TRUE(says(complaint({"http://a.test/"}), "--out FOLDER is needed"));
    EXPECT_TRUE(says(complaint({"ftp://a.test/", "--out", "x"}), "ftp://a.test/"));
    EXPECT_TRUE(says(with({"--pages", "many"}), "--pages must be a whole number"));
    EXPECT_TRUE(says(with({"--workers", "65"}), "from 1 to 64"));
    EXPECT_TRUE(says(with({"--bytes", "10 apples"}), "--bytes"));
    EXPECT_TRUE(says(with({"--time", "soon"}), "90s"));
    EXPECT_TRUE(says(with({"--rate", "fast"}), "--rate"));
    EXPECT_TRUE(says(with({"--allow-net", "here"}), "--allow-net"));
    EXPECT_TRUE(says(with({"--include", "("}), "RE2"));
    EXPECT_TRUE(says(with({"--user-agent", "1/2"}), "--user-agent"));
    EXPECT_TRUE(says(with({"--hosts-file", "/does/not/exist"}), "/does/not/exist"));
    EXPECT_TRUE(says(with({"--json", "--quiet"}), "--json and --quiet"));
    EXPECT_TRUE(says(with({"--extract", "css:h1"}), "--extract"));
}

TEST(CrawlWords, OfAnEarlierRunAreReplacedFlagByFlag) {
    const std::vector<std::string> before = {"http://a.test/", "--out", "x",      "--pages",   "5",
                                             "--include",      "a",     "--warc", "--include", "b",
                                             "--delay=1s"};
    EXPECT_EQ(
        merge_words(before, {"--resume", "--out", "x", "--pages", "9"}),
        (std::vector<std::string>{"http://a.test/", "--include", "a", "--warc", "--include", "b",
                                  "--delay=1s", "--resume", "--out", "x", "--pages", "9"}));
    EXPECT_EQ(merge_words(before, {"http://b.test/", "-o", "y"}).back(), "y");
    EXPECT_EQ(merge_words(before, {"http://b.test/", "-o", "y"}).front(), "--pages");
    EXPECT_EQ(words_to_keep({"a.test", "--seeds", "list", "--out", "x", "--resume", "--warc"},
                            {"a.test", "b.test"}),
              (std::vector<std::string>{"--out", "x", "--warc", "a.test", "b.test"}));
    EXPECT_EQ(merge_words(before, {"--include", "c", "--host-rate", "2"}),
              (std::vector<std::string>{"http://a.test/", "--pages", "5", "--warc", "--include",
                                        "c", "--host-rate", "2"}));
}

crawl::CrawlProgress some_progress() {
    crawl::CrawlProgress progress;
    progress.state = crawl::CrawlState::running;
    progress.totals.seen = 2345;
    progress.totals.fetched = 1234;
    progress.totals.pending = 1100;
    progress.totals.failed[static_cast<std::size_t>(crawl::Failure::http)] = 11;
    progress.totals.bytes = 5U << 20U;
    progress.pages_run = 1234;
    progress.in_flight = 3;
    progress.hosts = {.known = 12, .running = 3, .pausing = 8, .at_gates = 1};
    progress.running = 60s;
    return progress;
}

TEST(CrawlLine, SaysHowFarItIsAndWhatHostsWaitFor) {
    const crawl::CrawlProgress progress = some_progress();
    const crawl::CrawlLimits limits{.pages = 2000};
    const crawl::CrawlRates rates{.pages_per_second = 10, .bytes_per_second = 1e5};
    const std::string line = crawl_line({progress, limits, rates}, 200);
    EXPECT_TRUE(says(line,
                     "1,234 of 2,000 pages · 10.0/s · 1,100 queued · 12 hosts: 3 busy, 8 "
                     "pausing, 1 held back · 11 failed · 5.0 MiB"))
        << line;
    EXPECT_TRUE(says(line, " left")) << line;
    EXPECT_LE(columns_of(crawl_line({progress, limits, rates}, 40)), 41U);
    EXPECT_TRUE(says(crawl_line({progress, limits, rates, 59min}, 200),
                     "1,234 of 2,000 pages · nothing to ask for 59 min · 10.0/s"));
    crawl::CrawlProgress idle = progress;
    EXPECT_EQ(idle_time(idle, Instant{} + 1h), Duration{0});
    idle.idle_until = Instant{} + 2h;
    EXPECT_EQ(idle_time(idle, Instant{} + 1h), Duration{1h});
    EXPECT_EQ(idle_time(idle, Instant{} + 3h), Duration{0});
    crawl::CrawlProgress ending = progress;
    ending.state = crawl::CrawlState::draining;
    EXPECT_TRUE(says(crawl_line({ending, limits, rates}, 200), "ending: 3 in flight"));
}

TEST(CrawlSummaryText, ShowsTheBooksAndHowToGoOn) {
    crawl::CrawlSummary summary;
    summary.totals = some_progress().totals;
    summary.totals.excluded[static_cast<std::size_t>(crawl::Exclusion::robots)] = 0;
    summary.end = crawl::CrawlEnd::pages_limit;
    summary.pages_run = 1234;
    summary.hosts = 1;
    summary.took = 60s;
    summary.files = {"pages.jsonl"};
    ASSERT_TRUE(summary.adds_up());
    const std::string text = crawl_summary_text(summary, "folder");
    EXPECT_TRUE(says(text, "stopped at --pages after 1 min: 1,234 pages (20.6/s)")) << text;
    EXPECT_TRUE(says(text, "URLs seen")) << text;
    EXPECT_TRUE(says(text, "HTTP status")) << text;
    EXPECT_TRUE(says(text, "sluice crawl --resume --out folder --pages MORE")) << text;
    EXPECT_FALSE(says(text, "NOT balance")) << text;
    summary.totals.seen += 1;
    EXPECT_TRUE(says(crawl_summary_text(summary, "folder"), "NOT balance"));
    EXPECT_TRUE(says(crawl_summary_json(summary, "folder"), R"("adds_up":false)"));
}

TEST(HumanSize, HasTwoOrThreeDigitsAndAUnit) {
    EXPECT_EQ(human_size(0), "0 B");
    EXPECT_EQ(human_size(1023), "1023 B");
    EXPECT_EQ(human_size(1536), "1.5 KiB");
    EXPECT_EQ(human_size(1U << 20U), "1.0 MiB");
    EXPECT_EQ(human_size(std::uint64_t{5} << 30U), "5.0 GiB");
}

}  // namespace
}  // namespace sluice::app
