// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_unpack kernel_wire
// Scrapy's packed bodies: one page in every packing, broken ends, and four bombs that must cost no
// more than the limit.
#include "kernel/wire/utf8.h"
#include "modules/crawl/core/unpack/unpack.h"
#include "vectors.h"

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::crawl;

class CompressionVectors : public vectors::VectorTest {};

struct Outcome {
    std::string text;
    Status status;
};

Outcome read(const std::string& name, const std::vector<Packing>& layers) {
    Outcome out;
    out.status = unpack(vectors::read("compression/" + name, true), layers, {}, out.text);
    return out;
}

TEST_F(CompressionVectors, OnePageInEveryPackingIsThatPage) {
    const Outcome plain = read("html-gzip.bin", {Packing::gzip});
    ASSERT_TRUE(plain.status);
    EXPECT_GT(plain.text.size(), 30'000U);
    const std::vector<std::pair<std::string, std::vector<Packing>>> files = {
        {"html-br.bin", {Packing::brotli}},
        {"html-rawdeflate.bin", {Packing::deflate}},
        {"html-zlibdeflate.bin", {Packing::deflate}},
        {"html-zstd-static-content-size.bin", {Packing::zstd}},
        {"html-zstd-static-no-content-size.bin", {Packing::zstd}},
        {"html-zstd-streaming-no-content-size.bin", {Packing::zstd}},
        {"html-gzip-deflate.bin", {Packing::gzip, Packing::deflate}},
        {"html-gzip-deflate-gzip.bin", {Packing::gzip, Packing::deflate, Packing::gzip}}};
    for (const auto& [name, layers] : files) {
        const Outcome outcome = read(name, layers);
        EXPECT_TRUE(outcome.status) << name;
        // That of Brotli is another page; one says by which packing it came.
        std::string text = outcome.text;
        const std::size_t said = text.find("`deflate'");
        if (said != std::string::npos) text.replace(said, 9, "`gzip'");
        if (name == "html-br.bin") {
            EXPECT_TRUE(text.find("<html") != std::string::npos) << name;
        } else {
            EXPECT_EQ(text, plain.text) << name;
        }
    }
}

TEST_F(CompressionVectors, WhatCanBeReadOfBrokenOnesIsGiven) {
    const Outcome eof = read("unexpected-eof.gz", {Packing::gzip});
    EXPECT_FALSE(eof.status);
    // That file was written with each byte as a character.
    std::string expected;
    for (const char c : eof.text) put_utf8(expected, static_cast<unsigned char>(c));
    EXPECT_EQ(expected, vectors::read("compression/unexpected-eof-output.txt"));
    for (const std::string name : {"truncated-crc-error.gz", "truncated-crc-error-short.gz"}) {
        const Outcome outcome = read(name, {Packing::gzip});
        EXPECT_FALSE(outcome.status) << name;
        EXPECT_TRUE(outcome.text.find("</html") != std::string::npos) << name;
    }
}

/// Resident memory of this process, in KiB.
long resident() {
    std::ifstream file("/proc/self/statm");
    long pages = 0;
    file >> pages >> pages;
    return pages * 4;
}

TEST_F(CompressionVectors, BombsStopAtTheLimitInConstantMemory) {
    const std::vector<std::pair<std::string, Packing>> bombs = {
        {"bomb-br.bin", Packing::brotli},
        {"bomb-deflate.bin", Packing::deflate},
        {"bomb-gzip.bin", Packing::gzip},
        {"bomb-zstd.bin", Packing::zstd}};
    for (const auto& [name, packing] : bombs) {
        const std::string bytes = vectors::read("compression/" + name, true);
        for (const UnpackLimits limits :
             {UnpackLimits{.output_bytes_max = 1 << 16}, UnpackLimits{},
              UnpackLimits{.output_bytes_max = 5 << 20, .ratio_max = 1 << 30}}) {
            const long before = resident();
            std::size_t given = 0;
            Unpacker unpacker({packing}, limits);
            const Status status =
                unpacker.feed(bytes, [&](std::string_view piece) { given += piece.size(); });
            ASSERT_FALSE(status) << name;
            EXPECT_EQ(status.error().code, Code::exhausted) << name;
            EXPECT_LE(given, limits.output_bytes_max) << name;
            EXPECT_EQ(given, unpacker.output_bytes()) << name;
            EXPECT_LT(resident() - before, 48 * 1024) << name;
        }
    }
}

}  // namespace
