// SPDX-License-Identifier: Apache-2.0
// Codec, Charset, Sha256 and factorial: what we promise of the libraries behind them.
#include "kernel/base/random.h"
#include "modules/work/shell/charset.h"
#include "modules/work/shell/codec.h"
#include "modules/work/shell/factorial.h"
#include "modules/work/shell/sha256.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace sluice::work {
namespace {

/// The whole text through the codec, given in pieces of `piece` bytes.
Result<std::string> through(Codec& codec, std::string_view text, std::size_t piece) {
    std::string out;
    const Sink sink = [&out](std::string_view bytes) {
        out += bytes;
        return Status();
    };
    for (std::size_t at = 0; at < text.size(); at += piece) {
        SLUICE_TRY_STATUS(codec.feed(text.substr(at, piece), sink));
    }
    SLUICE_TRY_STATUS(codec.finish(sink));
    return out;
}

std::string some_text(std::size_t size) {
    Random random(7);
    std::string text;
    while (text.size() < size) text += "word" + std::to_string(random.below(1000)) + " ";
    text.resize(size);
    return text;
}

class EveryCompression : public testing::TestWithParam<Compression> {};

TEST_P(EveryCompression, GivesBackWhatItTook) {
    for (const std::size_t size : {0u, 1u, 1000u, 300'000u}) {
        const std::string text = some_text(size);
        for (const std::size_t piece : {1'000u, 65'536u, 1'000'000u}) {
            const auto small = through(*make_compressor(GetParam(), 6), text, piece).value();
            EXPECT_EQ(detect_compression(small), GetParam());
            EXPECT_EQ(through(*make_decompressor(GetParam()), small, piece).value(), text);
        }
    }
    const auto small = through(*make_compressor(GetParam(), 1), some_text(5'000), 5'000).value();
    EXPECT_EQ(through(*make_decompressor(GetParam()), small, 1).value(), some_text(5'000));
    EXPECT_EQ(through(*make_decompressor(GetParam()), small + small, 100).value(),
              some_text(5'000) + some_text(5'000));
}

TEST_P(EveryCompression, EveryCutIsNoticed) {
    const auto small = through(*make_compressor(GetParam(), 9), some_text(600), 600).value();
    for (std::size_t size = 0; size < small.size(); ++size) {
        const auto got = through(*make_decompressor(GetParam()), small.substr(0, size), 100);
        ASSERT_FALSE(got) << size;
        EXPECT_EQ(got.error().code, Code::corrupt);
    }
    EXPECT_FALSE(through(*make_decompressor(GetParam()), small + "rubbish", 100));
}

TEST_P(EveryCompression, EveryFlippedByteIsNoticedOrHarmless) {
    const std::string text = some_text(600);
    const auto small = through(*make_compressor(GetParam(), 9), text, 600).value();
    for (std::size_t at = 0; at < small.size(); ++at) {
        std::string broken = small;
        broken[at] = static_cast<char>(broken[at] ^ 0x55);
        const auto got = through(*make_decompressor(GetParam()), broken, 64);
        // Harmless: such as the gzip header's time.
        EXPECT_TRUE(!got || *got == text) << at;
    }
}

TEST_P(EveryCompression, ASinkThatRefusesEndsABomb) {
    const auto bomb =
        through(*make_compressor(GetParam(), 9), std::string(8'000'000, '\0'), 1'000'000).value();
    EXPECT_LT(bomb.size(), 30'000u);
    std::size_t seen = 0;
    const auto codec = make_decompressor(GetParam());
    const auto status = codec->feed(bomb, [&seen](std::string_view bytes) -> Status {
        seen += bytes.size();
        if (seen > 1'000'000) return fail(Code::exhausted, "enough");
        return {};
    });
    EXPECT_EQ(status.error().message, "enough");
    EXPECT_LT(seen, 1'200'000u);
}

INSTANTIATE_TEST_SUITE_P(Codec, EveryCompression,
                         testing::Values(Compression::gzip, Compression::zstd, Compression::xz),
                         [](const auto& row) { return std::string(to_string(row.param)); });

/// The text in pieces of one, two and many bytes must come out the same.
Result<std::string> convert(const char* from, const char* to, std::string_view text,
                            OnUnknown unknown = OnUnknown::refuse) {
    std::string first;
    for (const std::size_t piece : {1u, 2u, 1000u}) {
        SLUICE_TRY(Charset charset, Charset::open(from, to, unknown));
        std::string out;
        for (std::size_t at = 0; at < text.size(); at += piece) {
            SLUICE_TRY_STATUS(charset.feed(text.substr(at, piece), out));
        }
        SLUICE_TRY_STATUS(charset.finish(out));
        if (piece == 1u) first = out;
        EXPECT_EQ(out, first);
    }
    return first;
}

TEST(Charset, ConvertsBetweenEncodings) {
    EXPECT_EQ(convert("ISO-8859-1", "UTF-8", "caf\xE9").value(), "caf\xC3\xA9");
    EXPECT_EQ(convert("UTF-8", "ISO-8859-1", "caf\xC3\xA9").value(), "caf\xE9");
    EXPECT_EQ(convert("UTF-16LE", "UTF-8", std::string_view("a\0\xAC\x20", 4)).value(),
              "a\xE2\x82\xAC");
    EXPECT_EQ(convert("UTF-8", "UTF-8", "\xE2\x82\xAC").value(), "\xE2\x82\xAC");
}

TEST(Charset, RefusesOrReplacesWhatItDoesNotKnow) {
    EXPECT_EQ(convert("UTF-8", "UTF-8", "a\xFFz").error().code, Code::invalid);
    EXPECT_EQ(convert("UTF-8", "ISO-8859-1", "\xE2\x82\xAC").error().code, Code::invalid);
    EXPECT_EQ(convert("UTF-8", "UTF-8", "a\xE2\x82").error().code, Code::invalid);
    EXPECT_EQ(convert("UTF-8", "ISO-8859-1", "5 \xE2\x82\xAC!", OnUnknown::replace).value(),
              "5 ?!");
    EXPECT_EQ(convert("UTF-8", "UTF-8", "a\xFFz", OnUnknown::replace).value(), "a\xEF\xBF\xBDz");
    // Half of a pair, then a letter: the letter survives.
    EXPECT_EQ(convert("UTF-16LE", "UTF-8", std::string_view("\x00\xDCz\0", 4), OnUnknown::replace)
                  .value(),
              "\xEF\xBF\xBDz");
    EXPECT_EQ(convert("ASCII", "UTF-8", "a\xE9", OnUnknown::replace).value(), "a\xEF\xBF\xBD");
}

TEST(Charset, WhatHasNoQuestionMarkCannotReplace) {
    for (const auto* name : {"ASMO_449", "INIS-8", "ISO_5428", "ISO_11548-1"}) {
        EXPECT_EQ(Charset::open("UTF-8", name, OnUnknown::replace).error().code, Code::invalid);
        EXPECT_TRUE(Charset::open("UTF-8", name, OnUnknown::refuse)) << name;
        EXPECT_TRUE(Charset::open(name, "UTF-8", OnUnknown::replace)) << name;
    }
    EXPECT_EQ(convert("UTF-8", "INIS-8", "a?", OnUnknown::refuse).error().code, Code::invalid);
}

TEST(Charset, TakesOnlyPlainNames) {
    for (const auto* name : {"", "klingon", "UTF-8//TRANSLIT", "../x", "UTF-8 "}) {
        EXPECT_EQ(Charset::open("UTF-8", name, OnUnknown::refuse).error().code, Code::invalid);
        EXPECT_EQ(Charset::open(name, "UTF-8", OnUnknown::refuse).error().code, Code::invalid);
    }
}

TEST(Sha256, GivesTheKnownDigests) {
    Sha256 empty;
    EXPECT_EQ(empty.finish(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    Sha256 abc;
    abc.feed("a");
    abc.feed("bc");
    EXPECT_EQ(abc.finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Factorial, IsExact) {
    const auto quiet = [](int) {};
    const CancelToken never;
    EXPECT_EQ(factorial(0, never, quiet).value(), "1");
    EXPECT_EQ(factorial(1, never, quiet).value(), "1");
    EXPECT_EQ(factorial(20, never, quiet).value(), "2432902008176640000");
    EXPECT_EQ(factorial(30, never, quiet).value(), "265252859812191058636308480000000");
    const auto big = factorial(1000, never, quiet).value();
    EXPECT_EQ(big.size(), 2568u);
    EXPECT_TRUE(big.starts_with("402387260077093773543702433923003985719374864210714632543799"));
    const auto zeros = big.size() - 1 - big.find_last_not_of('0');
    EXPECT_EQ(zeros, 249u);
}

TEST(Factorial, StopsWhenCancelled) {
    const CancelSource source;
    int reports = 0;
    const auto got = factorial(1'000'000, source.token(), [&](int) {
        if (++reports == 3) source.cancel();
    });
    EXPECT_EQ(got.error().code, Code::cancelled);
    EXPECT_EQ(reports, 3);
}

}  // namespace
}  // namespace sluice::work
