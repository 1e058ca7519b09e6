// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/temporary_folder.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include <sys/wait.h>
#include <unistd.h>

namespace sluice {
namespace {

std::size_t entries(const std::string& path) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator(path)) ++count;
    return count;
}

TEST(TemporaryFolder, IsGoneWithTheObjectAndWhatIsInIt) {
    std::string path;
    {
        auto made = TemporaryFolder::make(testing::TempDir() + "temporary-folder-");
        ASSERT_TRUE(made);
        const TemporaryFolder folder = *std::move(made);
        path = folder.path();
        std::filesystem::create_directories(path + "/a/b");
        EXPECT_TRUE(std::filesystem::is_directory(path));
    }
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(TemporaryFolder, TheNextOneRemovesWhatAKilledProcessHasLeftAndNothingElse) {
    const auto outer = TemporaryFolder::make(testing::TempDir() + "temporary-outer-");
    ASSERT_TRUE(outer);
    const std::string prefix = outer->path() + "/job-";
    const auto living = TemporaryFolder::make(prefix);
    ASSERT_TRUE(living);
    const pid_t child = ::fork();
    if (child == 0) {
        const auto folder = TemporaryFolder::make(prefix);
        if (!folder) ::_exit(1);
        std::ofstream(folder->path() + "/file") << "left behind";
        ::_exit(0);  // no destructor runs, as if it were killed
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    std::filesystem::create_directory(outer->path() + "/job-longer-name");
    std::filesystem::create_directory(outer->path() + "/other-");
    std::filesystem::create_directory_symlink(outer->path() + "/other-",
                                              outer->path() + "/job-linked");
    EXPECT_EQ(entries(outer->path()), 5U);
    const auto next = TemporaryFolder::make(prefix);
    ASSERT_TRUE(next);
    EXPECT_EQ(entries(outer->path()), 5U) << "one gone, one new";
    EXPECT_TRUE(std::filesystem::exists(living->path()));
    EXPECT_TRUE(std::filesystem::exists(next->path()));
    EXPECT_TRUE(std::filesystem::exists(outer->path() + "/job-longer-name"));
    EXPECT_TRUE(std::filesystem::exists(outer->path() + "/other-"));
}

TEST(TemporaryFolder, WhereNoneCanBeMadeItSaysSo) {
    const auto made = TemporaryFolder::make("/proc/nowhere/x-");
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Code::io);
}

}  // namespace
}  // namespace sluice
