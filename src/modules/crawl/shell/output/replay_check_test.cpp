// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/replay_check.h"

#include <support/scratch_folder.h>
#include "modules/crawl/shell/output/output_file.h"
#include "modules/crawl/shell/output/outputs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

namespace sluice::crawl {
namespace {

class ReplayCheckTest : public testing::Test {
protected:
    /// The marks of a file that grows by 10 kB six times, so that its checksum begins anew once.
    std::vector<Write> grow(const std::string& name) {
        auto file = OutputFile::open(files_, folder_.path(), {name, 0, 0, 0});
        EXPECT_TRUE(file);
        std::vector<Write> marks;
        for (char letter = 'a'; letter < 'k'; ++letter) {
            const std::string bytes(10'000, letter);
            const std::string_view part = bytes;
            EXPECT_TRUE(file->append({&part, 1}));
            marks.push_back(mark_write(file->mark()));
        }
        return marks;
    }
    /// How many of them may be replayed, until one may not.
    std::size_t replayed(const std::vector<Write>& marks) {
        auto check = ReplayCheck::open(files_, folder_.path());
        EXPECT_TRUE(check);
        std::size_t count = 0;
        while (count < marks.size() && (*check)->may_replay(marks[count].key, *marks[count].value))
            ++count;
        missing_ = (*check)->end();
        EXPECT_EQ(missing_.empty(), count == marks.size());
        return count;
    }
    void cut(const std::string& name, std::uintmax_t size) {
        std::filesystem::resize_file(folder_ / name, size);
    }

    ScratchFolder folder_;
    const FileIo files_;
    std::string missing_;
};

TEST_F(ReplayCheckTest, WholeFileHoldsAllOfItsMarks) {
    const auto marks = grow("pages.jsonl");
    EXPECT_EQ(replayed(marks), 10U);
    EXPECT_EQ(replayed({marks.begin() + 4, marks.end()}), 6U) << "a log begins anywhere";
    folder_.put("pages.jsonl", folder_.get("pages.jsonl") + "more than was recorded");
    EXPECT_EQ(replayed(marks), 10U);
}

TEST_F(ReplayCheckTest, MarksBehindALostEndAreNotReplayed) {
    const auto marks = grow("edges.csv");
    cut("edges.csv", 70'001);
    EXPECT_EQ(replayed(marks), 7U);
    EXPECT_NE(missing_.find("edges.csv has 70001 bytes"), std::string::npos) << missing_;
    cut("edges.csv", 100'000);  // zeros where the bytes were
    EXPECT_EQ(replayed(marks), 7U);
    EXPECT_NE(missing_.find("were changed or lost"), std::string::npos) << missing_;
    cut("edges.csv", 0);
    EXPECT_EQ(replayed(marks), 0U);
}

TEST_F(ReplayCheckTest, FileThatIsGoneHoldsOnlyItsEmptyMark) {
    auto marks = grow("crawl-00003.warc.gz");
    std::filesystem::remove(folder_ / "crawl-00003.warc.gz");
    EXPECT_EQ(replayed(marks), 0U);
    EXPECT_EQ(replayed({mark_write({"crawl-00003.warc.gz", 0, 0, 0})}), 1U);
    EXPECT_EQ(folder_.entries(), 0U) << "nothing is made";
}

TEST_F(ReplayCheckTest, OtherRecordsAreNoneOfItsBusiness) {
    EXPECT_EQ(replayed({{"Hhost", "x"}, {"O", "y"}, mark_write({"../../etc/passwd", 9, 0, 1})}),
              3U);
}

TEST_F(ReplayCheckTest, FileThatMayNotBeReadIsAnErrorAndNoLoss) {
    std::filesystem::create_directory(folder_ / "pages.jsonl");
    EXPECT_FALSE(ReplayCheck::open(files_, folder_.path()));
    EXPECT_TRUE(ReplayCheck::open(files_, folder_ / "nothing"));
}

}  // namespace
}  // namespace sluice::crawl
