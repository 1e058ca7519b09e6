// SPDX-License-Identifier: Apache-2.0
// Folders that jobs read and fill: nothing leads outside, nothing half done stays.
#include "modules/work/shell/beneath.h"
#include "modules/work/shell/input_folder.h"
#include "modules/work/shell/output_folder.h"

#include <gtest/gtest.h>
#include <support/scratch_folder.h>
#include <sys/stat.h>

#include <filesystem>

namespace sluice::work {
namespace {

namespace fs = std::filesystem;

class Folders : public testing::Test {
protected:
    RootedFiles files() { return RootedFiles::open({root.path()}, root.path()).value(); }
    std::string listed(const InputFolder& folder, const FolderLimits& limits = {}) {
        const auto entries = folder.list(limits, {});
        if (!entries) return std::string(to_string(entries.error().code));
        std::string out;
        for (const auto& entry : *entries) {
            out += entry.path + " " + std::string(to_string(entry.kind)) + ";";
        }
        return out;
    }
    ScratchFolder root;
};

TEST_F(Folders, AListingIsSortedWholeAndFollowsNoLink) {
    const ScratchFolder outside;
    outside.put("secret.txt", "secret");
    root.put("in/b.txt", "four");
    root.put("in/a/z.txt", "");
    root.put("in/a/y/x.txt", "");
    root.put("in/.b.txt.0123456789abcdef.part", "half of it");
    fs::create_directory_symlink(outside.path(), root / "in/way");
    ASSERT_EQ(::mkfifo((root / "in/pipe").c_str(), 0600), 0);
    ASSERT_EQ(::chmod((root / "in/b.txt").c_str(), 0755), 0);
    const InputFolder folder = files().open_folder("in").value();
    EXPECT_EQ(listed(folder),
              "a folder;a/y folder;a/y/x.txt file;a/z.txt file;b.txt file;pipe other;way link;");
    const auto entries = folder.list({}, {}, [](const FolderEntry& e) { return e.path != "a"; });
    ASSERT_EQ(entries.value().size(), 3u);
    EXPECT_EQ(entries.value()[0].size, 4u);
    EXPECT_TRUE(entries.value()[0].executable);
    EXPECT_EQ(entries.value()[2].target, outside.path());
    EXPECT_EQ(folder.open_file("a/z.txt", mib(1)).value().size(), 0u);
    EXPECT_EQ(folder.open_file("way/secret.txt", mib(1)).error().code, Code::denied);
    EXPECT_EQ(folder.open_file("../in/b.txt", mib(1)).error().code, Code::invalid);
    EXPECT_EQ(folder.open_file("pipe", mib(1)).error().code, Code::denied);
}

TEST_F(Folders, AListingHasLimitsAndEndsWhenCancelled) {
    root.put("in/a/b/c/d.txt", "");
    root.put("in/e.txt", "");
    const InputFolder folder = files().open_folder("in").value();
    EXPECT_EQ(listed(folder, {.entries_max = 4}), "exhausted");
    EXPECT_EQ(listed(folder, {.depth_max = 2}), "exhausted");
    EXPECT_EQ(listed(folder, {.entries_max = 5, .depth_max = 3}).empty(), false);
    const CancelSource source;
    source.cancel();
    EXPECT_EQ(folder.list({}, source.token()).error().code, Code::cancelled);
}

TEST_F(Folders, OnlyFoldersBelowTheRootsAreOpened) {
    const ScratchFolder outside;
    fs::create_directory_symlink(outside.path(), root / "way");
    root.put("file.txt", "");
    EXPECT_EQ(files().open_folder("way").error().code, Code::denied);
    EXPECT_EQ(files().open_folder("..").error().code, Code::invalid);
    EXPECT_EQ(files().open_folder("none").error().code, Code::not_found);
    EXPECT_EQ(files().open_folder("file.txt").error().code, Code::not_found);
    EXPECT_EQ(files().open_output_folder("way/x").error().code, Code::denied);
    EXPECT_EQ(files().open_output_folder("/x").error().code, Code::invalid);
    EXPECT_EQ(outside.entries(), 0u);
}

TEST_F(Folders, AFolderAppearsAtOnceAndWhole) {
    {
        OutputFolder out = files().open_output_folder("deep/out").value();
        FolderFile file = out.make_file("a/b/run.sh", true).value();
        ASSERT_TRUE(file.write_at(4, "tail"));
        ASSERT_TRUE(file.finish(10, wall_from_ns(1'000'000'000)));
        ASSERT_TRUE(out.make_folder("a/empty"));
        ASSERT_TRUE(out.make_folder("a/empty"));
        ASSERT_TRUE(out.set_time("a/empty", wall_from_ns(2'000'000'000)));
        EXPECT_FALSE(fs::exists(root / "deep/out"));
        ASSERT_TRUE(out.commit(false));
    }
    EXPECT_EQ(root.get("deep/out/a/b/run.sh"), std::string("\0\0\0\0tail\0\0", 10));
    struct stat about{};
    ASSERT_EQ(::stat((root / "deep/out/a/b/run.sh").c_str(), &about), 0);
    EXPECT_EQ(about.st_mtim.tv_sec, 1);
    EXPECT_EQ(about.st_mode & 07100, 0100u);
    ASSERT_EQ(::stat((root / "deep/out/a/empty").c_str(), &about), 0);
    EXPECT_EQ(about.st_mtim.tv_sec, 2);
    EXPECT_EQ(root.entries("deep"), 1u);
}

TEST_F(Folders, WithoutCommitNothingStays) {
    {
        OutputFolder out = files().open_output_folder("out").value();
        ASSERT_TRUE(out.make_file("a/b/c.txt", false));
        ASSERT_TRUE(out.make_link("a/l", "b"));
    }
    EXPECT_EQ(root.entries(), 0u);
}

TEST_F(Folders, AFolderThatIsThereIsReplacedOnlyIfAsked) {
    root.put("out/old.txt", "old");
    {
        OutputFolder out = files().open_output_folder("out").value();
        ASSERT_TRUE(out.make_file("new.txt", false));
        EXPECT_EQ(out.commit(false).error().code, Code::exists);
        EXPECT_EQ(root.get("out/old.txt"), "old");
        ASSERT_TRUE(out.commit(true));
    }
    EXPECT_TRUE(fs::exists(root / "out/new.txt"));
    EXPECT_FALSE(fs::exists(root / "out/old.txt"));
    EXPECT_EQ(root.entries(), 1u);
}

TEST_F(Folders, NoLinkIsFollowedWhileAFolderIsFilled) {
    const ScratchFolder outside;
    OutputFolder out = files().open_output_folder("out").value();
    ASSERT_TRUE(out.make_link("way", outside.path()));
    EXPECT_EQ(out.make_file("way/x.txt", false).error().code, Code::denied);
    EXPECT_EQ(out.make_file("way", false).error().code, Code::exists);
    EXPECT_EQ(out.make_folder("way/x").error().code, Code::denied);
    EXPECT_FALSE(out.make_folder("way"));
    ASSERT_TRUE(out.make_file("file", false));
    EXPECT_EQ(out.make_file("file", false).error().code, Code::exists);
    EXPECT_EQ(out.make_file("file/x", false).error().code, Code::exists);
    EXPECT_EQ(out.make_folder("file").error().code, Code::exists);
    EXPECT_EQ(out.make_file("../x", false).error().code, Code::invalid);
    EXPECT_EQ(outside.entries(), 0u);
}

TEST_F(Folders, WhetherALinkLeadsOutIsToldByTheKernel) {
    OutputFolder out = files().open_output_folder("out").value();
    ASSERT_TRUE(out.make_file("a/b/c.txt", false));
    ASSERT_TRUE(out.make_link("near", "a/b/c.txt"));
    ASSERT_TRUE(out.make_link("a/b/root", "../.."));
    // By its text this one stays inside; by what a/b/root is, it does not.
    ASSERT_TRUE(out.make_link("out", "a/b/root/../x"));
    ASSERT_TRUE(out.make_link("absolute", "/etc/passwd"));
    ASSERT_TRUE(out.make_link("nothing", "a/none"));
    ASSERT_TRUE(out.make_link("circle", "circle"));
    EXPECT_TRUE(out.leads_inside("near"));
    EXPECT_TRUE(out.leads_inside("a/b/root"));
    EXPECT_EQ(out.leads_inside("out").error().code, Code::denied);
    EXPECT_EQ(out.leads_inside("absolute").error().code, Code::denied);
    EXPECT_EQ(out.leads_inside("nothing").error().code, Code::not_found);
    EXPECT_EQ(out.leads_inside("circle").error().code, Code::denied);
    ASSERT_TRUE(out.remove_link("out"));
    EXPECT_EQ(out.leads_inside("out").error().code, Code::not_found);
    ASSERT_TRUE(out.make_hard_link("second", "a/b/c.txt"));
    EXPECT_EQ(out.make_hard_link("third", "near").error().code, Code::denied);
    EXPECT_EQ(out.make_hard_link("third", "none").error().code, Code::not_found);
}

TEST(AsideNames, AreKnownAgain) {
    EXPECT_TRUE(is_aside_name(aside_name("x.tar")));
    EXPECT_TRUE(is_aside_name(aside_name(std::string(255, 'x'))));
    EXPECT_LE(aside_name(std::string(255, 'x')).size(), 255u);
    for (const char* name : {"", ".part", "x.0123456789abcdef.part", ".x.0123456789abcdeX.part",
                             ".0123456789abcdef.part", ".x0123456789abcdef.part"}) {
        EXPECT_FALSE(is_aside_name(name)) << name;
    }
}

}  // namespace
}  // namespace sluice::work
