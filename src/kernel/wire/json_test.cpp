// SPDX-License-Identifier: Apache-2.0
// JSON out, JSON in, and hostile texts; simdjson is asked for a second opinion.
#include "kernel/base/random.h"
#include "kernel/wire/json_reader.h"
#include "kernel/wire/json_text.h"
#include "kernel/wire/utf8.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace sluice {
namespace {

TEST(JsonWriter, WritesCompactText) {
    std::string out = "PUSH ";
    JsonWriter writer(out);
    writer.begin_object();
    writer.key("jid").string("a\"b\\c\n\x01\x7f/é");
    writer.key("args").begin_array().integer(-1).unsigned_integer(UINT64_MAX).number(0.1);
    writer.number(1e300).number(std::numeric_limits<double>::infinity()).end_array();
    writer.key("custom").raw("{\"a\": 1}").key("ok").boolean(true).key("no").null();
    writer.key("empty").begin_object().end_object();
    EXPECT_FALSE(writer.is_complete());
    writer.end_object();
    EXPECT_TRUE(writer.is_complete());
    EXPECT_EQ(out,
              "PUSH {\"jid\":\"a\\\"b\\\\c\\n\\u0001\x7f/é\",\"args\":[-1,18446744073709551615,0.1,"
              "1e+300,null],\"custom\":{\"a\": 1},\"ok\":true,\"no\":null,\"empty\":{}}");
    EXPECT_TRUE(is_valid_json(out.substr(5)));
}

TEST(JsonWriterDeathTest, WrongNestingStopsTheProcess) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    std::string out;
    EXPECT_DEATH(JsonWriter(out).begin_object().integer(1), "key_open_");
    EXPECT_DEATH(JsonWriter(out).begin_array().end_object(), "depth_");
    EXPECT_DEATH(JsonWriter(out).integer(1).integer(2), "has_value_");
}

TEST(JsonText, InvalidUtf8BecomesTheReplacementCharacter) {
    const std::string r = "\xEF\xBF\xBD";
    EXPECT_EQ(json_escape("a\xFFz"), "\"a" + r + "z\"");
    EXPECT_EQ(json_escape("\xC0\xAF"), "\"" + r + r + "\"");
    EXPECT_EQ(json_escape("\xED\xA0\x80"), "\"" + r + r + r + "\"");
    EXPECT_EQ(json_escape("\xF0\x9F\x92"), "\"" + r + "\"");
    EXPECT_EQ(json_escape("\xF0\x9F\x92\xA9"), "\"\xF0\x9F\x92\xA9\"");
    EXPECT_EQ(json_escape("\xF4\x90\x80\x80"), "\"" + r + r + r + r + "\"");
}

TEST(JsonText, EveryByteStringSurvivesWritingAndReadingIfItIsUtf8) {
    Random random(11);
    JsonParser parser;
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (auto n = random.below(40); n > 0; --n) {
            const auto narrow = static_cast<unsigned>(random.below(4));
            put_utf8(text, static_cast<std::uint32_t>(random.below(0x110000u >> (narrow * 5))));
        }
        const std::string json = json_escape(text);
        const auto view = parser.parse(json);
        ASSERT_TRUE(view) << json;
        ASSERT_EQ(view->as_string().value(), text);
    }
}

TEST(JsonReader, ReadsAJobWithTheExactSourceOfEachValue) {
    const std::string text =
        " { \"jid\" : \"id\\u0031\",\"args\":[ 1, {\"a\":[]} ,\"x\\/\" ],\"at\":1.5e3,"
        "\"retry\":-1,\"big\":18446744073709551615,\"ok\":true,\"n\":null,\"ok\":false} ";
    JsonParser parser;
    const JsonView root = parser.parse(text).value();
    EXPECT_TRUE(root.is_object());
    EXPECT_EQ(root.raw(), text.substr(1, text.size() - 2));
    std::string seen;
    for (const JsonMember member : root.members()) {
        seen += std::string(member.name) + "=" + std::string(member.value.raw()) + ";";
    }
    EXPECT_EQ(seen,
              "jid=\"id\\u0031\";args=[ 1, {\"a\":[]} ,\"x\\/\" ];at=1.5e3;retry=-1;"
              "big=18446744073709551615;ok=true;n=null;ok=false;");
    EXPECT_EQ(root.find("jid")->as_string().value(), "id1");
    EXPECT_EQ(root.find("at")->as_int().value(), 1500);
    EXPECT_EQ(root.find("retry")->as_int().value(), -1);
    EXPECT_FALSE(root.find("retry")->as_uint());
    EXPECT_EQ(root.find("big")->as_uint().value(), UINT64_MAX);
    EXPECT_FALSE(root.find("big")->as_int());
    EXPECT_EQ(root.find("ok")->as_bool().value(), false);
    EXPECT_TRUE(root.find("n")->is_null());
    EXPECT_FALSE(root.find("nothing"));
    EXPECT_FALSE(root.find("jid")->find("x"));
    std::vector<std::string> elements;
    for (const JsonView element : root.find("args")->elements()) {
        elements.emplace_back(element.raw());
    }
    EXPECT_EQ(elements, (std::vector<std::string>{"1", "{\"a\":[]}", "\"x\\/\""}));
}

TEST(JsonReader, WrongKindsSayWhatWasFound) {
    JsonParser parser;
    EXPECT_EQ(parser.parse("[]").value().as_string().error().message,
              "expected a string, found array");
    EXPECT_EQ(parser.parse("1").value().as_bool().error().code, Code::invalid);
    EXPECT_EQ(parser.parse("\"1\"").value().as_int().error().code, Code::invalid);
    EXPECT_TRUE(parser.parse("{}").value().members().begin() ==
                parser.parse("{}").value().members().end());
}

TEST(JsonReader, NumbersKeepTheirKindAndRange) {
    struct Case {
        const char* text;
        JsonKind kind;
        bool fits_int;
    };
    const Case cases[] = {
        {"0", JsonKind::int64, true},
        {"-0", JsonKind::int64, true},
        {"9223372036854775807", JsonKind::int64, true},
        {"-9223372036854775808", JsonKind::int64, true},
        {"9223372036854775808", JsonKind::uint64, false},
        {"-9223372036854775809", JsonKind::number, false},
        {"18446744073709551616", JsonKind::number, false},
        {"1.0", JsonKind::number, true},
        {"1.5", JsonKind::number, false},
        {"1e15", JsonKind::number, true},
        {"9007199254740993.0", JsonKind::number, false},
        {"9223372036854775808.0", JsonKind::number, false},
        {"1e999", JsonKind::number, false},
    };
    JsonParser parser;
    for (const Case& item : cases) {
        const auto view = parser.parse(item.text);
        ASSERT_TRUE(view) << item.text;
        EXPECT_EQ(view->kind(), item.kind) << item.text;
        EXPECT_EQ(view->as_int().has_value(), item.fits_int) << item.text;
    }
    EXPECT_EQ(parser.parse("-9223372036854775808").value().as_int().value(), INT64_MIN);
    EXPECT_DOUBLE_EQ(parser.parse("-0.25e-2").value().as_double().value(), -0.0025);
    EXPECT_FALSE(parser.parse("1e999").value().as_double());
}

TEST(JsonReader, EscapesAndSurrogatesBecomeUtf8) {
    JsonParser parser;
    EXPECT_EQ(parser.parse(R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\uDCA9")").value().as_string().value(),
              "\"\\/\b\f\n\r\té\xF0\x9F\x92\xA9");
    EXPECT_EQ(parser.parse(R"("\ud83dx\udca9\ud83d\ud83d\udca9")").value().as_string().value(),
              "\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD\xF0\x9F\x92\xA9");
    EXPECT_EQ(parser.parse(R"({"\u0061":1})").value().find("a")->as_int().value(), 1);
}

TEST(JsonReader, RefusesWhatIsNotJson) {
    const std::string bad[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "{\"a\":1]",
        "[1}",
        "1 2",
        "[] x",
        "{}{}",
        "01",
        "-",
        "-x",
        "+1",
        ".5",
        "1.",
        "1.e1",
        "1e",
        "1e+",
        "0x1",
        "--1",
        "NaN",
        "Infinity",
        "tru",
        "True",
        "nul",
        "nulll",
        "\"",
        "\"a",
        "\"\\",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u",
        "\"\n\"",
        "\"\t\"",
        std::string("\"\0\"", 3),
        "'a'",
        "\"\xFF\"",
        "\"\xC0\x80\"",
        "\"\xED\xA0\x80\"",
        "\"\xF5\x80\x80\x80\"",
        "\"\xE2\x82\"",
        "\xEF\xBB\xBF{}",
        "/**/1",
        std::string("1\0", 2),
        std::string("\0", 1),
        "[1]\x0b",
        "{\"a\":1,\"b\"",
        "[\"\\\"]",
    };
    JsonParser parser;
    for (const std::string& text : bad) {
        const auto view = parser.parse(text);
        EXPECT_FALSE(view) << text;
        EXPECT_FALSE(is_valid_json(text)) << text;
        if (!view) {
            EXPECT_NE(view.error().message.find("at byte"), std::string::npos);
        }
    }
    EXPECT_EQ(parser.parse("{\"a\":tru}").error().message,
              "invalid JSON at byte 5: expected a value");
}

TEST(JsonReader, DepthAndNodesAreLimited) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    JsonParser parser;
    EXPECT_TRUE(parser.parse(nested(64)));
    EXPECT_TRUE(is_valid_json(nested(64)));
    EXPECT_EQ(parser.parse(nested(65)).error().code, Code::invalid);
    EXPECT_FALSE(is_valid_json(nested(65)));
    EXPECT_FALSE(is_valid_json(std::string(1'000'000, '[')));
    EXPECT_FALSE(is_valid_json(std::string(1'000'000, '{')));
    EXPECT_TRUE(parser.parse(nested(3), {.depth_max = 3}));
    EXPECT_FALSE(parser.parse(nested(4), {.depth_max = 3}));
    EXPECT_EQ(parser.parse("[1,2,3,4]", {.nodes_max = 3}).error().code, Code::exhausted);
    EXPECT_TRUE(parser.parse("[1,2,3,4]", {.nodes_max = 5}));
}

TEST(JsonReader, DocumentOwnsItsTextAlsoWhenMoved) {
    JsonDocument document = JsonDocument::parse("[\"x\"]").value();
    const JsonView root = document.root();
    const JsonDocument moved = std::move(document);
    EXPECT_EQ(moved.root().raw(), "[\"x\"]");
    EXPECT_EQ(root.raw(), "[\"x\"]");
    EXPECT_FALSE(JsonDocument::parse("[\"x\""));
}

/// Every view of the tree, so that a wrong index would be read.
std::size_t walk(const JsonView& view) {
    std::size_t bytes = view.raw().size();
    for (const JsonMember member : view.members()) bytes += member.name.size() + walk(member.value);
    for (const JsonView element : view.elements()) bytes += walk(element);
    return bytes;
}

std::string random_json(Random& random, unsigned depth) {
    const auto blank = [&] { return std::string(random.below(2), ' '); };
    switch (random.below(depth == 0 ? 5 : 7)) {
        case 0: return std::to_string(static_cast<std::int64_t>(random.next() >> random.below(64)));
        case 1: return std::to_string(random.unit() * 1000) + (random.chance(0.3) ? "e-3" : "");
        case 2: return R"("plain text, longer than eight \" é \u00e9 \\ \n")";
        case 3: return random.chance(0.5) ? "true" : "null";
        case 4: return json_escape(std::string(random.below(20), 'k'));
        case 5: {
            std::string out = "[" + blank();
            for (std::uint64_t i = 0, n = random.below(4); i < n; ++i) {
                out += (i > 0 ? "," : "") + random_json(random, depth - 1) + blank();
            }
            return out + "]";
        }
        default: {
            std::string out = "{" + blank();
            for (std::uint64_t i = 0, n = random.below(4); i < n; ++i) {
                out += i > 0 ? "," : "";
                out += "\"k" + std::to_string(i) + "\"" + blank() + ":" + blank();
                out += random_json(random, depth - 1) + blank();
            }
            return out + "}";
        }
    }
}

/// True if simdjson can judge it as we do: it calls lone surrogates and numbers beyond 64 bits or a
/// double's range errors, which RFC 8259 allows.
bool is_comparable(const std::string& text) {
    if (text.find("\\u") != std::string::npos) return false;
    std::size_t digits = 0;
    for (const char c : text) {
        digits = (c >= '0' && c <= '9') ? digits + 1 : 0;
        if (digits > 17) return false;
        if (c == 'e' || c == 'E') return false;
    }
    return true;
}

TEST(JsonReader, AgreesWithSimdjsonOnDamagedTextsAndNeverReadsOutside) {
    simdjson::dom::parser other;
    JsonParser parser;
    constexpr std::string_view splinters = "{}[]\",:\\u019.-+tfn \n\x80\xC3\xFF\x01";
    int valid = 0;
    for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
        Random random(seed);
        std::string text = random_json(random, 4);
        for (auto n = random.below(4); n > 0 && !text.empty(); --n) {
            const std::size_t at = random.below(text.size());
            switch (random.below(4)) {
                case 0: text.erase(at, 1 + random.below(3)); break;
                case 1: text[at] = splinters[random.below(splinters.size())]; break;
                case 2: text.insert(at, 1, splinters[random.below(splinters.size())]); break;
                default: text.resize(at); break;
            }
        }
        // An exact-size heap block: ASan sees one byte read too many.
        const auto block = std::make_unique<char[]>(text.size());
        std::memcpy(block.get(), text.data(), text.size());
        const std::string_view exact(block.get(), text.size());
        const auto view = parser.parse(exact);
        ASSERT_EQ(view.has_value(), is_valid_json(exact)) << text;
        if (view) {
            ++valid;
            ASSERT_GT(walk(*view), 0u);
        }
        if (!is_comparable(text)) continue;
        const bool theirs = other.parse(text).error() == simdjson::SUCCESS;
        ASSERT_EQ(view.has_value(), theirs) << "seed " << seed << ": " << text;
    }
    EXPECT_GT(valid, 2000);
}

}  // namespace
}  // namespace sluice
