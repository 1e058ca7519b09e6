// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/url/idna.h"

#include "modules/crawl/core/url/idna_table.h"
#include "modules/crawl/core/url/nfc.h"
#include "modules/crawl/core/url/punycode.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace sluice::crawl {
namespace {

std::string ascii(std::string_view domain) { return domain_to_ascii(domain).value_or("refused"); }

TEST(Idna, DomainsBecomeAscii) {
    EXPECT_EQ(ascii("Bücher.example"), "xn--bcher-kva.example");
    EXPECT_EQ(ascii("faß.de"), "xn--fa-hia.de");
    EXPECT_EQ(ascii("пример。рф"), "xn--e1afmkfd.xn--p1ai");
    EXPECT_EQ(ascii("☃.net"), "xn--n3h.net");
    EXPECT_EQ(ascii("ＧＯ.com"), "go.com");
    EXPECT_EQ(ascii("a\u00ADb.com"), "ab.com");
    EXPECT_EQ(ascii("u\u0308.com"), "xn--tda.com");
    EXPECT_EQ(ascii("한국.kr"), "xn--3e0b707e.kr");
    EXPECT_EQ(ascii("한국.kr"), "xn--3e0b707e.kr");
    EXPECT_EQ(ascii("xn--bcher-kva.ä"), "xn--bcher-kva.xn--4ca");
    EXPECT_EQ(ascii(""), "");
}

TEST(Idna, WhatUts46RefusesIsRefused) {
    EXPECT_EQ(ascii("\u0300a.com"), "refused") << "begins with a mark";
    EXPECT_EQ(ascii("\uFFFD.com"), "refused");
    EXPECT_EQ(ascii("\u0378.com"), "refused") << "unassigned";
    EXPECT_EQ(ascii("xn--a.ß"), "refused") << "no Punycode";
    EXPECT_EQ(ascii("xn--.ß"), "refused") << "empty Punycode";
    EXPECT_EQ(ascii("xn--abc-.ß"), "refused") << "Punycode of ASCII";
    EXPECT_EQ(ascii("xn--ü"), "refused") << "Punycode with other characters";
    EXPECT_EQ(ascii("xn--99999999.ß"), "refused") << "above the last character";
    EXPECT_EQ(ascii("xn--u-ccb.ß"), "refused") << "Punycode of a text that is not in NFC";
}

TEST(Idna, JoinersNeedTheirNeighbours) {
    EXPECT_EQ(ascii("a\u200Db"), "refused");
    EXPECT_EQ(ascii("a\u200Cb"), "refused");
    EXPECT_EQ(ascii("\u0DC1\u0DCA\u200D\u0DBB\u0DD3"), "xn--10cl1a0b660p") << "behind a virama";
    EXPECT_EQ(ascii("\u0646\u0627\u0645\u0647\u200C\u0627\u06CC"), "xn--mgba3gch31f060k");
    EXPECT_EQ(ascii("\u0627\u200C\u0627"), "refused") << "alef joins to its right only";
}

TEST(Idna, DirectionsDoNotMix) {
    EXPECT_EQ(ascii("א.com"), "xn--4db.com");
    EXPECT_EQ(ascii("אa.com"), "refused");
    EXPECT_EQ(ascii("aא.com"), "refused");
    EXPECT_EQ(ascii("א1.com"), "xn--1-zhc.com");
    EXPECT_EQ(ascii("א1\u0661.com"), "refused") << "European and Arabic digits";
    EXPECT_EQ(ascii("1.א"), "refused") << "every label of such a domain begins with a letter";
    EXPECT_EQ(ascii("1.ä"), "1.xn--4ca");
}

TEST(Idna, DomainsAreShownAsPeopleWriteThem) {
    EXPECT_EQ(domain_to_unicode("xn--bcher-kva.example"), "bücher.example");
    EXPECT_EQ(domain_to_unicode("example.com"), "example.com");
    EXPECT_EQ(domain_to_unicode("xn--8i7caa.com"), "xn--8i7caa.com") << "decodes to what is mapped";
    EXPECT_EQ(domain_to_unicode("xn--a"), "xn--a");
}

TEST(Idna, LongDomainsAreRefusedNotSlow) {
    std::string domain;
    while (domain.size() < 100'000) domain += "\u0301\u0327";
    EXPECT_EQ(ascii(domain), "refused");
    domain.clear();
    for (char32_t c = 0x4E00; domain.size() + 3 <= idna_bytes_max; ++c)
        domain += {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
                   static_cast<char>(0x80 | (c & 63))};
    const std::string encoded = ascii(domain);
    EXPECT_NE(encoded, "refused");
    EXPECT_EQ(domain_to_unicode(encoded), domain);
    std::string marks = "a";
    while (marks.size() + 4 <= idna_bytes_max) marks += "\u0301\u0327";
    EXPECT_NE(ascii(marks), "refused");
    std::string wide;
    while (wide.size() + 3 <= idna_bytes_max) wide += "\uFDFA";  // each becomes 18 characters
    EXPECT_EQ(ascii(wide), "refused") << "has blanks between strong characters";
}

TEST(Punycode, IsThatOfItsStandard) {
    const std::pair<std::u32string, std::string> samples[] = {
        {U"他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"},
        {U"Pročprostěnemluvíčesky", "Proprostnemluvesky-uyb24dma41a"},
        {U"3年B組金八先生", "3B-ww4c5e180e575a65lsy2b"},
        {U"-> $1.00 <-", "-> $1.00 <--"},
    };
    for (const auto& [text, code] : samples) {
        std::string out;
        EXPECT_TRUE(idna::append_punycode(text, out));
        EXPECT_EQ(out, code);
        EXPECT_EQ(idna::decode_punycode(std::u32string(code.begin(), code.end())), text);
    }
}

TEST(Punycode, NumbersThatAreTooLargeAreRefused) {
    EXPECT_EQ(idna::decode_punycode(U"99999999"), std::nullopt);
    EXPECT_EQ(idna::decode_punycode(U"9999999999999999999999"), std::nullopt);
    EXPECT_EQ(idna::decode_punycode(U"ab*c"), std::nullopt);
    EXPECT_EQ(idna::decode_punycode(U"ü-a"), std::nullopt);
}

TEST(Nfc, ComposesWhatIsNotBlocked) {
    EXPECT_EQ(idna::to_nfc(U"e\u0301"), U"\u00E9");
    EXPECT_EQ(idna::to_nfc(U"a\u0323\u0307"), U"\u1EA1\u0307");
    EXPECT_EQ(idna::to_nfc(U"a\u0307\u0323"), U"\u1EA1\u0307");
    EXPECT_EQ(idna::to_nfc(U"\u212B"), U"\u00C5");
    EXPECT_EQ(idna::to_nfc(U"\u0958"), U"\u0915\u093C") << "never composed";
    EXPECT_EQ(idna::to_nfc(U"\u1100\u1161\u11A8"), U"\uAC01");
    EXPECT_EQ(idna::to_nfc(U"\uAC00\u11A8"), U"\uAC01");
    EXPECT_EQ(idna::to_nfc(U"\uAC01"), U"\uAC01");
    EXPECT_EQ(idna::to_nfc(U"a\u0327\u0307\u0301"), U"\u0227\u0327\u0301");
    EXPECT_EQ(idna::to_nfc(U"\u0301a"), U"\u0301a");
    EXPECT_EQ(idna::to_nfc(U""), U"");
}

TEST(IdnaTable, KnowsTheEdges) {
    using idna::properties_of;
    EXPECT_EQ(properties_of(U'a').status, idna::Status::valid);
    EXPECT_EQ(properties_of(U'A').status, idna::Status::mapped);
    EXPECT_EQ(properties_of(0xAD).status, idna::Status::ignored);
    EXPECT_EQ(properties_of(0x80).status, idna::Status::disallowed);
    EXPECT_EQ(properties_of(0x323AF).status, idna::Status::valid);
    EXPECT_EQ(properties_of(0x323B0).status, idna::Status::disallowed);
    EXPECT_EQ(properties_of(0xE0100).status, idna::Status::ignored);
    EXPECT_EQ(properties_of(0xE01F0).status, idna::Status::disallowed);
    EXPECT_EQ(properties_of(0x10FFFF).status, idna::Status::disallowed);
    EXPECT_EQ(properties_of(0x94D).combining, 9);
    EXPECT_TRUE(properties_of(0x300).is_mark);
}

}  // namespace
}  // namespace sluice::crawl
