// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/folders/backup_manifest.h"
#include "modules/work/core/folders/folder_plans.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace sluice::work {
namespace {

constexpr WallTime now = WallTime{} + 1'000h;

std::vector<std::string> cleaned(const CleanRules& rules) {
    const std::vector<FileFacts> files{
        {.path = "a.log", .size = 10, .changed = now - 1h},
        {.path = "b.log", .size = 20, .changed = now - 2h},
        {.path = "c.log", .size = 30, .changed = now - 3h},
        {.path = "d/c.txt", .size = 40, .changed = now - 4h},
        {.path = "e", .size = 50, .changed = now + 1h},
    };
    std::vector<std::string> paths;
    for (const std::size_t place : select_for_cleaning(files, rules, now)) {
        paths.push_back(files[place].path);
    }
    return paths;
}
using Paths = std::vector<std::string>;

TEST(Cleaning, EveryRuleHasToAgree) {
    EXPECT_EQ(cleaned({.older_than = 2h}), (Paths{"d/c.txt", "c.log", "b.log"}));
    EXPECT_EQ(cleaned({.larger_than = 30}), (Paths{"d/c.txt", "c.log", "e"}));
    EXPECT_EQ(cleaned({.patterns = {"*.log"}, .older_than = 2h}), (Paths{"c.log", "b.log"}));
    EXPECT_EQ(cleaned({.patterns = {"d/*"}, .older_than = 0s}), (Paths{"d/c.txt"}));
    EXPECT_EQ(cleaned({.patterns = {"x*"}, .older_than = 0s}), Paths{});
}

TEST(Cleaning, TheNewestStay) {
    EXPECT_EQ(cleaned({.patterns = {"*.log"}, .keep_newest = 2}), (Paths{"c.log"}));
    EXPECT_EQ(cleaned({.patterns = {"*.log"}, .keep_newest = 3}), Paths{});
    EXPECT_EQ(cleaned({.patterns = {"*.log"}, .keep_newest = 100}), Paths{});
    EXPECT_EQ(cleaned({.older_than = 3h, .keep_newest = 4}), (Paths{"d/c.txt"}));
}

TEST(Cleaning, WhatWouldDeleteTooMuchIsRefused) {
    EXPECT_TRUE(check_deletes(0, 0, {}));
    EXPECT_TRUE(check_deletes(50, 100, {}));
    EXPECT_EQ(check_deletes(51, 100, {}).error().code, Code::exhausted);
    EXPECT_EQ(check_deletes(1'001, 1'000'000, {}).error().code, Code::exhausted);
    EXPECT_TRUE(check_deletes(100, 100, {.files = 100, .percent = 100}));
}

TEST(Sync, SaysWhatIsNewOtherSameAndGone) {
    const std::vector<FileFacts> source{{.path = "a", .size = 1, .changed = now},
                                        {.path = "b", .size = 1, .changed = now},
                                        {.path = "c", .size = 2, .changed = now},
                                        {.path = "e", .size = 1, .changed = now}};
    const std::vector<FileFacts> target{{.path = "0", .size = 1, .changed = now},
                                        {.path = "a", .size = 1, .changed = now},
                                        {.path = "b", .size = 1, .changed = now - 1h},
                                        {.path = "c", .size = 1, .changed = now},
                                        {.path = "f", .size = 1, .changed = now}};
    const SyncPlan plan = plan_sync(source, target, false);
    EXPECT_EQ(plan.copies, (std::vector<std::size_t>{1, 2, 3}));
    EXPECT_EQ(plan.deletes, (std::vector<std::size_t>{0, 4}));
    EXPECT_EQ(plan.same, 1U);
    const SyncPlan deep = plan_sync(source, target, true);
    EXPECT_EQ(deep.unsure, (std::vector<std::size_t>{0, 1}));
    EXPECT_EQ(deep.copies, (std::vector<std::size_t>{2, 3}));
    EXPECT_EQ(plan_sync({}, target, false).deletes.size(), 5U);
}

std::string fake_digest(std::string_view text) {
    std::uint64_t sum = 14'695'981'039'346'656'037U;
    for (const char c : text) sum = (sum ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
    std::string digits = std::to_string(sum);
    return digits + std::string(64 - digits.size(), '0');
}

BackupManifest sample() {
    return {.source = "in",
            .taken = now,
            .entries = {
                {.path = "a\n\"",
                 .size = 3,
                 .changed = now,
                 .executable = true,
                 .sha256 = std::string(64, 'a')},
                {.path = "b", .kind = BackupKind::folder, .changed = now},
                {.path = "b/\xff", .kind = BackupKind::link, .changed = now, .target = "../\xfe"}}};
}

TEST(BackupManifest, IsReadAsItWasWritten) {
    const std::string text = format_manifest(sample(), fake_digest);
    const auto back = parse_manifest(text, fake_digest);
    ASSERT_TRUE(back) << back.error().text();
    EXPECT_EQ(format_manifest(*back, fake_digest), text);
    EXPECT_EQ(back->entries[2].path, "b/\xff");
    EXPECT_EQ(back->entries[2].target, "../\xfe");
}

TEST(BackupManifest, AnyCutAndAnyChangedByteIsFound) {
    const std::string text = format_manifest(sample(), fake_digest);
    for (std::size_t size = 0; size < text.size(); ++size) {
        EXPECT_FALSE(parse_manifest(text.substr(0, size), fake_digest)) << size;
    }
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string changed = text;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        EXPECT_FALSE(parse_manifest(changed, fake_digest)) << at;
    }
}

TEST(BackupManifest, ObjectsAreSpreadOverFolders) {
    EXPECT_EQ(object_path(std::string(64, 'c')), "objects/cc/" + std::string(64, 'c') + ".zst");
    EXPECT_FALSE(is_sha256("../../etc/passwd"));
    EXPECT_FALSE(is_sha256(std::string(64, 'A')));
}

}  // namespace
}  // namespace sluice::work
