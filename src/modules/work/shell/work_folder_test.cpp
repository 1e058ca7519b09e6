// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/work_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <support/scratch_folder.h>

namespace sluice::work {
namespace {

class WorkFolders : public testing::Test {
protected:
    WorkFolders() : files(RootedFiles::open({}, scratch.path()).value()) {}
    ScratchFolder scratch;
    RootedFiles files;
};

TEST_F(WorkFolders, WhatIsWrittenCanBeReadListedAndTakenAway) {
    const WorkFolder folder = files.open_work_folder("a/b", true).value();
    ASSERT_TRUE(folder.write("c/one", "text"));
    EXPECT_EQ(folder.read("c/one", kib(1)).value(), "text");
    EXPECT_EQ(folder.list({}, {}).value().size(), 2U);
    EXPECT_EQ(folder.remove_folder("c").value(), false);
    ASSERT_TRUE(folder.remove_file("c/one"));
    ASSERT_TRUE(folder.remove_file("c/one"));
    EXPECT_FALSE(folder.has("c/one").value());
    EXPECT_EQ(folder.remove_folder("c").value(), true);
    EXPECT_FALSE(folder.has("c/one").value());
}

TEST_F(WorkFolders, AFolderThatIsNotThereIsMadeOnlyOnRequest) {
    EXPECT_EQ(files.open_work_folder("none", false).error().code, Code::not_found);
    EXPECT_TRUE(files.open_work_folder("none", true));
    EXPECT_TRUE(files.open_work_folder("none", false));
    EXPECT_EQ(files.open_work_folder("../x", true).error().code, Code::invalid);
}

TEST_F(WorkFolders, TheFirstToWriteANewFileWins) {
    const WorkFolder folder = files.open_work_folder("w", true).value();
    ASSERT_TRUE(folder.write("plan", "first", false));
    EXPECT_EQ(folder.write("plan", "second", false).error().code, Code::exists);
    EXPECT_EQ(scratch.get("w/plan"), "first");
    EXPECT_EQ(scratch.entries("w"), 1U);
    ASSERT_TRUE(folder.write("plan", "third"));
    EXPECT_EQ(scratch.get("w/plan"), "third");
}

TEST_F(WorkFolders, LinksAreNeitherFollowedNorTheirTargetsRemoved) {
    scratch.put("outside/kept", "kept");
    scratch.put("w/inside", "x");
    ASSERT_EQ(::symlink((scratch / "outside").c_str(), (scratch / "w/link").c_str()), 0);
    const WorkFolder folder = files.open_work_folder("w", false).value();
    EXPECT_EQ(folder.about("link").value()->kind, EntryKind::link);
    EXPECT_EQ(folder.read("link/kept", kib(1)).error().code, Code::denied);
    EXPECT_EQ(folder.write("link/new", "x").error().code, Code::denied);
    EXPECT_EQ(folder.remove_file("link/kept").error().code, Code::denied);
    ASSERT_TRUE(folder.remove_all("link"));
    EXPECT_EQ(scratch.get("outside/kept"), "kept");
    EXPECT_EQ(files.open_work_folder("w/inside", false).error().code, Code::not_found);
}

TEST_F(WorkFolders, AnOutputTakesOverTimeAndRunnability) {
    const WorkFolder folder = files.open_work_folder("w", true).value();
    OutputFile file = folder.open_output("run", kib(1)).value();
    ASSERT_TRUE(file.write("#!"));
    ASSERT_TRUE(file.set_about({.changed = wall_from_ns(1'234'567'890'123), .executable = true}));
    ASSERT_TRUE(file.commit());
    const auto about = folder.about("run").value();
    EXPECT_EQ(to_ns(about->changed), 1'234'567'890'123);
    EXPECT_TRUE(about->executable);
}

}  // namespace
}  // namespace sluice::work
