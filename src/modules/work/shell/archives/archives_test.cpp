// SPDX-License-Identifier: Apache-2.0
// Archives of all formats, honest ones and hostile ones.
#include "modules/work/shell/archives/archive_extract.h"
#include "modules/work/shell/archives/archive_writer.h"
#include "modules/work/shell/archives/archives_testing.h"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>
#include <support/scratch_folder.h>
#include <sys/stat.h>

#include <filesystem>

namespace sluice::work {
namespace {

namespace fs = std::filesystem;

class Archives : public testing::Test {
protected:
    /// "ok" or "code: message".
    std::string extract(std::string_view archive) {
        root.put("archive", archive);
        const auto files = RootedFiles::open({root.path()}, root.path()).value();
        const InputFile file = files.open_input("archive", mib(64)).value();
        auto folder = files.open_output_folder("out").value();
        const auto run = [&]() -> Status {
            SLUICE_TRY(ArchiveReader reader, ArchiveReader::open(file, limits, cancel));
            SLUICE_TRY(counts, extract_archive(reader, folder, options, [] {}));
            format = reader.format();
            return folder.commit(true);
        };
        const Status status = run();
        return status ? "ok" : status.error().text();
    }
    void expect_refused(std::string_view archive, std::string_view said) {
        fs::remove_all(root / "out");
        const std::string got = extract(archive);
        EXPECT_NE(got.find(said), std::string::npos) << got;
        EXPECT_EQ(root.entries(), 1u) << "something was left";
        EXPECT_EQ(outside.entries(), 0u);
    }
    std::string skipped() const {
        std::string out;
        for (const auto& [reason, count] : counts.skipped) {
            out += reason + "=" + std::to_string(count) + " ";
        }
        return out;
    }
    /// name:kind:bytes of every entry, or the error.
    std::string list(std::string_view archive) {
        root.put("archive", archive);
        const auto files = RootedFiles::open({root.path()}, "").value();
        const InputFile file = files.open_input("archive", mib(64)).value();
        std::string out;
        const auto run = [&]() -> Status {
            SLUICE_TRY(ArchiveReader reader, ArchiveReader::open(file, limits, cancel));
            for (;;) {
                SLUICE_TRY(const auto item, reader.next());
                if (!item) return {};
                out += item->name + ":" + std::string(to_string(item->kind)) + ":" +
                       std::to_string(item->bytes.value_or(0)) + (item->encrypted ? "!" : "") + " ";
                SLUICE_TRY_STATUS(reader.skip());
            }
        };
        const Status status = run();
        return status ? out : out + status.error().text();
    }

    ScratchFolder root;
    ScratchFolder outside;
    ArchiveLimits limits;
    ExtractOptions options;
    CancelToken cancel;
    ExtractCounts counts;
    std::string format;
};

/// A folder, a file that may be run, a text that compresses, and a name beyond ASCII.
std::string written(ArchiveFormat format, int level = 0) {
    std::string out;
    auto writer = ArchiveWriter::open(format, level, [&out](std::string_view bytes) {
                      out += bytes;
                      return Status();
                  }).value();
    const WallTime time = wall_from_ns(1'500'000'000'999'999'999);
    const auto put = [&](std::string_view path, std::string_view content, bool runs) {
        EXPECT_TRUE(writer.begin_file({path, content.size(), time, runs}));
        EXPECT_TRUE(writer.write(content));
    };
    EXPECT_TRUE(writer.add_folder({.path = "docs", .changed = time}));
    std::string text;
    for (int i = 0; i < 3000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
    put("docs/größe.txt", text, false);
    put("docs/run.sh", "#!/bin/sh\n", true);
    EXPECT_TRUE(writer.add_link({.path = "near", .changed = time}, "docs/run.sh"));
    put("empty", "", false);
    put(std::string(30, 'd') + "/" + std::string(200, 'n'), "long", false);
    EXPECT_TRUE(writer.finish());
    return out;
}

std::string seven_zip() {
    std::string out(64 * 1024, '\0');
    std::size_t used = 0;
    archive* writer = archive_write_new();
    archive_write_set_format_7zip(writer);
    archive_write_open_memory(writer, out.data(), out.size(), &used);
    archive_entry* entry = archive_entry_new();
    for (const std::string_view name : {"a.txt", "b/c.txt"}) {
        archive_entry_clear(entry);
        archive_entry_set_pathname(entry, std::string(name).c_str());
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, 3000);
        EXPECT_EQ(archive_write_header(writer, entry), ARCHIVE_OK);
        archive_write_data(writer, std::string(3000, name[0]).data(), 3000);
    }
    archive_entry_free(entry);
    archive_write_close(writer);
    archive_write_free(writer);
    out.resize(used);
    return out;
}

TEST_F(Archives, WhatIsWrittenIsExtractedInEveryFormat) {
    options.links = true;
    for (const auto kind : {ArchiveFormat::tar, ArchiveFormat::tar_gzip, ArchiveFormat::tar_zstd,
                            ArchiveFormat::tar_xz, ArchiveFormat::zip}) {
        const std::string archive = written(kind);
        EXPECT_EQ(archive, written(kind)) << "not the same bytes twice";
        ASSERT_EQ(extract(archive), "ok") << to_string(kind);
        EXPECT_EQ(format, to_string(kind));
        EXPECT_EQ(counts.files, 4u);
        EXPECT_EQ(counts.folders, 1u);
        EXPECT_EQ(counts.links, 1u);
        EXPECT_EQ(root.get("out/docs/größe.txt").substr(0, 16), "line 0\nline 7919");
        EXPECT_EQ(root.get("out/near"), "#!/bin/sh\n");
        EXPECT_EQ(root.get("out/" + std::string(30, 'd') + "/" + std::string(200, 'n')), "long");
        struct stat about{};
        ASSERT_EQ(::stat((root / "out/docs/run.sh").c_str(), &about), 0);
        EXPECT_EQ(about.st_mode & 0100, 0100u);
        EXPECT_EQ(about.st_mtim.tv_sec, 1'500'000'000);
        ASSERT_EQ(::stat((root / "out/docs").c_str(), &about), 0);
        EXPECT_EQ(about.st_mtim.tv_sec, 1'500'000'000);
        EXPECT_EQ(list(archive).find("docs/:folder:0 docs/größe.txt:file:4"), 0u) << list(archive);
    }
    EXPECT_LT(written(ArchiveFormat::tar_zstd, 19).size(),
              written(ArchiveFormat::tar_zstd, 1).size());
}

TEST_F(Archives, SevenZipIsRead) {
    EXPECT_EQ(list(seven_zip()), "a.txt:file:3000 b/c.txt:file:3000 ");
    ASSERT_EQ(extract(seven_zip()), "ok");
    EXPECT_EQ(format, "7z");
    EXPECT_EQ(root.get("out/b/c.txt"), std::string(3000, 'b'));
}

TEST_F(Archives, NothingIsAnArchiveThatIsNone) {
    for (const std::string& text :
         {std::string(), std::string("hello"), std::string(5000, 'x'), deflated("hello", 31)}) {
        const std::string got = extract(text);
        EXPECT_EQ(got.find("invalid: this is no tar, zip or 7z archive"), 0u) << got;
    }
    expect_refused(deflated(deflated(tar_of({{"a"}}), 31), 31), "compressed more than once");
}

TEST_F(Archives, NamesThatLeadElsewhereRefuseTheWholeArchive) {
    const std::string up(outside.path() + "/x");
    const struct {
        std::string name;
        std::string_view said;
    } rows[] = {
        {"../../x", "entry 2, \"../../x\", has a name that leads upwards"},
        {"a/../../x", "leads upwards"},
        {"/etc/x", "has an absolute name"},
        {up, "has an absolute name"},
        {"a\nb", "has a line end or control character"},
        {"\xff\xfe", "is not UTF-8"},
    };
    for (const auto& row : rows) {
        expect_refused(tar_of({{"good.txt", '0', "x"}, {row.name, '0', "evil"}}), row.said);
        expect_refused(zip_of({{"good.txt", "x"}, {row.name, "evil"}}), row.said);
    }
    std::string deep;
    for (int i = 0; i < 49; ++i) deep += "d/";
    options.names.parts_max = 49;
    expect_refused(tar_of({{deep + "x"}}), "lies in too many folders");
}

TEST_F(Archives, UnsafeEntriesAreLeftOutAndCountedIfAsked) {
    options.skip_unsafe = true;
    options.links = true;
    ASSERT_EQ(extract(tar_of({{"good.txt", '0', "good"},
                              {"../x", '0', "evil"},
                              {"/x", '0', std::string(5000, 'e')},
                              {"a\nb", '0', "evil"},
                              {"dev", '3'},
                              {"fifo", '6'},
                              {"good.txt", '0', "second"},
                              {"good.txt", '5'},
                              {"good.txt/x", '0', "x"},
                              {"./", '5'},
                              {"Good.txt", '0', "other"},
                              {"out", '2', "", outside.path()},
                              {"up", '2', "", ".."},
                              {"none", '2', "", "nothing"},
                              {"over", '2', "", "none"},
                              {"near", '2', "", "good.txt"},
                              {"hard", '1', "", "good.txt"},
                              {"hard2", '1', "", "../../x"},
                              {"hard3", '1', "", "/etc/passwd"},
                              {"last.txt", '0', "last"}})),
              "ok");
    EXPECT_EQ(skipped(), "absolute=1 bad_link=6 bad_name=1 duplicate=3 special=2 upwards=1 ");
    EXPECT_EQ(counts.files, 3u);
    EXPECT_EQ(counts.links, 2u);
    EXPECT_EQ(counts.case_collisions, 1u);
    EXPECT_EQ(root.get("out/good.txt"), "good");
    EXPECT_EQ(root.get("out/near"), "good");
    EXPECT_EQ(root.get("out/hard"), "good");
    EXPECT_EQ(root.get("out/last.txt"), "last");
    EXPECT_EQ(root.entries("out"), 5u);
    EXPECT_EQ(outside.entries(), 0u);
}

TEST_F(Archives, NoFileIsWrittenThroughALink) {
    const std::string archive = tar_of(
        {{"way", '2', "", outside.path()}, {"way/evil.txt", '0', "evil"}, {"ok.txt", '0', "ok"}});
    // Without links the entry below becomes an ordinary file of an ordinary folder.
    ASSERT_EQ(extract(archive), "ok");
    EXPECT_EQ(skipped(), "link=1 ");
    EXPECT_EQ(root.get("out/way/evil.txt"), "evil");
    EXPECT_EQ(outside.entries(), 0u);
    options.links = true;
    expect_refused(archive, "the link \"way\" to");
}

TEST_F(Archives, LinksOfLinksDoNotLeadOut) {
    options.links = true;
    // By their texts both stay inside.
    expect_refused(tar_of({{"a/b/c.txt", '0', "x"},
                           {"a/b/root", '2', "", "../.."},
                           {"out", '2', "", "a/b/root/../secret"}}),
                   "leads out of its folder");
    options.links_max = 1;
    expect_refused(tar_of({{"a"}, {"b", '2', "", "a"}, {"c", '2', "", "a"}}), "limit of 1 links");
}

TEST_F(Archives, ModesAreThoseOfAnOrdinaryFile) {
    ASSERT_EQ(extract(tar_of({{.name = "suid", .content = "x", .mode = 06777}})), "ok");
    struct stat about{};
    ASSERT_EQ(::stat((root / "out/suid").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07000, 0u);
    EXPECT_EQ(about.st_mode & 0100, 0100u);
}

TEST_F(Archives, BombsAreRefused) {
    const std::string zeros(24 << 20, '\0');
    expect_refused(zip_of({{"zeros", zeros, true}}), "looks like a decompression bomb");
    expect_refused(deflated(tar_of({{"zeros", '0', zeros}}), 31),
                   "looks like a decompression bomb");
    EXPECT_NE(list(deflated(tar_of({{"zeros", '0', zeros}}), 31)).find("decompression bomb"),
              std::string::npos);
    limits.item_bytes_max = mib(2);
    expect_refused(zip_of({{"zeros", zeros, true}}), "\"zeros\" is larger than the limit");
    limits.item_bytes_max = mib(1024);
    limits.bytes_max = mib(3);
    limits.ratio_max = 1'000'000;
    expect_refused(zip_of({{"zeros", zeros, true}}), "holds more than the limit of 3145728 bytes");
    // A stream that goes on for ever is one entry that never ends.
    expect_refused(
        deflated(tar_of({{.name = "endless", .content = zeros, .claimed = 077777777777}}), 31),
        "is larger than the limit");
}

TEST_F(Archives, BombsInBombsAreOnlyFiles) {
    const std::string inner = zip_of({{"zeros", std::string(2 << 20, '\0'), true}});
    std::vector<ZipItem> items;
    for (int i = 0; i < 16; ++i) items.push_back({"lib" + std::to_string(i) + ".zip", inner});
    ASSERT_EQ(extract(zip_of(items)), "ok");
    EXPECT_EQ(counts.files, 16u);
    EXPECT_EQ(counts.bytes, 16 * inner.size());
}

TEST_F(Archives, OverlappingEntriesAreRefused) {
    const std::string said = "entries of the zip file overlap";
    std::vector<ZipItem> items{{"first", std::string(1000, 'x'), true}};
    for (int i = 1; i < 200; ++i) {
        items.push_back({.name = "again" + std::to_string(i), .same_as = 0});
    }
    expect_refused(zip_of(items), said);
    EXPECT_NE(list(zip_of(items)).find(said), std::string::npos);
    // One entry whose bytes are a whole other one, as in the bombs that quote local headers.
    const std::string inner = zip_of({{"inner", std::string(500, 'x')}});
    expect_refused(
        zip_of(
            {{"outer", inner}, {"inner", "y", false, std::nullopt}, {.name = "b", .same_as = 1}}),
        said);
}

TEST_F(Archives, ThereIsOneIndexThatAllReadersSee) {
    const std::string one = zip_of({{"one", "1"}});
    EXPECT_EQ(list(one), "one:file:1 ");
    expect_refused(one + "x", "something stands behind the end");
    expect_refused(one + one, "not where its end record says");
}

TEST_F(Archives, TheNumberOfEntriesAndTheIndexAreLimited) {
    limits.items_max = 1000;
    std::vector<TarItem> tar;
    std::vector<ZipItem> zip;
    for (int i = 0; i <= 1000; ++i) {
        tar.push_back({"t" + std::to_string(i)});
        zip.push_back({"z" + std::to_string(i)});
    }
    expect_refused(tar_of(tar), "more than the limit of 1000 entries");
    expect_refused(zip_of(zip), "more than the limit of 1000 entries");
    limits.index_bytes_max = kib(32);
    expect_refused(zip_of(zip), "index is larger than the limit");
}

TEST_F(Archives, EncryptedEntriesAreNamed) {
    const std::string archive =
        zip_of({{.name = "a.txt", .content = std::string(50, 'x'), .flags = 1}});
    EXPECT_EQ(list(archive), "a.txt:file:50! ");
    expect_refused(archive, "\"a.txt\" is encrypted; encrypted archives are not opened");
}

TEST_F(Archives, NamesOf64KilobytesAreRefused) {
    const std::string longest(65'535, 'n');
    std::string deep;
    while (deep.size() + 2 < longest.size()) deep += "d/";
    for (const std::string& name : {longest, deep + "f"}) {
        expect_refused(zip_of({{name, "text"}}), "a name that is too long");
        // The name of the next entry, as GNU tar writes it.
        const std::string tar =
            tar_of({{"././@LongLink", 'L', name + std::string(1, '\0')}, {"short", '0', "text"}});
        expect_refused(tar, "a name that is too long");
    }
}

TEST_F(Archives, ArchivesCutOffLeaveNothing) {
    for (const auto kind : {ArchiveFormat::tar, ArchiveFormat::tar_gzip, ArchiveFormat::tar_zstd,
                            ArchiveFormat::tar_xz, ArchiveFormat::zip}) {
        const std::string whole = written(kind);
        for (std::size_t size = 0; size + 1100 < whole.size(); size += whole.size() / 11) {
            // A tar that ends between two entries is one; all others say that they are cut.
            const std::string got = extract(whole.substr(0, size));
            EXPECT_EQ(got == "ok", root.entries() == 2) << to_string(kind) << size << got;
            EXPECT_TRUE(got != "ok" || kind == ArchiveFormat::tar) << to_string(kind) << size;
            fs::remove_all(root / "out");
        }
    }
    expect_refused(seven_zip().substr(0, 60), "corrupt");
}

TEST_F(Archives, DamageIsAnErrorOrHarmless) {
    options.links = true;
    options.skip_unsafe = true;
    for (const std::string& whole :
         {tar_of({{"a", '0', "text"}, {"b/c", '5'}, {"l", '2', "", "a"}}),
          zip_of({{"a", "text"}, {"b", std::string(999, 'x'), true}}), seven_zip()}) {
        for (std::size_t i = 0; i < whole.size(); i += whole.size() > 1500 ? 13 : 3) {
            std::string damaged = whole;
            damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
            const std::string got = extract(damaged);
            EXPECT_EQ(got == "ok", fs::exists(root / "out")) << got;
            fs::remove_all(root / "out");
            EXPECT_EQ(root.entries(), 1u);
        }
    }
    expect_refused(std::string(zip_of({{"a", "text"}})).replace(31, 4, "tixt"), "corrupt");
    // Changed content that decompresses all the same: the checksum is behind the end of the tar.
    for (const auto kind :
         {ArchiveFormat::tar_gzip, ArchiveFormat::tar_zstd, ArchiveFormat::tar_xz}) {
        const std::string whole = written(kind);
        for (std::size_t i = 20; i < whole.size(); i += whole.size() / 23) {
            std::string damaged = whole;
            damaged[i] = static_cast<char>(damaged[i] ^ 1);
            SCOPED_TRACE(to_string(kind));
            expect_refused(damaged, "corrupt");
        }
    }
}

TEST_F(Archives, CancellingEndsItAndLeavesNothing) {
    const CancelSource source;
    cancel = source.token();
    source.cancel();
    expect_refused(written(ArchiveFormat::tar_gzip), "cancelled");
}

TEST_F(Archives, OnlyWhatIsMeantIsExtracted) {
    options.patterns = NamePatterns::make({"*.txt"}, {"docs/a*"}).value();
    ASSERT_EQ(extract(zip_of({{"docs/a.txt", "a"}, {"docs/b.txt", "b"}, {"c.csv", "c"}})), "ok");
    EXPECT_EQ(counts.not_meant, 2u);
    EXPECT_EQ(root.get("out/docs/b.txt"), "b");
    EXPECT_EQ(root.entries("out/docs"), 1u);
}

}  // namespace
}  // namespace sluice::work
