// SPDX-License-Identifier: Apache-2.0
#include "kernel/store/append_file.h"

#include "kernel/store/file_io.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

#include <filesystem>
#include <fstream>
#include <vector>

namespace sluice {
namespace {

namespace fs = std::filesystem;

class AppendFileTest : public testing::Test {
protected:
    AppendFileTest() : faults_(std::make_shared<FaultInjector>()), files_(faults_) {}

    std::unique_ptr<AppendFile> open() {
        auto opened = files_.open_append(path());
        EXPECT_TRUE(opened) << opened.error().text();
        return std::move(*opened);
    }
    [[nodiscard]] std::string path() const { return folder_ / "log"; }
    [[nodiscard]] std::string content() const { return *FileIo().read_file(path(), mib(64)); }

    std::shared_ptr<FaultInjector> faults_;
    FileIo files_;
    ScratchFolder folder_;
};

TEST_F(AppendFileTest, PartsAreWrittenInOrder) {
    auto file = open();
    std::vector<std::string> texts;
    for (int i = 0; i < 2'000; ++i) texts.push_back(i % 7 == 0 ? "" : std::to_string(i) + ";");
    const std::vector<std::string_view> parts(texts.begin(), texts.end());
    std::string whole;
    for (const auto& text : texts) whole += text;
    ASSERT_TRUE(file->append(parts));
    ASSERT_TRUE(file->append("end"));
    ASSERT_TRUE(file->sync());
    EXPECT_EQ(content(), whole + "end");
    EXPECT_EQ(file->size(), whole.size() + 3);
}

TEST_F(AppendFileTest, NothingToAppendIsNoError) {
    auto file = open();
    ASSERT_TRUE(file->append(std::span<const std::string_view>()));
    ASSERT_TRUE(file->append(""));
    EXPECT_EQ(file->size(), 0U);
}

TEST_F(AppendFileTest, OpeningAgainGoesOnAtTheEndOrWhereItIsCut) {
    ASSERT_TRUE(open()->append("one two"));
    auto file = open();
    EXPECT_EQ(file->size(), 7U);
    ASSERT_TRUE(file->cut(3));
    ASSERT_TRUE(file->append("!"));
    EXPECT_EQ(content(), "one!");
    const Status longer = file->cut(100);
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().code, Code::corrupt);
    EXPECT_NE(longer.error().message.find("4 bytes, not 100"), std::string::npos);
}

TEST_F(AppendFileTest, ReadsWhatWasWritten) {
    auto file = open();
    ASSERT_TRUE(file->append("0123456789"));
    EXPECT_EQ(*file->read(2, 3), "234");
    EXPECT_EQ(file->read(8, 3).error().code, Code::corrupt);
}

TEST_F(AppendFileTest, FailedAppendLeavesNothingBehind) {
    auto file = open();
    ASSERT_TRUE(file->append("whole\n"));
    for (const bool torn : {false, true}) {
        faults_->arm({.ops = static_cast<unsigned>(FileOp::write), .error = ENOSPC, .torn = torn});
        const Status status = file->append("a longer line that is not to be seen\n");
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code, Code::exhausted);
        EXPECT_EQ(content(), "whole\n");
    }
    faults_->disarm();
    ASSERT_TRUE(file->append("more\n"));
    EXPECT_EQ(content(), "whole\nmore\n");
}

TEST_F(AppendFileTest, PowerCutInTheMiddleLeavesATornEndAndADeadFile) {
    auto file = open();
    ASSERT_TRUE(file->append("whole\n"));
    faults_->arm({.ops = static_cast<unsigned>(FileOp::write), .torn = true, .stay = true});
    EXPECT_FALSE(file->append("a longer line\n"));
    faults_->disarm();
    EXPECT_GT(content().size(), 6U);
    EXPECT_FALSE(file->append("more\n")) << "what is on the disk is not known any more";
    file = open();
    ASSERT_TRUE(file->cut(6));
    ASSERT_TRUE(file->append("more\n"));
    EXPECT_EQ(content(), "whole\nmore\n");
}

TEST_F(AppendFileTest, FailedSyncStaysFailed) {
    auto file = open();
    ASSERT_TRUE(file->append("whole\n"));
    faults_->arm({.ops = static_cast<unsigned>(FileOp::sync)});
    EXPECT_FALSE(file->sync());
    faults_->disarm();
    EXPECT_FALSE(file->sync());
    EXPECT_TRUE(open()->sync());
}

TEST_F(AppendFileTest, FoldersAreNoFiles) {
    fs::create_directory(path());
    EXPECT_FALSE(files_.open_append(path()));
}

class LineReaderTest : public AppendFileTest {
protected:
    std::vector<std::string> lines(Bytes line_max = mib(1)) {
        auto reader = files_.open_lines(path(), line_max);
        EXPECT_TRUE(reader) << reader.error().text();
        std::vector<std::string> out;
        for (;;) {
            auto line = (*reader)->next();
            if (!line) {
                out.push_back("error: " + line.error().text());
                return out;
            }
            if (!*line) return out;
            out.emplace_back(**line);
        }
    }
    void write(const std::string& text) { std::ofstream(path()) << text; }
};

TEST_F(LineReaderTest, GivesLinesOfAnyLength) {
    write("");
    EXPECT_EQ(lines(), std::vector<std::string>{});
    write("a\n\nb");
    EXPECT_EQ(lines(), (std::vector<std::string>{"a", "", "b"}));
    std::string text;
    std::vector<std::string> expected;
    for (std::size_t length = 0; length < 300'000; length = length * 2 + 1) {
        expected.emplace_back(length, 'x');
        text += expected.back() + "\n";
    }
    write(text);
    EXPECT_EQ(lines(), expected);
}

TEST_F(LineReaderTest, TooLongALineIsAnError) {
    write("a\n" + std::string(2U << 20U, 'x'));
    const auto got = lines();
    ASSERT_EQ(got.size(), 2U);
    EXPECT_EQ(got[0], "a");
    EXPECT_NE(got[1].find("exhausted"), std::string::npos);
}

TEST_F(LineReaderTest, MissingFileAndFailedReadsAreErrors) {
    EXPECT_EQ(files_.open_lines(path(), mib(1)).error().code, Code::not_found);
    write("a\n");
    faults_->arm({.ops = static_cast<unsigned>(FileOp::read), .nth = 2});
    const auto got = lines();
    ASSERT_EQ(got.size(), 1U);
    EXPECT_NE(got[0].find("io"), std::string::npos);
}

}  // namespace
}  // namespace sluice
