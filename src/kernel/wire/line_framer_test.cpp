// SPDX-License-Identifier: Apache-2.0
// Framing: every cut of the stream gives the same lines.
#include "kernel/wire/line_framer.h"

#include "kernel/base/random.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

std::vector<std::string> drain(LineFramer& framer) {
    std::vector<std::string> lines;
    while (true) {
        const FramedLine line = framer.next();
        if (line.outcome == LineOutcome::need_more) return lines;
        if (line.outcome == LineOutcome::too_long) {
            lines.emplace_back("<too long>");
            return lines;
        }
        lines.emplace_back(line.text);
    }
}

TEST(LineFramer, EndsLinesAtLfAndDropsOneCr) {
    LineFramer framer(100);
    EXPECT_EQ(framer.next().outcome, LineOutcome::need_more);
    framer.feed("END\r\nBEAT {}\n\n\r\nodd\r\r\npart");
    EXPECT_EQ(drain(framer), (std::vector<std::string>{"END", "BEAT {}", "", "", "odd\r"}));
    EXPECT_EQ(framer.pending(), 4u);
    framer.feed("ial\r");
    EXPECT_TRUE(drain(framer).empty());
    framer.feed("\n");
    EXPECT_EQ(drain(framer), (std::vector<std::string>{"partial"}));
    framer.shrink();
    EXPECT_EQ(framer.capacity(), 0u);
}

TEST(LineFramer, LimitCountsNeitherCrNorLf) {
    LineFramer framer(4);
    framer.feed("1234\n1234\r\n1234");
    EXPECT_EQ(drain(framer), (std::vector<std::string>{"1234", "1234"}));
    framer.feed("\r");
    EXPECT_TRUE(drain(framer).empty());
    framer.feed("\n12345");
    EXPECT_EQ(drain(framer), (std::vector<std::string>{"1234", "<too long>"}));
    framer.feed("\nnext\n");
    EXPECT_EQ(framer.next().outcome, LineOutcome::too_long);
    LineFramer whole(4);
    whole.feed("12345\n");
    EXPECT_EQ(whole.next().outcome, LineOutcome::too_long);
    LineFramer returns(4);
    returns.feed("1234\rx");
    EXPECT_EQ(returns.next().outcome, LineOutcome::too_long);
}

TEST(LineFramer, AnyCutOfTheStreamGivesTheSameLines) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
        Random random(seed);
        std::string stream;
        std::vector<std::string> expected;
        for (int i = 0; i < 200; ++i) {
            std::string line(random.chance(0.05) ? random.below(5000) : random.below(40), 'x');
            expected.push_back(line);
            stream += line + (random.chance(0.5) ? "\r\n" : "\n");
        }
        LineFramer framer(5000);
        std::vector<std::string> lines;
        const std::uint64_t piece_max = std::uint64_t{1} << random.below(13);
        for (std::size_t at = 0; at < stream.size();) {
            const std::string piece = stream.substr(at, 1 + random.below(piece_max));
            at += piece.size();
            framer.feed(piece);
            if (random.chance(0.7)) {
                for (auto& line : drain(framer)) lines.push_back(std::move(line));
            }
        }
        for (auto& line : drain(framer)) lines.push_back(std::move(line));
        ASSERT_EQ(lines, expected) << "seed " << seed;
        ASSERT_EQ(framer.pending(), 0u);
    }
}

TEST(LineFramer, HugeLineInSmallPiecesIsNotScannedAgainAndItsMemoryGoes) {
    // Quadratic scanning of 64 MiB in 16 KiB pieces would look at 128 GiB: minutes, not a blink.
    constexpr std::size_t size = std::size_t{64} << 20;
    constexpr std::size_t piece = std::size_t{16} << 10;
    LineFramer framer(size);
    for (std::size_t fed = 0; fed < size; fed += piece) {
        const auto room = framer.prepare(piece);
        std::fill_n(room.begin(), piece, 'y');
        framer.commit(piece);
        ASSERT_EQ(framer.next().outcome, LineOutcome::need_more);
    }
    framer.feed("\nshort\n");
    EXPECT_EQ(framer.next().text.size(), size);
    EXPECT_EQ(framer.next().text, "short");
    framer.prepare(piece);
    EXPECT_LE(framer.capacity(), std::size_t{1} << 20);
}

TEST(LineFramer, PipelinedStreamStaysInASmallBuffer) {
    LineFramer framer(1000);
    std::string batch;
    for (int i = 0; i < 200; ++i) batch += "ACK {\"jid\":\"0123456789abcdef\"}\r\n";
    const std::string tail = batch.substr(0, 20);
    for (int round = 0; round < 1000; ++round) {
        framer.feed(round == 0 ? batch + tail : batch.substr(20) + tail);
        ASSERT_EQ(drain(framer).size(), 200u);
    }
    EXPECT_LT(framer.capacity(), std::size_t{32} << 10);
}

}  // namespace
}  // namespace sluice
