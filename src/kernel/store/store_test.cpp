// SPDX-License-Identifier: Apache-2.0
#include "kernel/store/disk_guard.h"
#include "kernel/store/file_io.h"

#include <gtest/gtest.h>
#include <support/scratch_disk.h>
#include <support/scratch_folder.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice {
namespace {

class Store : public testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const { return folder_ / name; }

    ScratchFolder folder_;
    FileIo files_;
};

using FileIoTest = Store;
using DiskGuardTest = Store;

TEST_F(FileIoTest, ReplacedFileIsReadBackAndPrivate) {
    ASSERT_TRUE(files_.replace_file(path("a"), "one"));
    ASSERT_TRUE(files_.replace_file(path("a"), "two"));
    EXPECT_EQ(*files_.read_file(path("a"), kib(1)), "two");
    EXPECT_EQ(files_.read_file(path("a"), Bytes{2}).error().code, Code::exhausted);
    EXPECT_EQ(files_.read_file(path("b"), kib(1)).error().code, Code::not_found);
    struct stat info{};
    ASSERT_EQ(::stat(path("a").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    EXPECT_EQ(*files_.list_folder(folder_.path()), std::vector<std::string>{"a"});
    EXPECT_EQ(files_.file_size(path("a"))->count, 3U);
}

TEST_F(FileIoTest, ReplaceThatFailsAnywhereLeavesTheOldOrTheNewFileWhole) {
    const auto faults = std::make_shared<FaultInjector>();
    const FileIo files(faults);
    for (std::uint64_t nth = 1;; ++nth) {
        ASSERT_TRUE(files_.replace_file(path("a"), "old"));
        faults->arm({.nth = nth, .error = ENOSPC, .torn = true});
        const Status status = files.replace_file(path("a"), "new contents");
        const std::string now = *files_.read_file(path("a"), kib(1));
        EXPECT_TRUE(now == "old" || now == "new contents") << now;
        if (status) {
            EXPECT_EQ(now, "new contents");
            EXPECT_GT(nth, 4U);
            break;
        }
        EXPECT_EQ(status.error().code, Code::exhausted);
    }
}

TEST_F(FileIoTest, FoldersAreMadeWithParentsAndPrivate) {
    ASSERT_TRUE(files_.make_folders(path("x/y/z/")));
    ASSERT_TRUE(files_.make_folders(path("x/y/z")));
    struct stat info{};
    ASSERT_EQ(::stat(path("x/y").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U);
    ASSERT_TRUE(files_.replace_file(path("file"), ""));
    EXPECT_EQ(files_.make_folders(path("file")).error().code, Code::exists);
    EXPECT_FALSE(files_.make_folders(path("file/below")));
    ASSERT_TRUE(files_.remove_folder(path("x")));
    EXPECT_FALSE(files_.exists(path("x")));
}

TEST_F(FileIoTest, CopyRefusesToOverwrite) {
    ASSERT_TRUE(files_.replace_file(path("a"), std::string(3'000'000, 'x')));
    ASSERT_TRUE(files_.copy_file(path("a"), path("b")));
    EXPECT_EQ(files_.file_size(path("b"))->count, 3'000'000U);
    EXPECT_EQ(files_.copy_file(path("a"), path("b")).error().code, Code::exists);
}

TEST_F(FileIoTest, SecondLockNamesTheHolderAndAFreedLockCanBeTaken) {
    {
        const auto lock = files_.lock_file(path("lock"));
        ASSERT_TRUE(lock);
        const auto second = files_.lock_file(path("lock"));
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, Code::busy);
        EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos);
    }
    EXPECT_TRUE(files_.lock_file(path("lock")));
}

TEST_F(DiskGuardTest, BallastIsMadeAndGivenBackWhenADiskIsFull) {
    DiskGuard guard({.folder = folder_.path(),
                     .ballast = mib(1),
                     .refuse_below = Bytes{2},
                     .accept_above = Bytes{3},
                     .release_below = Bytes{1}});
    ASSERT_TRUE(guard.check());
    EXPECT_TRUE(guard.accepting());
    EXPECT_TRUE(guard.has_ballast());
    EXPECT_EQ(files_.file_size(guard.ballast_path())->count, mib(1).count);
    guard.disk_is_full();
    EXPECT_FALSE(guard.accepting());
    EXPECT_FALSE(guard.has_ballast());
    EXPECT_FALSE(files_.exists(guard.ballast_path()));
    ASSERT_TRUE(guard.check());  // there is room after all
    EXPECT_TRUE(guard.accepting());
    EXPECT_TRUE(guard.has_ballast());
}

TEST_F(DiskGuardTest, NothingIsAcceptedBelowTheMark) {
    DiskGuard guard({.folder = folder_.path(),
                     .ballast = mib(1),
                     .refuse_below = Bytes{1ULL << 62U},
                     .accept_above = Bytes{1ULL << 62U},
                     .release_below = Bytes{1}});
    ASSERT_TRUE(guard.check());
    EXPECT_FALSE(guard.accepting());
    EXPECT_FALSE(guard.has_ballast());
}

TEST_F(DiskGuardTest, SmallDiskFillsUpAndRecovers) {
    const ScratchDisk disk(mib(32).count);
    if (!disk.is_there()) GTEST_SKIP() << ScratchDisk::lack;
    DiskGuard guard({.folder = disk.path(),
                     .ballast = mib(4),
                     .refuse_below = mib(8),
                     .accept_above = mib(12),
                     .release_below = mib(2)});
    EXPECT_TRUE(guard.check());
    EXPECT_TRUE(guard.accepting() && guard.has_ballast());
    EXPECT_TRUE(files_.preallocate_file(disk / "a", mib(21)));  // 7 MiB are left
    EXPECT_TRUE(guard.check());
    EXPECT_TRUE(!guard.accepting() && guard.has_ballast());
    EXPECT_TRUE(files_.preallocate_file(disk / "b", mib(6)));  // 1 MiB is left
    EXPECT_EQ(files_.preallocate_file(disk / "c", mib(2)).error().code, Code::exhausted);
    EXPECT_TRUE(guard.check());
    EXPECT_TRUE(!guard.accepting() && !guard.has_ballast());
    EXPECT_TRUE(files_.preallocate_file(disk / "c", mib(2)));  // what the ballast is for
    EXPECT_TRUE(files_.remove_file(disk / "a"));
    EXPECT_TRUE(guard.check());
    EXPECT_TRUE(guard.accepting() && guard.has_ballast());
}

}  // namespace
}  // namespace sluice
