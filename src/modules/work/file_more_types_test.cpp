// SPDX-License-Identifier: Apache-2.0
// file.hash, file.type, file.split, file.join, and xz.
#include "modules/work/built_in_types_testing.h"

#include <filesystem>

namespace sluice::work {
namespace {

namespace fs = std::filesystem;

using FileTypes = BuiltInTypes;

TEST_F(FileTypes, DigestsAreThoseOfTheStandards) {
    folder.put("abc", "abc");
    const std::string got = run("file.hash", R"(["abc",["sha256","sha512","blake2b"]])");
    EXPECT_NE(got.find("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
              std::string::npos);
    EXPECT_NE(got.find("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                       "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
              std::string::npos);
    EXPECT_NE(got.find("ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                       "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"),
              std::string::npos);
    expect_in("file.hash", R"(["abc"])", R"("checked":false)");
}

TEST_F(FileTypes, ADigestThatIsNotTheExpectedOneFailsForGood) {
    folder.put("abc", "abc");
    const std::string right = "BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015AD";
    expect_in("file.hash", R"(["abc",{"expected":{"sha256":")" + right + R"("}}])",
              R"("checked":true)");
    Context context(R"(["abc",{"expected":{"sha256":")" + std::string(64, '0') + R"("}}])");
    const auto outcome = run("file.hash", context);
    const auto* failure = std::get_if<sdk::Failure>(&outcome);
    ASSERT_NE(failure, nullptr);
    EXPECT_EQ(failure->errtype, "DigestMismatch");
    EXPECT_TRUE(failure->final);
    expect_failure("file.hash", R"(["abc",{"expected":{"sha256":"12"}}])",
                   "`expected` must give 64");
    expect_failure("file.hash", R"(["abc",{"expected":{"md5":"12"}}])",
                   "`expected` names no digest");
    expect_failure("file.hash", R"(["abc","crc32"])", "`digests` names no digest");
}

TEST_F(FileTypes, TheTypeIsToldByTheContent) {
    folder.put("wrong.png", "a,b\n1,2\n3,4\n");
    expect_in("file.type", R"(["wrong.png"])", R"("mime":"text/)");
    expect_in("file.type", R"(["archive/harbour.zip"])", R"("mime":"application/zip")");
    expect_in("file.type", R"(["archive/harbour.7z"])", R"("mime":"application/x-7z-compressed")");
    expect_in("file.type", R"(["texts/greek.txt"])", R"("encoding":"utf-8")");
    folder.put("empty", "");
    expect_in("file.type", R"(["empty"])", R"("bytes":0)");
    expect_failure("file.type", R"(["none"])", "NotFound");
}

TEST_F(FileTypes, WhatIsSplitIsJoinedAgain) {
    const std::string text = "one\ntwo\nthree\nfour\nfive";
    folder.put("in.txt", text);
    expect_in("file.split", R"(["in.txt","by-lines",{"lines":2}])", R"("parts":3)");
    EXPECT_EQ(folder.get("by-lines/part-00001"), "one\ntwo\n");
    EXPECT_EQ(folder.get("by-lines/part-00003"), "five");
    expect_in("file.split", R"(["in.txt","by-bytes",{"bytes":8}])", R"("parts":3)");
    EXPECT_EQ(folder.get("by-bytes/part-00002"), "three\nfo");
    for (const std::string name : {"by-lines", "by-bytes"}) {
        const std::string manifest = name + "/manifest.json";
        expect_in("file.join", R"([")" + manifest + R"(","out.txt"])",
                  R"("bytes":)" + std::to_string(text.size()));
        EXPECT_EQ(folder.get("out.txt"), text);
        fs::remove(folder / "out.txt");
    }
    expect_failure("file.split", R"(["in.txt","by-bytes",{"bytes":9}])", "Conflict");
    expect_in("file.split", R"(["in.txt","by-bytes",{"bytes":12,"replace":true}])", R"("parts":2)");
    expect_in("file.split", R"(["in.txt","whole",{"bytes":23}])", R"("parts":1)");
    folder.put("empty", "");
    expect_in("file.split", R"(["empty","none",{"lines":1}])", R"("parts":0)");
    expect_in("file.join", R"(["none/manifest.json","out.txt"])", R"("bytes":0)");
    expect_failure("file.split", R"(["in.txt","x"])", "`bytes` or `lines` must be given");
    expect_failure("file.split", R"(["in.txt","x",{"bytes":1,"lines":1}])", "and not both");
}

TEST_F(FileTypes, PartsThatAreNotThoseOfTheManifestAreRefused) {
    folder.put("in.txt", "0123456789");
    ASSERT_NE(run("file.split", R"(["in.txt","p",{"bytes":4}])").find("parts"), std::string::npos);
    const std::string manifest = folder.get("p/manifest.json");
    folder.put("p/part-00002", "45x7");
    expect_failure("file.join", R"(["p/manifest.json","out"])",
                   "CorruptInput: \"part-00002\" does not have the SHA-256");
    folder.put("p/part-00002", "45");
    expect_failure("file.join", R"(["p/manifest.json","out"])", "has 2 bytes, not 4");
    fs::remove(folder / "p/part-00002");
    expect_failure("file.join", R"(["p/manifest.json","out"])", "NotFound");
    const struct {
        std::string from, to;
        std::string_view said;
    } rows[] = {
        {"part-00002", "../in.txt", "is no name"},
        {R"("version":1)", R"("version":2)", "its version is not 1"},
        {R"("bytes":10)", R"("bytes":-1)", "`bytes` is missing or no number"},
        {R"("parts":[)", R"("pieces":[)", "`parts` is missing"},
        {"{", "[", "no manifest"},
    };
    for (const auto& row : rows) {
        std::string changed = manifest;
        changed.replace(changed.find(row.from), row.from.size(), row.to);
        folder.put("p/manifest.json", changed);
        expect_failure("file.join", R"(["p/manifest.json","out"])", row.said);
    }
    folder.put("p/part-00002", "4567");
    std::string fewer = manifest;
    fewer.replace(fewer.find(R"("bytes":10)"), 10, R"("bytes":11)");
    folder.put("p/manifest.json", fewer);
    expect_failure("file.join", R"(["p/manifest.json","out"])", "not the file that the manifest");
    EXPECT_FALSE(fs::exists(folder / "out"));
}

TEST_F(FileTypes, XzIsCompressedAndDecompressed) {
    expect_in("file.compress", R"(["texts/lighthouse.txt","l.xz"])", R"("format":"xz")");
    expect_in("file.decompress", R"(["l.xz"])", R"("output":"l")");
    EXPECT_EQ(folder.get("l").size(), 2940u);
    expect_failure("file.compress", R"(["a",{"format":"xz","level":7}])",
                   "`level` must be at most 6 for xz");
    folder.put("zeros", std::string(8 << 20, '\0'));
    ASSERT_NE(run("file.compress", R"(["zeros","zeros.xz"])").find("xz"), std::string::npos);
    expect_failure("file.decompress", R"(["zeros.xz","out"])",
                   "LimitExceeded: more than 300 times as much");
    EXPECT_FALSE(fs::exists(folder / "out"));
}

}  // namespace
}  // namespace sluice::work
