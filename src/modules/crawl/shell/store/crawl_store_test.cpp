// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/store/crawl_store.h"

#include "kernel/store/file_io.h"
#include "modules/crawl/core/frontier/host.h"
#include "modules/crawl/core/frontier/seen_set.h"
#include "modules/crawl/shell/store/page_memory.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

namespace sluice::crawl {
namespace {

class CrawlStoreTest : public ::testing::Test {
protected:
    [[nodiscard]] std::unique_ptr<CrawlStore> open() const {
        CrawlStoreOptions options;
        options.folder = folder_ / "state";
        auto store = CrawlStore::open(std::move(options));
        EXPECT_TRUE(store) << store.error().text();
        return store ? std::move(*store) : nullptr;
    }
    static CrawlSettings settings(std::string depth = "5") {
        return {{{"seeds", "http://a/"}, {"depth", std::move(depth)}}, "--depth 5"};
    }
    static Write entry(HostId host, std::uint8_t queue, std::uint64_t seq, std::string path) {
        QueuedUrl url;
        url.seq = seq;
        url.path = std::move(path);
        return {queue_key(host, queue, seq), queue_record(url)};
    }

    ScratchFolder folder_;
};

TEST_F(CrawlStoreTest, NewStoreIsEmptyAndKeepsTheSettingsOfItsCrawl) {
    {
        const auto store = open();
        EXPECT_FALSE(store->settings()->has_value());
        const Write begin = CrawlStore::begin(settings());
        ASSERT_TRUE(store->write({&begin, 1}));
        ASSERT_TRUE(store->close());
    }
    const auto store = open();
    const auto kept = store->settings();
    ASSERT_TRUE(kept && kept->has_value());
    EXPECT_EQ((*kept)->fixed, settings().fixed);
    EXPECT_EQ((*kept)->remembered, "--depth 5");
}

TEST_F(CrawlStoreTest, SecondProcessIsToldThatAnotherOneCrawlsHere) {
    const auto store = open();
    CrawlStoreOptions options;
    options.folder = folder_ / "state";
    const auto second = CrawlStore::open(options);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::busy);
    EXPECT_NE(second.error().message.find("another process crawls"), std::string::npos);
}

TEST_F(CrawlStoreTest, DatabaseOfAnotherProgramIsRefused) {
    {
        const auto store = open();
        const Write write{"Z", "1"};
        ASSERT_TRUE(store->write({&write, 1}));
        ASSERT_TRUE(store->close());
    }
    CrawlStoreOptions options;
    options.folder = folder_ / "state";
    const auto refused = CrawlStore::open(options);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid);
}

TEST_F(CrawlStoreTest, ReadsStayWithinOneQueueAndGoOnWhereTheyEnded) {
    const auto store = open();
    std::vector<Write> writes;
    const HostId host(7);
    for (std::uint64_t seq = 1; seq <= 5; ++seq)
        writes.push_back(entry(host, 2, seq, "/" + std::to_string(seq)));
    writes.push_back(entry(host, 2, UINT64_MAX, "/last"));
    writes.push_back(entry(host, 3, 1, "/other-queue"));
    writes.push_back(entry(HostId(8), 2, 1, "/other-host"));
    ASSERT_TRUE(store->write(writes));
    auto read = store->read({host, 2, 0, 3});
    ASSERT_TRUE(read);
    ASSERT_EQ(read->entries.size(), 3U);
    EXPECT_EQ(read->entries[0].path, "/1");
    EXPECT_FALSE(read->last);
    read = store->read({host, 2, 3, 3});
    ASSERT_TRUE(read);
    ASSERT_EQ(read->entries.size(), 3U);
    EXPECT_EQ(read->entries[2].path, "/last");
    EXPECT_TRUE(read->last);
    read = store->read({host, 4, 0, 3});
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->entries.empty());
    EXPECT_TRUE(read->last);
}

TEST_F(CrawlStoreTest, LookUpsTellWhatIsKnownInTheirOrder) {
    const auto store = open();
    std::vector<Write> writes;
    std::vector<std::string> keys;
    for (int i = 0; i < 1000; ++i) {
        keys.push_back(seen_key(fingerprint("http://a/" + std::to_string(i))));
        const auto state = static_cast<Seen>(i % 4);
        if (state != Seen::no)
            writes.push_back({keys.back(), std::string(1, static_cast<char>(state))});
    }
    ASSERT_TRUE(store->write(writes));
    std::vector<Seen> states;
    ASSERT_TRUE(store->look_up(keys, states));
    ASSERT_EQ(states.size(), keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
        EXPECT_EQ(states[i], static_cast<Seen>(i % 4)) << i;
    const Write broken{keys[0], "too long"};
    ASSERT_TRUE(store->write({&broken, 1}));
    EXPECT_EQ(store->look_up({keys.data(), 1}, states).error().code, Code::corrupt);
}

TEST_F(CrawlStoreTest, EachVisitsAPrefixInOrderAndEndsWithTheFirstError) {
    const auto store = open();
    const std::vector<Write> writes{
        {"Xb", "2"}, {"Xa", "1"}, {"W", "0"}, {"Y", "3"}, {std::string("X\xff\xff"), "9"}};
    ASSERT_TRUE(store->write(writes));
    std::string seen;
    ASSERT_TRUE(store->each("X", [&](std::string_view, std::string_view value) -> Status {
        seen += value;
        return {};
    }));
    EXPECT_EQ(seen, "129");
    seen.clear();
    ASSERT_TRUE(store->each("X\xff", [&](std::string_view, std::string_view value) -> Status {
        seen += value;
        return {};
    }));
    EXPECT_EQ(seen, "9");
    const Status ended = store->each("X", [&](std::string_view, std::string_view) -> Status {
        return fail(Code::cancelled, "enough");
    });
    EXPECT_EQ(ended.error().code, Code::cancelled);
}

TEST_F(CrawlStoreTest, EverySyncMakesDurableFirstWhatTheRecordsSpeakOf) {
    int syncs = 0;
    bool fails = false;
    CrawlStoreOptions options;
    options.folder = folder_ / "state";
    options.memtable = mib(1);
    options.before_sync = [&]() -> Status {
        ++syncs;
        if (fails) return fail(Code::io, "the output's disk is gone");
        return {};
    };
    auto store = std::move(*CrawlStore::open(options));
    ASSERT_TRUE(store->sync());
    EXPECT_EQ(syncs, 1);
    // A batch that fills a good part of a memtable is made durable at once.
    const Write large{"Xlarge", std::string(200'000, 'x')};
    ASSERT_TRUE(store->write({&large, 1}));
    EXPECT_EQ(syncs, 2);
    // And so is each memtable before RocksDB writes it to a table.
    const Write small{"Xsmall", std::string(100'000, 'x')};
    for (int i = 0; i < 30; ++i) ASSERT_TRUE(store->write({&small, 1}));
    EXPECT_GT(syncs, 3);
    fails = true;
    EXPECT_EQ(store->sync().error().message, "the output's disk is gone");
    EXPECT_FALSE(store->write({&small, 1})) << "a store whose order is broken takes nothing more";
}

TEST_F(CrawlStoreTest, FailedWriteStopsTheStoreAndWhatWasSyncedIsThereAfterwards) {
    const auto faults = std::make_shared<FaultInjector>();
    CrawlStoreOptions options;
    options.folder = folder_ / "state";
    options.faults = std::make_shared<RocksFaultEnv>(faults);
    {
        auto store = std::move(*CrawlStore::open(options));
        const std::vector<Write> before{CrawlStore::begin(settings()), {"Xbefore", "1"}};
        ASSERT_TRUE(store->write(before));
        ASSERT_TRUE(store->sync());
        faults->cut_power();
        const Write after{"Xafter", "1"};
        Status failed = store->write({&after, 1});
        if (failed) failed = store->sync();
        ASSERT_FALSE(failed);
        EXPECT_FALSE(store->write({&after, 1}));
    }
    ASSERT_TRUE(options.faults->drop_unsynced());
    faults->disarm();
    auto store = std::move(*CrawlStore::open(options));
    EXPECT_TRUE(store->get("Xbefore")->has_value());
    EXPECT_FALSE(store->get("Xafter")->has_value());
}

TEST(PageMemory, IsReadBackAndADamagedOneIsRefused) {
    const Write write =
        page_memory_write("http://a/", {3, UrlKind::sitemap, "\"x\"", std::string(600, 'y')});
    EXPECT_EQ(write.key, "Ehttp://a/");
    const auto read = read_page_memory(*write.value);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->depth, 3U);
    EXPECT_EQ(read->kind, UrlKind::sitemap);
    EXPECT_EQ(read->etag, "\"x\"");
    EXPECT_EQ(read->last_modified, "") << "too long to be kept";
    for (std::size_t length = 0; length < write.value->size(); ++length)
        EXPECT_FALSE(read_page_memory(write.value->substr(0, length)));
}

TEST(CrawlSettings, FirstDifferenceIsNamedWithBothValues) {
    const CrawlSettings before{{{"seeds", "http://a/"}, {"depth", "5"}}, "x"};
    CrawlSettings now = before;
    now.remembered = "y";
    EXPECT_TRUE(check_settings(before, now));
    now.fixed[1].second = "6";
    const Status refused = check_settings(before, now);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::invalid);
    EXPECT_NE(refused.error().message.find("depth = \"5\""), std::string::npos);
    EXPECT_NE(refused.error().message.find("\"6\""), std::string::npos);
}

TEST(CrawlSettings, SettingThatTheOtherSideDoesNotKnowMustHaveNoValue) {
    const CrawlSettings before{{{"depth", "5"}}, {}};
    EXPECT_TRUE(check_settings(before, {{{"depth", "5"}, {"later", ""}}, {}}));
    EXPECT_FALSE(check_settings(before, {{{"depth", "5"}, {"later", "on"}}, {}}));
    EXPECT_FALSE(check_settings(before, {{{"later", ""}}, {}}));
}

TEST(CrawlSettings, RecordIsReadBackAndADamagedOrNewerOneIsRefused) {
    const CrawlSettings settings{{{"seeds", "http://a/ http://b/"}, {"depth", ""}}, "words"};
    const std::string record = settings_record(settings);
    const auto read = read_settings(record);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->fixed, settings.fixed);
    EXPECT_EQ(read->remembered, "words");
    for (std::size_t length = 0; length < record.size(); ++length)
        EXPECT_EQ(read_settings(record.substr(0, length)).error().code, Code::corrupt);
    EXPECT_EQ(read_settings(record + "x").error().code, Code::corrupt);
    EXPECT_NE(read_settings("\x02" + record.substr(1)).error().message.find("newer"),
              std::string::npos);
}

}  // namespace
}  // namespace sluice::crawl
