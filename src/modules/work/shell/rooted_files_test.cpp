// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/rooted_files.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>

namespace sluice::work {
namespace {

std::string read_all(InputFile& file) {
    std::string out;
    std::array<char, 7> piece;
    for (;;) {
        const auto count = file.read(piece);
        EXPECT_TRUE(count);
        if (!count || *count == 0) return out;
        out.append(piece.data(), *count);
    }
}

TEST(RootedFiles, ReadsFromTheFirstFolderThatHasTheFile) {
    const ScratchFolder one;
    const ScratchFolder two;
    one.put("a.txt", "from one");
    two.put("a.txt", "from two");
    two.put("deep/er/b.txt", "only in two");
    const auto files = RootedFiles::open({one.path(), two.path()}, "").value();
    auto a = files.open_input("a.txt", mib(1)).value();
    EXPECT_EQ(a.size(), 8u);
    EXPECT_EQ(read_all(a), "from one");
    auto b = files.open_input("deep/er/b.txt", mib(1)).value();
    EXPECT_EQ(read_all(b), "only in two");
    EXPECT_EQ(files.open_input("c.txt", mib(1)).error().code, Code::not_found);
    EXPECT_EQ(files.open_input("a.txt/x", mib(1)).error().code, Code::not_found);
    EXPECT_EQ(files.open_input("a.txt", Bytes{7}).error().code, Code::exhausted);
}

TEST(RootedFiles, NothingLeadsOutOfTheFolder) {
    const ScratchFolder outside;
    outside.put("secret.txt", "secret");
    const ScratchFolder root;
    root.put("inside/real.txt", "x");
    std::filesystem::create_symlink(outside.path(), root / "way");
    std::filesystem::create_symlink(outside / "secret.txt", root / "link.txt");
    std::filesystem::create_symlink("inside/real.txt", root / "near.txt");
    std::filesystem::create_symlink("../../../../../../etc/passwd", root / "up.txt");
    std::filesystem::create_symlink("/proc/self/root", root / "magic");
    ASSERT_EQ(::mkfifo((root / "fifo").c_str(), 0600), 0);
    ASSERT_EQ(::mknod((root / "socket").c_str(), S_IFSOCK | 0600, 0), 0);
    const auto files = RootedFiles::open({root.path()}, root.path()).value();
    const struct {
        std::string path;
        Code code;
    } rows[] = {
        {"way/secret.txt", Code::denied},
        {"link.txt", Code::denied},
        {"near.txt", Code::denied},  // even a link that stays inside
        {"up.txt", Code::denied},
        {"magic/etc/passwd", Code::denied},
        {"fifo", Code::denied},
        {"socket", Code::denied},
        {std::string(300, 'a'), Code::invalid},
        {"inside", Code::denied},
        {"../" + std::filesystem::path(outside.path()).filename().string() + "/secret.txt",
         Code::invalid},
        {"inside/../../x", Code::invalid},
        {"inside/./real.txt", Code::invalid},
        {"inside//real.txt", Code::invalid},
        {"/etc/passwd", Code::invalid},
        {"", Code::invalid},
        {std::string("inside/real.txt\0.png", 20), Code::invalid},
        {std::string(2000, 'a'), Code::invalid},
    };
    for (const auto& row : rows) {
        const auto got = files.open_input(row.path, mib(1));
        ASSERT_FALSE(got) << row.path;
        EXPECT_EQ(got.error().code, row.code) << got.error().text();
    }
    for (const auto* path : {"way/new.txt", "magic/tmp/new.txt", "../new.txt", "/tmp/new.txt"}) {
        EXPECT_FALSE(files.open_output(path, mib(1))) << path;
    }
    EXPECT_EQ(outside.entries(), 1u);
}

TEST(RootedFiles, WithoutFoldersNothingIsOpened) {
    const auto files = RootedFiles::open({}, "").value();
    EXPECT_EQ(files.open_input("a", mib(1)).error().code, Code::denied);
    EXPECT_EQ(files.open_output("a", mib(1)).error().code, Code::denied);
    EXPECT_EQ(RootedFiles::open({"/nonexistent/folder"}, "").error().code, Code::not_found);
}

TEST(OutputFile, AppearsWholeOrNotAtAll) {
    const ScratchFolder root;
    root.put("out/a.txt", "old");
    const auto files = RootedFiles::open({}, root.path()).value();
    {
        auto out = files.open_output("out/a.txt", mib(1)).value();
        ASSERT_TRUE(out.write("new but given up"));
        EXPECT_EQ(root.entries("out"), 2u);
    }
    EXPECT_EQ(root.get("out/a.txt"), "old");
    EXPECT_EQ(root.entries("out"), 1u);
    {
        auto out = files.open_output("out/a.txt", mib(1)).value();
        ASSERT_TRUE(out.write("new "));
        ASSERT_TRUE(out.write("text"));
        EXPECT_EQ(root.get("out/a.txt"), "old");
        EXPECT_EQ(out.bytes(), 8u);
        ASSERT_TRUE(out.commit());
    }
    EXPECT_EQ(root.get("out/a.txt"), "new text");
    auto deep = files.open_output("x/y/z.txt", mib(1)).value();
    ASSERT_TRUE(deep.commit());
    EXPECT_EQ(root.entries("x/y"), 1u);
}

TEST(OutputFile, ALinkInItsPlaceIsReplacedNotFollowed) {
    const ScratchFolder outside;
    outside.put("target.txt", "untouched");
    const ScratchFolder root;
    std::filesystem::create_symlink(outside / "target.txt", root / "out.txt");
    const auto files = RootedFiles::open({}, root.path()).value();
    auto out = files.open_output("out.txt", mib(1)).value();
    ASSERT_TRUE(out.write("mine"));
    ASSERT_TRUE(out.commit());
    EXPECT_EQ(outside.get("target.txt"), "untouched");
    EXPECT_EQ(root.get("out.txt"), "mine");
}

TEST(OutputFile, StopsAtItsLimit) {
    const ScratchFolder root;
    const auto files = RootedFiles::open({}, root.path()).value();
    auto out = files.open_output("a", Bytes{10}).value();
    EXPECT_TRUE(out.write("0123456789"));
    EXPECT_EQ(out.write("x").error().code, Code::exhausted);
}

}  // namespace
}  // namespace sluice::work
