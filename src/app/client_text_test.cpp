// SPDX-License-Identifier: Apache-2.0
// The client commands without a server: arguments, lines of job files, texts for people.
#include "app/completion.h"
#include "app/config_report.h"
#include "app/human.h"
#include "app/json_page.h"
#include "app/progress.h"
#include "app/push.h"
#include "app/terminal.h"
#include "app/top_view.h"

#include <gtest/gtest.h>

namespace sluice::app {
namespace {

const WallTime now = wall_from_ns(1'800'000'000'000'000'000);

TEST(PushArguments, AreJsonWhereTheyReadAsJsonAndTextsElsewhere) {
    EXPECT_EQ(args_from({}), "[]");
    EXPECT_EQ(args_from({"1", "two", "{\"a\": 1}", "[1,2]", "true", "nul", "\"3\"", "-1.50"}),
              R"([1,"two",{"a": 1},[1,2],true,"nul","3",-1.50])");
    EXPECT_EQ(args_from({"a\"b", ""}), R"(["a\"b",""])");
}

TEST(PushArguments, BecomeAJobWithAllItsOptions) {
    PushArguments arguments;
    arguments.type = "t";
    arguments.args = "[1, 2]";
    arguments.queue = "mail";
    arguments.priority = 8;
    arguments.retry = -1;
    arguments.at = "+10m";
    arguments.timeout = "30s";
    arguments.backoff = "exponential:1s:5m";
    const auto job = job_from(arguments, now);
    ASSERT_TRUE(job) << job.error().text();
    EXPECT_EQ(job->args, "[1, 2]");
    EXPECT_EQ(job->queue, "mail");
    EXPECT_EQ(job->priority, 8);
    EXPECT_EQ(job->retry, -1);
    EXPECT_EQ(job->at, now + 10min);
    EXPECT_EQ(job->timeout, 30s);
    ASSERT_TRUE(job->backoff);
    EXPECT_EQ(job->backoff->base, 1s);
    EXPECT_EQ(job->backoff->max, 5min);
}

TEST(PushArguments, ThatAreWrongSayWhatToWrite) {
    const auto message = [](auto change) {
        PushArguments arguments;
        arguments.type = "t";
        change(arguments);
        const auto job = job_from(arguments, now);
        return job ? std::string("accepted") : job.error().message;
    };
    EXPECT_NE(message([](auto& a) { a.args = "{}"; }).find("JSON array"), std::string::npos);
    EXPECT_NE(message([](auto& a) { a.at = "soon"; }).find("+10m"), std::string::npos);
    EXPECT_NE(message([](auto& a) { a.backoff = "slow"; }).find("constant:10s"), std::string::npos);
    EXPECT_NE(message([](auto& a) { a.queue = "a b"; }).find("letters"), std::string::npos);
    EXPECT_NE(message([](auto& a) {
                  a.args = "[1]";
                  a.values = {"2"};
              }).find("not both"),
              std::string::npos);
}

TEST(JobLine, GetsTheSameJidForTheSameLineOfTheSameFile) {
    const LineSettings settings{.type = "", .defaults = "{}", .label = "\njobs.jsonl"};
    const std::string line = R"({"jobtype":"t","args":[1]})";
    const auto first = job_from_line(line, 7, settings, now);
    ASSERT_TRUE(first) << first.error().text();
    EXPECT_TRUE(first->starts_with(R"({"jid":")")) << *first;
    EXPECT_TRUE(first->ends_with(R"(","jobtype":"t","args":[1]})")) << *first;
    EXPECT_EQ(*first, *job_from_line(line, 7, settings, now));
    EXPECT_NE(*first, *job_from_line(line, 8, settings, now));
    LineSettings again = settings;
    again.label = "2\njobs.jsonl";
    EXPECT_NE(*first, *job_from_line(line, 7, again, now));
}

TEST(JobLine, KeepsItsOwnMembersAndTakesDefaultsForTheOthers) {
    const LineSettings settings{
        .type = "u", .defaults = R"({"queue":"q","retry":3})", .label = "x"};
    EXPECT_EQ(*job_from_line(R"({"jid":"12345678","jobtype":"t","args":[1.0],"queue":"own","x":1})",
                             1, settings, now),
              R"({"jid":"12345678","jobtype":"t","args":[1.0],"queue":"own","x":1,"retry":3})");
    const auto from_array = job_from_line("[1, 2]", 1, settings, now);
    ASSERT_TRUE(from_array);
    EXPECT_TRUE(from_array->ends_with(R"(,"jobtype":"u","args":[1, 2],"queue":"q","retry":3})"))
        << *from_array;
}

TEST(JobLine, ThatIsNoJobSaysWhy) {
    const LineSettings settings{.type = "", .defaults = "{}", .label = "x"};
    EXPECT_NE(job_from_line("{nonsense", 1, settings, now).error().message.find("not JSON"),
              std::string::npos);
    EXPECT_FALSE(job_from_line("12", 1, settings, now));
    EXPECT_NE(job_from_line("[1]", 1, settings, now).error().message.find("job type"),
              std::string::npos);
    EXPECT_EQ(job_from_line(R"({"args":[]})", 1, settings, now).error().message,
              "jobs must have a jobtype parameter");
    EXPECT_FALSE(job_from_line(R"({"jobtype":"t"})", 1, settings, now));
}

TEST(Human, NumbersAndTimesAreShort) {
    EXPECT_EQ(human_count(0), "0");
    EXPECT_EQ(human_count(999), "999");
    EXPECT_EQ(human_count(1'234'567), "1,234,567");
    EXPECT_EQ(human_duration(0ns), "0 s");
    EXPECT_EQ(human_duration(850us), "850 µs");
    EXPECT_EQ(human_duration(12'300us), "12 ms");
    EXPECT_EQ(human_duration(4200ms), "4.2 s");
    EXPECT_EQ(human_duration(200s), "3 min 20 s");
    EXPECT_EQ(human_duration(2h + 5min), "2 h 5 min");
    EXPECT_EQ(human_duration(24h * 12), "12 d");
    EXPECT_EQ(human_distance(now + 90s, now), "in 1 min 30 s");
    EXPECT_EQ(human_distance(now - 4s, now), "4.0 s ago");
    EXPECT_EQ(human_time(WallTime{}, now), "-");
}

TEST(Human, ForeignTextCannotControlTheTerminal) {
    EXPECT_EQ(printable("a\033[2Jb\r\n\tc\x7f"), "a [2Jb   c ");
    EXPECT_EQ(printable("a\xC2\x9B"
                        "b"),
              "a  b");
    EXPECT_EQ(printable("naïve text", 5), "naïv…");
    EXPECT_EQ(printable("naïve", 5), "naïve");
    EXPECT_EQ(columns_of("naïve"), 5U);
}

TEST(TextTable, AlignsAndCuts) {
    TextTable table(
        {{"NAME", TextTable::Align::left, 6}, {"N", TextTable::Align::right}, {"NOTE"}});
    table.add({"a", "1", "x"});
    table.add({"longer-name", "1,000", "some\nthing"});
    EXPECT_EQ(table.render(80),
              "NAME        N  NOTE\n"
              "a           1  x\n"
              "longe…  1,000  some thing\n");
    EXPECT_EQ(table.render(12),
              "NAME      …\n"
              "a         …\n"
              "longe…  1,…\n");
}

TEST(Progress, FitsItsColumns) {
    const ProgressState state{.done = 5000, .bytes_done = 50, .bytes_total = 100, .noun = "jobs"};
    EXPECT_EQ(progress_line(state, 1s, 79),
              "[###################...................] 50 %  5,000 jobs  5,000/s  1.0 s left");
    EXPECT_LE(columns_of(progress_line(state, 1s, 60)), 60U);
    EXPECT_EQ(
        progress_line({.done = 10, .bytes_done = 0, .bytes_total = 0, .noun = "jobs"}, 2s, 80),
        "10 jobs  5/s");
}

TEST(TopPicture, ShowsRatesAndFitsTheTerminal) {
    TopReading before;
    before.info.version = "1";
    before.info.queues = {{.name = "a", .enqueued = 100, .arrived = 50, .delivered = 900}};
    TopReading reading = before;
    reading.at = Instant{} + 2s;
    reading.info.pushed = 1000;
    reading.info.queues[0].enqueued = 300;
    reading.info.queues[0].arrived = 517;
    reading.info.queues[0].delivered = 907;
    for (int i = 0; i < 100; ++i) reading.info.queues.push_back({.name = "q" + std::to_string(i)});
    const std::string text = top_picture(reading, &before, {.columns = 60, .rows = 24}, true);
    EXPECT_NE(text.find("pushed 500"), std::string::npos) << text;
    EXPECT_NE(text.find("IN/s"), std::string::npos) << text;
    EXPECT_NE(text.find("OUT/s"), std::string::npos) << text;
    EXPECT_NE(text.find("234"), std::string::npos) << text;
    EXPECT_NE(text.find("3.5"), std::string::npos) << text;
    EXPECT_NE(text.find("more queues"), std::string::npos) << text;
    std::size_t lines = 0;
    std::size_t start = 0;
    for (std::size_t end = 0; (end = text.find('\n', start)) != std::string::npos;
         start = end + 1) {
        ++lines;
        EXPECT_LE(columns_of(text.substr(start, end - start)), 60U);
    }
    EXPECT_LE(lines, 23U);
}

const CompletionNode queues_program{
    .name = "sluice",
    .help = "",
    .options = {{.names = {"--help", "-h"}, .help = "it's help"}},
    .values = {},
    .commands = {{.name = "queues",
                  .help = "List",
                  .options = {{.names = {"--json"}, .help = "JSON"},
                              {.names = {"--state", "-s"},
                               .help = "Of it",
                               .takes_value = true,
                               .values = {"paused", "open"}},
                              {.names = {"--file"}, .help = "In", .takes_value = true}},
                  .values = {"first", "last"},
                  .commands = {{.name = "pause", .help = "Stop"}}}}};

TEST(Completion, NamesEveryCommandAndOption) {
    EXPECT_NE(bash_completion(queues_program)
                  .find("'queues') words='pause first last --json --state --file'"),
              std::string::npos);
    EXPECT_NE(zsh_completion(queues_program).find("'--help:it'\\''s help'"), std::string::npos);
    EXPECT_NE(fish_completion(queues_program).find("-a pause -d 'Stop'"), std::string::npos);
}

TEST(Completion, OffersTheValuesOfFixedSets) {
    const std::string bash = bash_completion(queues_program);
    EXPECT_NE(bash.find("'queues --state' | 'queues -s') words='paused open';"), std::string::npos);
    EXPECT_NE(bash.find("'queues --file') words='' ;;"), std::string::npos) << bash;
    const std::string zsh = zsh_completion(queues_program);
    EXPECT_NE(zsh.find("'queues --state' | 'queues -s') compset -P '*,'; compadd -- paused open;"),
              std::string::npos);
    EXPECT_NE(zsh.find("'queues --file') _files; return ;;"), std::string::npos) << zsh;
    const std::string fish = fish_completion(queues_program);
    EXPECT_NE(fish.find(" -l state -s s -x -a 'paused open' -d 'Of it'"), std::string::npos);
    EXPECT_NE(fish.find(" -l file -r -d 'In'"), std::string::npos) << fish;
    EXPECT_NE(fish.find(" -f -a 'first last'"), std::string::npos) << fish;
}

TEST(Completion, KnowsTheSetsOfTheOptionsByTheirType) {
    EXPECT_EQ(values_of_type("STATE:{dead,running}"),
              (std::vector<std::string>{"dead", "running"}));
    EXPECT_TRUE(values_of_type("INT:INT in [1 - 9]").empty());
    EXPECT_TRUE(values_of_type("").empty());
}

TEST(ConfigReport, HasSettingsOrMistakesOfBothParts) {
    const ConfigReport server{.settings = R"({"a.b":{"value":1}})", .warnings = {"odd"}};
    const ConfigReport good{.settings = R"({"work.x":{"value":["y"]}})", .warnings = {"\"w\""}};
    EXPECT_EQ(
        to_json(joined(server, good)),
        R"({"ok":true,"settings":{"a.b":{"value":1},"work.x":{"value":["y"]}},"warnings":["odd","\"w\""]})");
    const ConfigReport bad{.errors = mistakes_in("f:1: one\n  more of it\nf:2: two")};
    EXPECT_EQ(to_json(joined(server, bad)),
              R"({"ok":false,"errors":["f:1: one\n  more of it","f:2: two"],"warnings":["odd"]})");
}

TEST(ConfigReport, IsReadAsItIsWritten) {
    const ConfigReport good{.settings = R"({"work.x":{"value":1}})", .warnings = {"w"}};
    const ConfigReport bad{.errors = {"one", "two"}};
    for (const ConfigReport& report : {good, bad}) {
        const auto read = read_config_report(to_json(report));
        ASSERT_TRUE(read) << read.error().text();
        EXPECT_EQ(to_json(*read), to_json(report));
    }
    EXPECT_FALSE(read_config_report("{}"));
    EXPECT_FALSE(read_config_report("Segmentation fault"));
}

TEST(JsonPage, ShowsTheOuterLevelsInLinesAndLeavesOnOne) {
    EXPECT_EQ(
        json_page(R"({"a":{"b":1,"c":"x,{\"y"},"d":[{"e":[1,2]},{"f":{}}],"g":[]})"),
        "{\n"
        "  \"a\": {\n    \"b\": 1,\n    \"c\": \"x,{\\\"y\"\n  },\n"
        "  \"d\": [\n    {\n      \"e\": [1, 2]\n    },\n    {\n      \"f\": {}\n    }\n  ],\n"
        "  \"g\": []\n"
        "}");
    EXPECT_EQ(json_page(R"({"a":{"b":1}})", 1), "{\n  \"a\": {\"b\": 1}\n}");
    EXPECT_EQ(json_page("[]"), "[]");
    EXPECT_EQ(json_page("17"), "17");
}

}  // namespace
}  // namespace sluice::app
