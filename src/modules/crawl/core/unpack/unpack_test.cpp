// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/unpack/unpack.h"

#include <gtest/gtest.h>
#include <support/deflated.h>
#include <zstd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::crawl;

std::string zstd(std::string_view text) {
    std::string out(ZSTD_compressBound(text.size()), '\0');
    out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
    return out;
}

/// The text, or the error's word; fed in pieces of `piece` bytes.
std::string read(std::string_view bytes, const std::vector<Packing>& layers,
                 std::size_t piece = SIZE_MAX, UnpackLimits limits = {}) {
    std::string out;
    const auto sink = [&](std::string_view text) { out += text; };
    Unpacker unpacker(layers, limits);
    while (!bytes.empty()) {
        const std::string_view part = bytes.substr(0, piece);
        bytes.remove_prefix(part.size());
        const Status status = unpacker.feed(part, sink);
        if (!status) {
            EXPECT_EQ(unpacker.finish(sink).error().code, status.error().code);
            return out + "!" + std::string(to_string(status.error().code));
        }
    }
    const Status status = unpacker.finish(sink);
    return status ? out : out + "!" + std::string(to_string(status.error().code));
}

const std::string text = [] {
    std::string out;
    for (std::uint32_t i = 0; i < 60'000; ++i)
        out += std::to_string(i * 2'654'435'761U % 1'000'003U) + ' ';
    return out;
}();

TEST(Unpack, EveryPackingIsReadInPiecesOfAnySize) {
    const std::vector<std::pair<std::string, Packing>> packed = {
        {deflated(text, 31), Packing::gzip},
        {deflated(text, 15), Packing::deflate},
        {deflated(text, -15), Packing::deflate},
        {zstd(text), Packing::zstd}};
    for (const auto& [bytes, packing] : packed) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, SIZE_MAX}) {
            EXPECT_EQ(read(bytes, {packing}, piece), text) << static_cast<int>(packing);
        }
        // Whatever is missing at the end is said.
        const std::string cut = read(bytes.substr(0, bytes.size() / 2), {packing});
        EXPECT_TRUE(cut.ends_with("!corrupt"));
        EXPECT_GT(cut.size(), text.size() / 4);
        EXPECT_TRUE(text.starts_with(cut.substr(0, cut.size() - 8)));
        EXPECT_TRUE(read(bytes.substr(0, bytes.size() - 1), {packing}).ends_with("!corrupt"));
        EXPECT_EQ(read("", {packing}), "");
        EXPECT_TRUE(read("\x01garbage\xFF\xFE", {packing}).ends_with("!corrupt"));
    }
    EXPECT_EQ(read(text, {}), text);
}

TEST(Unpack, MembersOfGzipAreOneTextAndWhatFollowsIsPassedOver) {
    const std::string two = deflated("one", 31) + deflated("two", 31);
    EXPECT_EQ(read(two, {Packing::gzip}), "onetwo");
    EXPECT_EQ(read(two, {Packing::gzip}, 1), "onetwo");
    EXPECT_EQ(read(two + std::string(20, '\0'), {Packing::gzip}), "onetwo");
    EXPECT_EQ(read(two + "junk", {Packing::gzip}, 1), "onetwo");
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}})
        EXPECT_EQ(read(two + "junk\x1F\x1F\x8B junk", {Packing::gzip}, piece), "onetwo") << piece;
    EXPECT_EQ(read(zstd("one") + zstd("two"), {Packing::zstd}), "onetwo");
}

/// The first byte of this raw block looks like that of zlib's head; the second says that it is not.
TEST(Unpack, DeflateWithoutAHeadIsKnownFromTwoBytesHoweverTheyCome) {
    const std::string stored =
        std::string("\x78\x02\x00\xFD\xFF", 5) + "ab" + std::string("\x03\x00", 2);
    const std::string whole = read(stored, {Packing::deflate});
    EXPECT_EQ(whole, "ab");
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{3}})
        EXPECT_EQ(read(stored, {Packing::deflate}, piece), whole) << piece;
    EXPECT_EQ(read("\x78", {Packing::deflate}), "!corrupt");
    for (const std::size_t piece : {std::size_t{1}, std::size_t{2}})
        EXPECT_EQ(read("\x78\x07", {Packing::deflate}, piece), "!corrupt") << piece;
}

/// zstd's library reads drafts of its format as well, but not in pieces.
TEST(Unpack, ZstdIsThatOfItsStandardHoweverItComes) {
    const std::string skipped("\x5A\x2A\x4D\x18\x03\x00\x00\x00xyz", 11);
    const std::string empty_draft("\x26\xB5\x2F\xFD\x04\xC0\x00\x00", 8);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, SIZE_MAX}) {
        EXPECT_EQ(read(skipped + zstd("one") + skipped + zstd("two"), {Packing::zstd}, piece),
                  "onetwo")
            << piece;
        EXPECT_EQ(read(empty_draft, {Packing::zstd}, piece), "!corrupt") << piece;
        EXPECT_EQ(read(zstd("one") + "xyz", {Packing::zstd}, piece), "one!corrupt") << piece;
        // Says that it has 88 bytes, and has one empty block.
        const std::string empty("\x28\xB5\x2F\xFD\x31\x00\x58\x01\x00\x00", 10);
        EXPECT_EQ(read(empty + zstd("one"), {Packing::zstd}, piece), "one") << piece;
    }
}

TEST(Unpack, LayersAreUndoneFromTheLast) {
    const std::string stacked = zstd(deflated(deflated(text, 31), 15));
    const std::vector<Packing> layers = {Packing::gzip, Packing::deflate, Packing::zstd};
    EXPECT_EQ(read(stacked, layers), text);
    EXPECT_EQ(read(stacked, layers, 7), text);
}

TEST(Unpack, LimitsStopABomb) {
    const std::string zeros(50 << 20, '\0');
    const std::string bomb = deflated(zeros, 31);
    std::string out = read(bomb, {Packing::gzip});
    EXPECT_TRUE(out.ends_with("!exhausted"));
    EXPECT_LT(out.size(), std::size_t{2} << 20);
    out = read(bomb, {Packing::gzip}, 100, {.output_bytes_max = 1000, .ratio_max = 1 << 20});
    EXPECT_EQ(out.size(), 1000 + std::string_view("!exhausted").size());
    EXPECT_EQ(read("abc", {}, 2, {.output_bytes_max = 2}), "ab!exhausted");
    EXPECT_EQ(read("ab", {}, 2, {.output_bytes_max = 2}), "ab");
}

TEST(Unpack, ContentEncodingIsAListOfKnownWords) {
    EXPECT_EQ(parse_content_encoding("gzip, BR ,identity").value(),
              (std::vector<Packing>{Packing::gzip, Packing::brotli}));
    EXPECT_TRUE(parse_content_encoding("").value().empty());
    EXPECT_EQ(parse_content_encoding("x-gzip,,zstd,deflate").value().size(), 3U);
    EXPECT_EQ(parse_content_encoding("compress").error().code, Code::invalid);
    EXPECT_EQ(parse_content_encoding("br,br,br,br").error().code, Code::exhausted);
    EXPECT_TRUE(looks_like_gzip(deflated("x", 31)));
    EXPECT_FALSE(looks_like_gzip("<xml"));
}

}  // namespace
