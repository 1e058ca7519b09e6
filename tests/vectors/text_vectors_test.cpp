// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_text simdjson::simdjson
// Queries in the encodings of the web, against web-platform-tests.
#include "modules/crawl/core/text/query_encoding.h"
#include "vectors.h"

#include <simdjson.h>

#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::crawl;

class TextVectors : public vectors::VectorTest {
protected:
    simdjson::dom::parser parser;
};

/// The query of a special URL: these bytes are percent-encoded, what is missing becomes "&#N;".
std::string percent_encode(std::string_view text, Encoding encoding) {
    TextQueryEncoder encoder(encoding);
    std::string out;
    while (true) {
        std::string bytes;
        const auto step = encoder.encode(text, bytes);
        text.remove_prefix(step.taken);
        for (const char c : bytes) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte > 0x20 && byte < 0x7F &&
                std::string_view("\"#<>'").find(c) == std::string_view::npos) {
                out += c;
                continue;
            }
            constexpr std::string_view digits = "0123456789ABCDEF";
            out += {'%', digits[byte >> 4], digits[byte & 15]};
        }
        if (step.missing == 0) return out;
        out += "%26%23" + std::to_string(step.missing) + "%3B";
    }
}

TEST_F(TextVectors, QueriesAreEncodedAsBrowsersDo) {
    const std::string text = vectors::read("url/percent-encoding.json");
    simdjson::dom::array cases;
    ASSERT_EQ(parser.parse(text).get(cases), simdjson::SUCCESS);
    std::size_t asked = 0;
    for (const simdjson::dom::element example : cases) {
        if (!example.is_object()) continue;  // a comment
        const std::string_view input = example["input"].get_string().value_unsafe();
        const simdjson::dom::object outputs = example["output"].get_object().value_unsafe();
        for (const auto& [label, expected] : outputs) {
            const auto encoding = encoding_of_label(label);
            ASSERT_TRUE(encoding) << label;
            EXPECT_EQ(percent_encode(input, *encoding), expected.get_string().value_unsafe())
                << label;
            ++asked;
        }
    }
    EXPECT_GT(asked, 15U);
}

}  // namespace
