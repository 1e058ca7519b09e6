// SPDX-License-Identifier: Apache-2.0
// The owner with its real store and outputs, and a web made of a rule.
#include "modules/crawl/shell/crawl/owner.h"

#include <support/scratch_folder.h>
#include "kernel/base/random.h"
#include "modules/crawl/shell/crawl/scripted_port_testing.h"
#include "modules/crawl/shell/output/page_line.h"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

namespace sluice::crawl {
namespace {

/// One run of a crawl in a folder.
struct Crawl {
    ScriptedWeb web;
    ScriptedPort::Script script;
    OwnerOptions options;
    CommitterOptions committing;
    /// Called with the owner before it runs.
    std::function<void(Owner&)> before;

    std::optional<Result<CrawlSummary>> result;
    std::uint64_t orders = 0;
    std::vector<std::string> cookies;
    std::vector<HostProgress> hosts;  ///< two of them, at the end

    void go() {
        options.frontier.gates.crawl.running_max = 32;
        auto committer = Committer::open(committing);
        if (!committer) {
            result = committer.error();
            return;
        }
        Inbox inbox(Owner::inbox_room(options), "test.events");
        Owner owner(options, **committer, inbox);
        if (const Status restored = owner.restore(); !restored) {
            result = restored.error();
            return;
        }
        ScriptedPort port(web, inbox, script);
        if (before) before(owner);
        Thread("crawl-owner", [&] { result = owner.run(port); }).join();
        orders = port.orders();
        cookies = port.cookies();
        hosts = owner.hosts(2);
        if (result->has_value()) {
            const Status finished = (*committer)->finish(result->value());
            EXPECT_TRUE(finished) << finished.error().text();
        }
    }
};

class OwnerTest : public ::testing::Test {
protected:
    /// A run of this folder's crawl, without politeness.
    Crawl make(bool resume = false) {
        Crawl run;
        run.web = web_;
        run.options.frontier.pace.delay = Duration::zero();
        run.options.frontier.pace.latency_factor = 0;
        run.options.frontier.host_running_max = 16;
        run.options.frontier.retry_base = 1ms;
        run.options.frontier.retry_cap = 2ms;
        run.options.frontier.depth_max = 1'000'000;
        run.options.seeds = {web_.seed()};
        run.committing.folder = folder_;
        run.committing.resume = resume;
        run.committing.sync_every = 1ms;
        run.committing.outputs.report = false;
        run.committing.outputs.broken = false;
        run.committing.settings.fixed = {{"seeds", web_.seed().url}};
        return run;
    }
    [[nodiscard]] std::vector<std::string> lines() const {
        std::ifstream file(folder_ + "/pages.jsonl");
        std::vector<std::string> all;
        for (std::string line; std::getline(file, line);) all.push_back(line);
        return all;
    }
    /// The crawl is whole and nothing is in its output twice.
    void expect_whole() const {
        const std::vector<std::string> all = lines();
        const std::set<std::string> once(all.begin(), all.end());
        EXPECT_EQ(all.size(), once.size()) << "a record is there twice";
        EXPECT_EQ(once, web_.all_pages());
    }
    static const CrawlSummary& summary(const Crawl& run) {
        static const CrawlSummary none;
        EXPECT_TRUE(run.result && run.result->has_value())
            << (run.result ? run.result->error().text() : "no result");
        const bool has = run.result && run.result->has_value();
        EXPECT_TRUE(!has || run.result->value().adds_up());
        return has ? run.result->value() : none;
    }
    void complete() {
        Crawl run = make(true);
        run.go();
        EXPECT_EQ(summary(run).end, CrawlEnd::complete);
        EXPECT_FALSE(summary(run).resumable());
        expect_whole();
    }

    /// What a power cut leaves of the outputs at worst: what was synced, or a part of the rest of a
    /// file, or as many zeros. Gives how many bytes were lost.
    std::uint64_t lose_unsynced(const FaultInjector& files, Random& random) const {
        std::uint64_t lost = 0;
        const auto synced = files.synced();
        for (const std::string name : {"pages.jsonl", "edges.csv"}) {
            const std::string path = folder_ + "/" + name;
            const std::uint64_t size = std::filesystem::file_size(path);
            const auto found = synced.find(path);
            std::uint64_t left = found == synced.end() ? 0 : found->second;
            if (random.chance(0.5)) left += random.below(size - left + 1);
            lost += size - left;
            std::filesystem::resize_file(path, left);
            if (random.chance(0.5)) std::filesystem::resize_file(path, size);
        }
        return lost;
    }

    ScriptedWeb web_;
    ScratchFolder scratch_;
    std::string folder_ = scratch_ / "crawl";
};

TEST_F(OwnerTest, WholeCrawlIsWhatCanBeReachedEachPageOnce) {
    Crawl run = make();
    Registry metrics;
    run.options.metrics = &metrics;
    run.go();
    const CrawlSummary& end = summary(run);
    EXPECT_EQ(end.end, CrawlEnd::complete);
    EXPECT_EQ(end.totals.fetched, web_.all_pages().size());
    EXPECT_EQ(end.totals.seen, std::uint64_t{web_.hosts} * web_.pages);
    EXPECT_EQ(end.hosts, web_.hosts);
    EXPECT_GT(end.totals.retried, 0U);
    expect_whole();
    const std::string shown = metrics.render_prometheus();
    EXPECT_NE(shown.find("sluice_crawl_pages_total " + std::to_string(end.totals.fetched) + "\n"),
              std::string::npos)
        << shown;
    EXPECT_NE(shown.find("sluice_crawl_pending 0\n"), std::string::npos);
}

TEST_F(OwnerTest, CompleteCrawlThatIsResumedFetchesNothing) {
    Crawl run = make();
    run.go();
    Crawl again = make(true);
    again.go();
    EXPECT_EQ(summary(again).end, CrawlEnd::complete);
    EXPECT_EQ(again.orders, 0U);
    EXPECT_EQ(summary(again).pages_run, 0U);
    expect_whole();
}

TEST_F(OwnerTest, CrawlIsBegunOnceAndResumedOnlyIfItIsThere) {
    Crawl resumed = make(true);
    resumed.go();
    EXPECT_EQ(resumed.result->error().code, Code::not_found);
    Crawl run = make();
    run.go();
    EXPECT_EQ(summary(run).end, CrawlEnd::complete);
    Crawl twice = make();
    twice.go();
    EXPECT_EQ(twice.result->error().code, Code::exists);
    Crawl other = make(true);
    other.committing.settings.fixed[0].second = "http://other.test/";
    other.go();
    EXPECT_EQ(other.result->error().code, Code::invalid);
    expect_whole();
}

TEST_F(OwnerTest, LimitOfPagesIsExactAndTheNextRunGoesOn) {
    Crawl run = make();
    run.options.frontier.pages_max = 57;
    run.go();
    EXPECT_EQ(summary(run).end, CrawlEnd::pages_limit);
    EXPECT_EQ(summary(run).totals.fetched, 57U);
    EXPECT_TRUE(summary(run).resumable());
    EXPECT_EQ(lines().size(), 57U);
    complete();
}

TEST_F(OwnerTest, LimitOfBytesIsNeverPassedAndTheNextRunGoesOn) {
    Crawl run = make();
    run.options.frontier.bytes_max = 33'333;
    run.options.frontier.body_max = 5'000;
    run.go();
    EXPECT_EQ(summary(run).end, CrawlEnd::bytes_limit);
    EXPECT_EQ(summary(run).totals.bytes, 33'333U);
    complete();
}

TEST_F(OwnerTest, LimitOfTimeEndsTheRunAndTheNextOneGoesOn) {
    Crawl run = make();
    run.options.time_max = Duration::zero();
    run.go();
    EXPECT_EQ(summary(run).end, CrawlEnd::time_limit);
    EXPECT_TRUE(summary(run).resumable());
    complete();
}

TEST_F(OwnerTest, DrainLetsWhatIsInFlightEndAndTheNextRunGoesOn) {
    Crawl run = make();
    Owner* owner = nullptr;
    run.before = [&](Owner& one) { owner = &one; };
    run.script.on_order = [&](const FetchOrder&, std::uint64_t number) {
        if (number == 100) owner->drain();
        return true;
    };
    run.go();
    EXPECT_EQ(summary(run).end, CrawlEnd::drained);
    EXPECT_TRUE(summary(run).resumable());
    const CrawlTotals& totals = summary(run).totals;
    EXPECT_EQ(run.orders, totals.fetched + totals.redirected + totals.all_failed() +
                              totals.retried + totals.robots_fetched);
    complete();
}

TEST_F(OwnerTest, CancelPutsBackWhatIsInFlightAndTheNextRunFetchesIt) {
    Crawl run = make();
    Owner* owner = nullptr;
    std::set<std::string> held;
    run.before = [&](Owner& one) { owner = &one; };
    run.script.on_order = [&](const FetchOrder& order, std::uint64_t number) {
        if (number == 100) owner->cancel();
        if (number < 90) return true;
        held.insert(order.url);
        return false;
    };
    run.go();
    EXPECT_EQ(summary(run).end, CrawlEnd::cancelled);
    EXPECT_GE(held.size(), 11U);
    for (const std::string& line : lines()) EXPECT_FALSE(held.contains(line)) << line;
    complete();
}

TEST_F(OwnerTest, DrainThatTakesTooLongCancelsWhatIsInFlight) {
    Crawl run = make();
    Owner* owner = nullptr;
    run.options.drain_timeout = 1ms;
    run.before = [&](Owner& one) { owner = &one; };
    run.script.on_order = [&](const FetchOrder&, std::uint64_t number) {
        if (number == 50) owner->drain();
        return number < 40;
    };
    run.go();
    EXPECT_EQ(summary(run).end, CrawlEnd::drained);
    complete();
}

TEST_F(OwnerTest, DrainBeforeTheBeginningFetchesNothing) {
    Crawl run = make();
    run.before = [](Owner& owner) { owner.drain(); };
    run.go();
    EXPECT_EQ(summary(run).end, CrawlEnd::drained);
    EXPECT_EQ(run.orders, 0U);
    EXPECT_EQ(summary(run).totals.pending, 1U);
    complete();
}

TEST_F(OwnerTest, PausedCrawlGoesOnWhenItIsToldTo) {
    Crawl run = make();
    Owner* owner = nullptr;
    bool was_paused = false;
    run.options.progress_every = 1ms;
    run.options.on_progress = [&](const CrawlProgress& progress) {
        if (progress.state != CrawlState::paused) return;
        was_paused = true;
        EXPECT_EQ(progress.in_flight, 0U);
        EXPECT_EQ(progress.totals.pending, 1U);
        owner->pause(false);
    };
    run.before = [&](Owner& one) {
        owner = &one;
        one.pause(true);
    };
    run.go();
    EXPECT_TRUE(was_paused);
    EXPECT_EQ(summary(run).end, CrawlEnd::complete);
    expect_whole();
}

TEST_F(OwnerTest, RatesThatAreChangedLiveCountForHostsThatWait) {
    Crawl run = make();
    Owner* owner = nullptr;
    const Rates quick{run.options.frontier.pace, run.options.frontier.gates};
    run.options.frontier.pace.delay = 24h;
    run.before = [&](Owner& one) { owner = &one; };
    run.options.progress_every = 1ms;
    run.options.on_progress = [&](const CrawlProgress& progress) {
        // The robots.txt was the one request that the old rate allowed.
        if (progress.hosts.pausing == 1) owner->set_rates(quick);
    };
    run.go();
    EXPECT_EQ(summary(run).end, CrawlEnd::complete);
    expect_whole();
}

TEST_F(OwnerTest, RatesThatWereChangedLiveHoldForTheNextRunUnlessItIsGivenOthers) {
    Crawl first = make();
    const Rates quick{first.options.frontier.pace, first.options.frontier.gates};
    first.options.frontier.pace.delay = 24h;
    first.options.frontier.pages_max = 20;
    first.before = [&](Owner& owner) { owner.set_rates(quick); };
    first.go();
    EXPECT_EQ(summary(first).end, CrawlEnd::pages_limit);

    // A delay of 12 hours was not what the first run was given, so it counts.
    Crawl slower = make(true);
    slower.options.frontier.pace.delay = 12h;
    slower.options.progress_every = 1ms;
    Owner* owner = nullptr;
    slower.before = [&](Owner& one) { owner = &one; };
    slower.options.on_progress = [&](const CrawlProgress& progress) {
        if (progress.hosts.pausing > 0 && progress.in_flight == 0) owner->drain();
    };
    slower.go();
    EXPECT_EQ(summary(slower).end, CrawlEnd::drained);

    Crawl again = make(true);
    again.options.frontier.pace.delay = 12h;
    again.before = [&](Owner& one) { one.set_rates(quick), one.drain(); };
    again.go();
    Crawl last = make(true);
    last.options.frontier.pace.delay = 12h;
    last.go();
    EXPECT_EQ(summary(last).end, CrawlEnd::complete);
    expect_whole();
}

TEST_F(OwnerTest, HostsAreToldWhileItRunsAndAfterwards) {
    Crawl run = make();
    std::vector<HostProgress> while_running, afterwards;
    Thread asker;
    run.before = [&](Owner& owner) {
        asker = Thread("asker", [&] { while_running = owner.hosts(10); });
    };
    run.go();
    asker.join();
    EXPECT_LE(while_running.size(), web_.hosts);
    for (const HostProgress& host : while_running) EXPECT_TRUE(host.origin.starts_with("http://h"));
    afterwards = run.hosts;
    ASSERT_EQ(afterwards.size(), 2U) << "no more than asked for";
    EXPECT_GE(afterwards[0].fetched, afterwards[1].fetched);
    EXPECT_EQ(afterwards[0].queued, 0U);
    EXPECT_EQ(afterwards[0].waits_for, "");
    EXPECT_EQ(afterwards[0].address, "192.0.2.1");
}

TEST_F(OwnerTest, CookiesComeBackAndOutliveTheRun) {
    web_.hosts = 1;
    web_.pages = 60;
    Crawl run = make();
    run.options.frontier.pages_max = 20;
    run.script.on_answer = [](PageDone& done, const FetchOrder& order) {
        if (ScriptedWeb::page_of(order.url) != 0) return;
        done.url = order.url;
        done.cookies = {"session=7; Path=/", "other=1; Path=/elsewhere/"};
    };
    run.go();
    ASSERT_GE(run.cookies.size(), 10U);
    EXPECT_EQ(run.cookies.front(), "");
    EXPECT_EQ(run.cookies.back(), "session=7");
    Crawl again = make(true);
    again.go();
    ASSERT_GE(again.cookies.size(), 10U);
    for (const std::string& cookie : again.cookies) EXPECT_EQ(cookie, "session=7");
    expect_whole();
}

/// The disk fails at some write of the store; what a power cut leaves is gone on with.
TEST_F(OwnerTest, FailedStoreEndsTheRunWithItsErrorAndTheNextRunIsWhole) {
    Random random(7);
    for (int i = 0; i < 8; ++i) {
        const auto faults = std::make_shared<FaultInjector>();
        const auto disk = std::make_shared<RocksFaultEnv>(faults);
        Crawl run = make();
        run.committing.faults = disk;
        const std::uint64_t fails_at = 5 + random.below(200);
        run.script.on_order = [&](const FetchOrder&, std::uint64_t number) {
            if (number == fails_at) faults->cut_power();
            return true;
        };
        run.go();
        ASSERT_TRUE(run.result);
        ASSERT_FALSE(run.result->has_value());
        EXPECT_NE(run.result->error().message.find("store"), std::string::npos)
            << run.result->error().text();
        faults->disarm();
        Random torn(random.next());
        ASSERT_TRUE(disk->drop_unsynced(&torn));
        Crawl again = make(true);
        again.committing.faults = disk;
        again.go();
        EXPECT_EQ(summary(again).end, CrawlEnd::complete);
        expect_whole();
        std::filesystem::remove_all(folder_);
    }
}

/// The kernel may have written the store's log to the disk, and the outputs not.
TEST_F(OwnerTest, LogThatAPowerCutLeftAheadOfTheOutputsGoesBackToThem) {
    Random random(13);
    std::uint64_t lost = 0;
    for (int i = 0; i < 12; ++i) {
        const auto files = std::make_shared<FaultInjector>();
        Crawl run = make();
        run.committing.files = FileIo(files);
        run.committing.outputs.edges = true;
        run.committing.sync_every = 20ms;
        run.script.on_answer = [](PageDone& done, const FetchOrder&) {
            done.rendered.edges = done.rendered.pages;
        };
        const std::uint64_t cut_at = 5 + random.below(250);
        run.script.on_order = [&](const FetchOrder&, std::uint64_t number) {
            if (number == cut_at) files->cut_power();
            return true;
        };
        run.go();
        ASSERT_TRUE(run.result);
        ASSERT_FALSE(run.result->has_value());
        lost += lose_unsynced(*files, random);
        Crawl again = make(true);
        again.committing.outputs.edges = true;
        again.script.on_answer = run.script.on_answer;
        again.go();
        EXPECT_EQ(summary(again).end, CrawlEnd::complete);
        expect_whole();
        EXPECT_EQ(scratch_.get("crawl/edges.csv"),
                  std::string(edges_header) + scratch_.get("crawl/pages.jsonl"));
        std::filesystem::remove_all(folder_);
    }
    EXPECT_GT(lost, 0U);
}

TEST_F(OwnerTest, RecrawlAsksForEveryPageOfTheEarlierCrawlWithItsValidators) {
    web_.hosts = 1;
    web_.plain = true;
    Crawl first = make();
    first.options.remember_pages = true;
    first.script.on_answer = [](PageDone& done, const FetchOrder& order) {
        done.url = order.url;
        done.memory = PageMemory{order.depth, UrlKind::page, "\"" + order.url + "\"", "then"};
    };
    first.go();
    EXPECT_EQ(summary(first).end, CrawlEnd::complete);
    std::filesystem::rename(folder_, folder_ + "_before");
    Crawl second = make();
    second.options.remember_pages = true;
    auto earlier = Committer::store_in(folder_ + "_before");
    ASSERT_TRUE(earlier);
    second.options.earlier = std::move(*earlier);
    second.options.judge = [](std::string_view url) {
        Found found;
        found.url = url;
        found.domain = "h0.test";
        return found;
    };
    std::atomic<int> asked = 0;
    second.script.on_extra = [&](const FetchOrder& order, const FetchLoop::Extra& extra) {
        if (order.robots) return;
        EXPECT_EQ(extra.if_none_match, "\"" + order.url + "\"");
        EXPECT_EQ(extra.if_modified_since, "then");
        ++asked;
    };
    // Not one of them has changed, and so none sends its links.
    second.script.on_answer = [](PageDone& done, const FetchOrder& order) {
        done.end.found.clear();
        done.url = order.url;
        done.memory = PageMemory{order.depth, UrlKind::page, {}, {}};
        done.not_modified = true;
    };
    second.go();
    EXPECT_EQ(asked, 100);
    EXPECT_EQ(summary(second).totals.fetched, 100U);
    expect_whole();
    second.options.earlier.reset();
    const auto store = Committer::store_in(folder_);
    ASSERT_TRUE(store);
    const auto kept = read_page_memory((*store)->get("E" + web_.url(0, 7))->value());
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->etag, "\"" + web_.url(0, 7) + "\"") << "a 304 confirms what was known";
    std::filesystem::remove_all(folder_ + "_before");
}

/// One process of the test below: it crawls, notes each order, and kills itself at one of them.
/// Alone it is a crawl in which each batch is durable before the next.
TEST_F(OwnerTest, ProcessThatCrawlsInAGivenFolder) {
    const char* folder = std::getenv("SLUICE_TEST_CRAWL_FOLDER");
    const char* killed_at = std::getenv("SLUICE_TEST_KILLED_AT");
    Crawl run = make();
    run.committing.sync_every = Duration::zero();
    int log = -1;
    if (folder != nullptr && killed_at != nullptr) {
        run.committing.folder = folder;
        run.committing.resume = std::filesystem::exists(std::string(folder) + "/frontier/CURRENT");
        run.committing.sync_every = 1ms;
        log =
            ::open((std::string(folder) + ".orders").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ASSERT_GE(log, 0);
        const std::uint64_t at = std::strtoull(killed_at, nullptr, 10);
        run.script.on_order = [log, at](const FetchOrder& order, std::uint64_t number) {
            if (number == at) ::kill(::getpid(), SIGKILL);
            const std::string line = order.url + " " + std::to_string(order.attempt) + "\n";
            EXPECT_EQ(::write(log, line.data(), line.size()), static_cast<ssize_t>(line.size()));
            return true;
        };
    }
    run.go();
    if (log >= 0) ::close(log);
    EXPECT_EQ(summary(run).end, CrawlEnd::complete);
    if (folder == nullptr) expect_whole();
}

/// True: it was killed. A new program, since a fork would not have RocksDB's threads.
bool run_until_killed(const std::string& folder, std::uint64_t at) {
    const std::string number = std::to_string(at);
    const std::string temporary = folder + ".tmp";  // what it cannot remove when it is killed
    std::filesystem::create_directories(temporary);
    const pid_t child = ::fork();
    if (child == 0) {
        ::setenv("SLUICE_TEST_CRAWL_FOLDER", folder.c_str(), 1);
        ::setenv("SLUICE_TEST_KILLED_AT", number.c_str(), 1);
        ::setenv("TMPDIR", temporary.c_str(), 1);
        ::execl("/proc/self/exe", "crawl", "--gtest_brief=1",
                "--gtest_filter=OwnerTest.ProcessThatCrawlsInAGivenFolder", nullptr);
        ::_exit(127);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/// In the long form (SLUICE_LONG_TESTS) more often.
TEST_F(OwnerTest, KilledAtAnyMomentAndTakenUpAgainItIsWhole) {
    const int rounds = std::getenv("SLUICE_LONG_TESTS") != nullptr ? 20 : 1;
    Random random(11);
    for (int i = 0; i < rounds; ++i) {
        std::size_t kills = 0;
        while (run_until_killed(folder_, 1 + random.below(150))) ++kills;
        EXPECT_GE(kills, 1U);
        complete();
        std::ifstream log(folder_ + ".orders");
        std::multiset<std::string> orders;
        for (std::string line; std::getline(log, line);) orders.insert(line);
        const std::set<std::string> once(orders.begin(), orders.end());
        EXPECT_LE(orders.size() - once.size(), kills * 32) << "what was in flight, and no more";
        std::filesystem::remove_all(folder_);
        std::filesystem::remove(folder_ + ".orders");
    }
}

}  // namespace
}  // namespace sluice::crawl
