// SPDX-License-Identifier: Apache-2.0
#include "modules/work/built_in_types_testing.h"

#include <filesystem>

namespace sluice::work {
namespace {

namespace fs = std::filesystem;

using ArchiveTypes = BuiltInTypes;

TEST_F(ArchiveTypes, SamplesOfAllFormatsAreListed) {
    for (const char* name : {"harbour.tar.gz", "harbour.zip", "harbour.7z"}) {
        const std::string got = run(
            "archive.list", R"(["archive/)" + std::string(name) + R"(",{"output":"list.jsonl"}])");
        EXPECT_NE(got.find(R"("files":3)"), std::string::npos) << got;
        EXPECT_NE(got.find(R"("bytes":2964)"), std::string::npos) << got;
        EXPECT_NE(got.find(R"({"path":"harbour/lighthouse.txt","kind":"file","bytes":2940)"),
                  std::string::npos)
            << got;
        EXPECT_NE(folder.get("list.jsonl").find("harbour/empty.txt"), std::string::npos);
    }
    expect_in("archive.list", R"(["archive/harbour.tar.gz",{"list":0}])", R"("links":1)");
    expect_in("archive.list", R"(["archive/harbour.tar.gz",{"list":0}])", R"("listed":[])");
    expect_in("archive.list", R"(["archive/harbour.tar.gz"])",
              R"("changed":"2026-01-02T03:04:06Z","target":"lighthouse.txt")");
    expect_failure("archive.list", R"(["texts/lighthouse.txt"])",
                   "InvalidInput: this is no tar, zip or 7z archive");
}

TEST_F(ArchiveTypes, SamplesAreExtracted) {
    for (const char* name : {"harbour.tar.gz", "harbour.zip", "harbour.7z"}) {
        const std::string got = run(
            "archive.extract", R"(["archive/)" + std::string(name) +
                                   R"(","out",{"replace":true,"exclude":"*.csv","links":true}])");
        EXPECT_NE(got.find(R"("files":2)"), std::string::npos) << got;
        EXPECT_NE(got.find(R"("not_meant":1)"), std::string::npos) << got;
        EXPECT_EQ(folder.get("out/harbour/lighthouse.txt").size(), 2940u);
        EXPECT_FALSE(fs::exists(folder / "out/harbour/tables"));
    }
    expect_failure("archive.extract", R"(["archive/harbour.zip","out"])",
                   R"(Conflict: "out" is there already)");
    expect_failure("archive.extract", R"(["archive/harbour.zip","../out"])", "InvalidInput");
    EXPECT_EQ(folder.entries(), 1u);
}

TEST_F(ArchiveTypes, WhatWasPackedComesBack) {
    folder.put("in/a.txt", std::string(5000, 'a'));
    folder.put("in/deep/b.csv", "x,y\n");
    folder.put("in/c.tmp", "");
    fs::create_symlink("a.txt", folder / "in/link");
    for (const std::string ending : {"tar", "tar.gz", "tar.zst", "tar.xz", "zip"}) {
        const std::string out = "packed." + ending;
        const std::string args =
            R"(["in",")" + out + R"(",{"exclude":["*.tmp"],"links":true,"mtime":1000000000}])";
        const std::string got = run("archive.create", args);
        EXPECT_NE(got.find(R"("files":2,"folders":2,"links":1,"input_bytes":5004)"),
                  std::string::npos)
            << got;
        EXPECT_EQ(run("archive.create", args), got) << "not the same bytes twice";
        expect_in("archive.extract", R"([")" + out + R"(","out",{"replace":true,"links":true}])",
                  R"("files":2)");
        EXPECT_EQ(folder.get("out/in/a.txt"), std::string(5000, 'a'));
        EXPECT_EQ(folder.get("out/in/link"), std::string(5000, 'a'));
        EXPECT_FALSE(fs::exists(folder / "out/in/c.tmp"));
    }
}

TEST_F(ArchiveTypes, PathsMayBeRelativeToABase) {
    folder.put("in/a.txt", "a");
    folder.put("in/deep/b.txt", "b");
    folder.put("in/deep/c.csv", "c");
    expect_in("archive.create", R"([{"base":"in","output":"all.zip"}])", R"("files":3)");
    expect_in("archive.list", R"(["all.zip"])", R"("path":"deep/b.txt")");
    expect_in("archive.create", R"([["deep/c.csv","a.txt","deep"],"some.zip",{"base":"in"}])",
              R"("files":3,"folders":1)");
    expect_in("archive.create", R"([{"base":"in","output":"t.zip","include":"*.txt"}])",
              R"("files":2,"folders":0)");
    expect_failure("archive.create", R"(["none","x.zip"])", "NotFound: \"none\" is not there");
    expect_failure("archive.create", R"([{"output":"x.zip"}])", "`paths` is missing");
    expect_failure("archive.create", R"(["in","x.rar"])", "`format` is missing");
    expect_failure("archive.create", R"(["in","x.tar.xz",{"level":9}])",
                   "`level` must be at most 6");
    expect_failure("archive.create", R"(["in","x.tar",{"level":1}])", "`level` means nothing");
    expect_failure("archive.create", R"([["in",".."],"x.tar"])", "InvalidInput");
    folder.put("in/bad\nname", "");
    expect_failure("archive.create", R"(["in","x.tar"])", "InvalidInput: \"in/bad?name\"");
    EXPECT_FALSE(fs::exists(folder / "x.tar"));
}

TEST_F(ArchiveTypes, TheWorkersLimitsHold) {
    folder.put("in/a.txt", std::string(3000, 'a'));
    folder.put("in/b.txt", std::string(3000, 'b'));
    ASSERT_NE(run("archive.create", R"(["in","ok.zip"])").find("sha256"), std::string::npos);
    settings.limits.archive_bytes_max = Bytes{5000};
    types.clear();
    expect_failure("archive.create", R"(["in","x.zip"])", "LimitExceeded: the files have more");
    expect_failure("archive.extract", R"(["ok.zip","out"])",
                   "LimitExceeded: the archive holds more");
    settings.limits.archive_bytes_max = mib(1);
    settings.limits.archive_entries_max = 2;
    types.clear();
    expect_failure("archive.create", R"(["in","x.zip"])", "LimitExceeded: there are more");
    expect_failure("archive.list", R"(["ok.zip"])", "LimitExceeded: the archive holds more");
    settings.limits.archive_time_max = Duration{0};
    types.clear();
    expect_failure("archive.list", R"(["ok.zip"])", "Timeout");
    EXPECT_EQ(folder.entries(), 2u);
}

TEST_F(ArchiveTypes, CancellingLeavesNothing) {
    folder.put("in/a.txt", std::string(3000, 'a'));
    for (const char* type : {"archive.create", "archive.extract"}) {
        const bool creates = std::string_view(type) == "archive.create";
        const CancelSource source;
        Context context(creates ? R"(["in","x.tar"])" : R"(["archive/harbour.tar.gz","x"])",
                        source.token());
        context.on_progress = [&source] { source.cancel(); };
        const auto outcome = run(type, context);
        const auto* failure = std::get_if<sdk::Failure>(&outcome);
        ASSERT_NE(failure, nullptr) << type;
        EXPECT_EQ(failure->errtype, "Cancelled");
        EXPECT_FALSE(failure->final);
        EXPECT_EQ(folder.entries(), 1u);
    }
}

}  // namespace
}  // namespace sluice::work
