// SPDX-License-Identifier: Apache-2.0
// Opening what cannot be opened: each time an error that says what is wrong and what to do.
#include "ledger_rig.h"
#include "modules/jobs/ledger/record.h"
#include "modules/jobs/ledger/rocks_keys.h"
#include "modules/jobs/ledger/rocks_ledger.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <support/scratch_disk.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::jobs {
namespace {

class RocksOpen : public testing::Test {
protected:
    [[nodiscard]] std::string place() const { return folder_ / "store"; }
    [[nodiscard]] auto open() const { return open_rocks_ledger(small_rocks(place())); }
    /// A store with `count` synced jobs, closed.
    void make_store(std::uint64_t count) const {
        const auto ledger = open();
        ASSERT_TRUE(ledger) << ledger.error().text();
        ASSERT_TRUE((*ledger)->load([](JobRecord&&) {}));
        for (std::uint64_t seq = 1; seq <= count; ++seq) {
            ASSERT_TRUE((*ledger)->write(
                std::vector<Write>{PutJob{make_job(seq, "j" + std::to_string(seq), 500), true}}));
        }
        ASSERT_TRUE((*ledger)->close());
    }
    void expect_error(Code code, std::initializer_list<std::string_view> parts) const {
        const auto ledger = open();
        ASSERT_FALSE(ledger);
        EXPECT_EQ(ledger.error().code, code) << ledger.error().text();
        for (const auto part : parts) {
            EXPECT_NE(ledger.error().message.find(part), std::string::npos)
                << ledger.error().message << " lacks \"" << part << '"';
        }
    }
    [[nodiscard]] std::string first_file(std::string_view end) const {
        const auto names = files_.list_folder(place());
        for (const auto& name : *names) {
            if (name.ends_with(end)) return place() + "/" + name;
        }
        return "";
    }

    ScratchFolder folder_;
    FileIo files_;
};

TEST_F(RocksOpen, MissingFolderIsMadePrivate) {
    make_store(1);
    struct stat info{};
    ASSERT_EQ(::stat(place().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U);
    EXPECT_TRUE(open());
}

TEST_F(RocksOpen, SecondOpenSaysWhoHasTheStore) {
    const auto first = open();
    ASSERT_TRUE(first);
    expect_error(Code::busy, {place(), "in use", std::to_string(::getpid()), "Stop that server"});
}

TEST_F(RocksOpen, NewerFormatSaysToUpgrade) {
    make_store(1);
    {
        rocksdb::DB* db = nullptr;
        ASSERT_TRUE(rocksdb::DB::Open({}, place(), &db).ok());
        const std::unique_ptr<rocksdb::DB> owner(db);
        const rocksdb::Slice key(rocks_keys::format.data(), rocks_keys::format.size());
        ASSERT_TRUE(db->Put({}, key, rocksdb::Slice("\0\0\0\0\0\0\0\3", 8)).ok());
    }
    expect_error(Code::corrupt, {place(), "format 3", "newer Sluice", "Upgrade"});
}

TEST_F(RocksOpen, FormatOneIsTakenOver) {
    make_store(1);
    const rocksdb::Slice key(rocks_keys::format.data(), rocks_keys::format.size());
    const std::string_view numbers("\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2", 16);
    {
        rocksdb::DB* db = nullptr;
        ASSERT_TRUE(rocksdb::DB::Open({}, place(), &db).ok());
        const std::unique_ptr<rocksdb::DB> owner(db);
        ASSERT_TRUE(db->Put({}, key, rocksdb::Slice(numbers.data(), 8)).ok());
        std::string totals;
        encode_totals({.pushed = 77}, totals);
        ASSERT_TRUE(db->Put({}, "T", totals).ok());
    }
    for (int start = 0; start < 2; ++start) {
        auto ledger = open();
        ASSERT_TRUE(ledger) << ledger.error().text();
        std::uint64_t jobs = 0;
        const auto state = (*ledger)->load([&](JobRecord&&) { ++jobs; });
        ASSERT_TRUE(state);
        EXPECT_EQ(jobs, 1U);
        EXPECT_EQ(state->totals.pushed, 77U);
    }
    rocksdb::DB* db = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open({}, place(), &db).ok());
    const std::unique_ptr<rocksdb::DB> owner(db);
    std::string format;
    ASSERT_TRUE(db->Get({}, key, &format).ok());
    EXPECT_EQ(format, numbers.substr(8));
    EXPECT_TRUE(db->Get({}, "T", &format).IsNotFound());
}

TEST_F(RocksOpen, FolderOfSomethingElseIsRefused) {
    ASSERT_TRUE(files_.make_folders(place()));
    ASSERT_TRUE(files_.replace_file(place() + "/thesis.tex", "\\begin"));
    expect_error(Code::invalid, {place(), "thesis.tex", "Choose an empty"});
    EXPECT_EQ(files_.list_folder(place())->size(), 1U) << "nothing may be left there";
}

TEST_F(RocksOpen, DatabaseOfAnotherProgramIsRefused) {
    {
        rocksdb::Options options;
        options.create_if_missing = true;
        rocksdb::DB* db = nullptr;
        ASSERT_TRUE(rocksdb::DB::Open(options, place(), &db).ok());
        const std::unique_ptr<rocksdb::DB> owner(db);
        ASSERT_TRUE(db->Put({}, "k", "v").ok());
    }
    expect_error(Code::invalid, {place(), "another program", "Choose an empty"});
}

TEST_F(RocksOpen, StoreWithoutItsRootFileIsDamaged) {
    make_store(1000);
    ASSERT_TRUE(files_.remove_file(place() + "/CURRENT"));
    expect_error(Code::corrupt, {place(), "CURRENT is missing", "restore a backup"});
}

TEST_F(RocksOpen, DamagedManifestIsDamaged) {
    make_store(1000);
    const std::string path =
        place() + "/" + files_.read_file(place() + "/CURRENT", kib(1))->substr(0, 15);
    ASSERT_TRUE(files_.exists(path)) << path;
    std::fstream(path, std::ios::in | std::ios::out | std::ios::binary)
        .seekp(20)
        .write("\xFF\xFF\xFF", 3);
    expect_error(Code::corrupt, {place(), "damaged", "restore a backup"});
}

TEST_F(RocksOpen, MissingTableFileIsDamaged) {
    make_store(1000);
    ASSERT_NE(first_file(".sst"), "");
    ASSERT_TRUE(files_.remove_file(first_file(".sst")));
    expect_error(Code::corrupt, {place(), "damaged", "restore a backup"});
}

TEST_F(RocksOpen, DamagedTableFileIsNoticedByLoad) {
    make_store(1000);
    const std::string path = first_file(".sst");
    ASSERT_NE(path, "");
    std::fstream(path, std::ios::in | std::ios::out | std::ios::binary)
        .seekp(5000)
        .write("\xFF\xFF\xFF\xFF\xFF", 5);
    const auto ledger = open();
    ASSERT_TRUE(ledger) << ledger.error().text();
    const auto state = (*ledger)->load([](JobRecord&&) {});
    ASSERT_FALSE(state);
    EXPECT_EQ(state.error().code, Code::corrupt) << state.error().text();
    EXPECT_NE(state.error().message.find("restore a backup"), std::string::npos);
}

TEST_F(RocksOpen, InterruptedMakingIsTakenUpAgain) {
    ASSERT_TRUE(files_.make_folders(place()));
    for (const char* name : {"/LOG", "/IDENTITY", "/MANIFEST-000001", "/store.lock", "/ballast"}) {
        ASSERT_TRUE(files_.replace_file(place() + name, ""));
    }
    const auto ledger = open();
    ASSERT_TRUE(ledger) << ledger.error().text();
    EXPECT_TRUE((*ledger)->load([](JobRecord&&) {}));
}

TEST_F(RocksOpen, ReadOnlyDiskSaysSo) {
    const ScratchDisk disk(mib(1).count, MS_RDONLY);
    if (!disk.is_there()) GTEST_SKIP() << ScratchDisk::lack;
    std::filesystem::create_directory_symlink(disk.path(), place());
    expect_error(Code::denied, {place(), "writable"});
}

TEST_F(RocksOpen, RestoreRefusesToOverwriteAndRefusesWhatIsNoBackup) {
    const auto ledger = open();
    ASSERT_TRUE(ledger && (*ledger)->load([](JobRecord&&) {}));
    ASSERT_TRUE((*ledger)->write(std::vector<Write>{PutJob{make_job(1, "a", 5000), true}}));
    ASSERT_TRUE((*ledger)->checkpoint(folder_ / "backup"));
    EXPECT_EQ(restore_rocks_ledger(folder_ / "backup", place()).error().code, Code::exists);
    EXPECT_EQ(restore_rocks_ledger(folder_ / "nothing", folder_ / "new").error().code,
              Code::not_found);
    EXPECT_TRUE(restore_rocks_ledger(folder_ / "backup", folder_ / "new"));
    EXPECT_TRUE(open_rocks_ledger({.folder = folder_ / "new"}));
}

TEST_F(RocksOpen, RestoreOfADamagedBackupLeavesNothing) {
    {
        const auto ledger = open();
        ASSERT_TRUE(ledger && (*ledger)->load([](JobRecord&&) {}));
        for (std::uint64_t seq = 1; seq <= 1000; ++seq) {
            ASSERT_TRUE((*ledger)->write(
                std::vector<Write>{PutJob{make_job(seq, "j" + std::to_string(seq), 500), true}}));
        }
        ASSERT_TRUE((*ledger)->checkpoint(folder_ / "backup"));
    }
    const auto names = files_.list_folder(folder_ / "backup");
    for (const auto& name : *names) {
        if (!name.ends_with(".sst")) continue;
        const std::string path = folder_ / ("backup/" + name);
        // A copy of its own: the backup's files are links to the store's.
        const std::string contents = *files_.read_file(path, mib(64));
        ASSERT_TRUE(files_.remove_file(path));
        std::string bad = contents;
        bad[bad.size() / 3] ^= 0x55;
        ASSERT_TRUE(files_.replace_file(path, bad));
        break;
    }
    const Status status = restore_rocks_ledger(folder_ / "backup", folder_ / "new");
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::corrupt) << status.error().text();
    EXPECT_FALSE(files_.exists(folder_ / "new"));
    EXPECT_FALSE(files_.exists(folder_ / "new.restoring"));
}

}  // namespace
}  // namespace sluice::jobs
