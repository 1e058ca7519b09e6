// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_html kernel_wire simdjson::simdjson
// The tokenizer cases of html5lib-tests: tokens, error codes and their places, however the input is
// cut into pieces.
#include "kernel/base/random.h"
#include "kernel/wire/utf8.h"
#include "modules/crawl/core/html/html_input.h"
#include "modules/crawl/core/html/html_tokenizer.h"
#include "vectors.h"

#include <simdjson.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace sluice::crawl {
namespace {

using Json = simdjson::dom::element;

std::vector<Json> array_of(Json json) {
    simdjson::dom::array array;
    EXPECT_EQ(json.get(array), simdjson::SUCCESS);
    return {array.begin(), array.end()};
}

simdjson::dom::object object_of(Json json) {
    simdjson::dom::object object;
    EXPECT_EQ(json.get(object), simdjson::SUCCESS);
    return object;
}

std::string_view text_of(Json json) {
    std::string_view text;
    EXPECT_EQ(json.get(text), simdjson::SUCCESS);
    return text;
}

Json field_of(Json json, std::string_view name) {
    Json field;
    EXPECT_EQ(json[name].get(field), simdjson::SUCCESS) << name;
    return field;
}

bool bool_of(Json json) {
    bool value = false;
    EXPECT_EQ(json.get(value), simdjson::SUCCESS);
    return value;
}

std::int64_t number_of(Json json) {
    std::int64_t number = 0;
    EXPECT_EQ(json.get(number), simdjson::SUCCESS);
    return number;
}

using HtmlTokenizerVectors = vectors::VectorTest;

// Undoes the second escaping of strings in "doubleEscaped" cases. Surrogates take the three bytes
// that our input checker reads as surrogates.
void put_wtf8(std::string& out, std::uint32_t c) {
    if (c < 0xD800 || c > 0xDFFF) {
        put_utf8(out, c);
        return;
    }
    out += static_cast<char>(0xE0U | (c >> 12U));
    out += static_cast<char>(0x80U | ((c >> 6U) & 0x3FU));
    out += static_cast<char>(0x80U | (c & 0x3FU));
}

std::string unescape(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 2) == "\\u") {
            put_wtf8(out, static_cast<std::uint32_t>(std::strtoul(
                              std::string(text.substr(i + 2, 4)).c_str(), nullptr, 16)));
            i += 5;
        } else {
            out += text[i];
        }
    }
    return out;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
        text.replace(at, from.size(), to);
    return text;
}

// The tokens as one text, characters joined.
class Recorder : public HtmlTokenSink {
public:
    explicit Recorder(bool for_xml) : for_xml_(for_xml) {}

    void on_tag(const HtmlTag& tag) override {
        flush();
        text_ += tag.is_end ? "\nEndTag " : "\nStartTag ";
        text_ += tag.name;
        if (tag.is_end) return;
        std::map<std::string, std::string> sorted;
        for (const HtmlAttribute& each : tag.attributes) sorted.emplace(each.name, each.value);
        for (const auto& [name, value] : sorted) text_ += " [" + name + "]=[" + value + "]";
        if (tag.self_closing) text_ += " /";
    }
    void on_text(std::string_view text) override { characters_ += text; }
    void on_comment(std::string_view text) override {
        flush();
        std::string comment(text);
        if (for_xml_) comment = replace_all(comment, "--", "- -");
        text_ += "\nComment " + comment;
    }
    void on_doctype(const HtmlDoctype& doctype) override {
        flush();
        text_ += "\nDOCTYPE " + part(doctype.has_name, doctype.name) +
                 part(doctype.has_public_id, doctype.public_id) +
                 part(doctype.has_system_id, doctype.system_id) +
                 (doctype.force_quirks ? "quirks" : "right");
    }
    void on_error(HtmlError error, std::uint64_t offset) override {
        if (for_xml_) return;  // that file says nothing of errors
        errors_.emplace_back(offset, to_string(error));
    }

    static std::string part(bool there, std::string_view text) {
        return there ? "[" + std::string(text) + "] " : std::string("none ");
    }
    std::string tokens() {
        flush();
        return text_;
    }
    [[nodiscard]] std::vector<std::pair<std::uint64_t, std::string>> errors() const {
        return errors_;
    }

private:
    void flush() {
        if (characters_.empty()) return;
        // xmlViolation.test wants what an XML infoset can hold.
        if (for_xml_) {
            characters_ = replace_all(characters_, "\f", " ");
            characters_ = replace_all(characters_, "\xEF\xBF\xBF", "\xEF\xBF\xBD");
        }
        text_ += "\nCharacter " + characters_;
        characters_.clear();
    }

    bool for_xml_;
    std::string text_;
    std::string characters_;
    std::vector<std::pair<std::uint64_t, std::string>> errors_;
};

struct Case {
    std::string input;
    std::string tokens;
    std::vector<std::string> errors;  ///< "line:column code", sorted
    std::vector<HtmlState> states;
    std::string last_start_tag;
    bool for_xml = false;
};

HtmlState state_named(std::string_view name) {
    const std::map<std::string_view, HtmlState> states = {
        {"Data state", HtmlState::data},
        {"PLAINTEXT state", HtmlState::plaintext},
        {"RCDATA state", HtmlState::rcdata},
        {"RAWTEXT state", HtmlState::rawtext},
        {"Script data state", HtmlState::script_data},
        {"CDATA section state", HtmlState::cdata_section},
    };
    EXPECT_TRUE(states.contains(name)) << name;
    return states.at(name);
}

std::string string_of(Json json, bool escaped) {
    const std::string_view text = text_of(json);
    return escaped ? unescape(text) : std::string(text);
}

// The expected tokens, written as Recorder writes them.
std::string expected_tokens(Json output, bool escaped) {
    Recorder out(false);
    for (Json token : array_of(output)) {
        const std::vector<Json> parts = array_of(token);
        const std::string kind = string_of(parts[0], false);
        const auto text = [&](std::size_t i) {
            return parts[i].is_null() ? std::string() : string_of(parts[i], escaped);
        };
        if (kind == "Character") {
            out.on_text(text(1));
        } else if (kind == "Comment") {
            out.on_comment(text(1));
        } else if (kind == "DOCTYPE") {
            const std::string name = text(1);
            const std::string public_id = text(2);
            const std::string system_id = text(3);
            out.on_doctype({.name = name,
                            .public_id = public_id,
                            .system_id = system_id,
                            .has_name = !parts[1].is_null(),
                            .has_public_id = !parts[2].is_null(),
                            .has_system_id = !parts[3].is_null(),
                            .force_quirks = !bool_of(parts[4])});
        } else {
            std::map<std::string, std::string> values;
            if (parts.size() > 2)
                for (const auto field : object_of(parts[2]))
                    values.emplace(std::string(field.key), string_of(field.value, escaped));
            std::vector<HtmlAttribute> attributes;
            for (const auto& [name, value] : values)
                attributes.push_back({.name = name, .value = value});
            const std::string name = text(1);
            out.on_tag({.name = name,
                        .attributes = attributes,
                        .is_end = kind == "EndTag",
                        .self_closing = parts.size() > 3});
        }
    }
    return out.tokens();
}

Case read_case(Json test, bool for_xml) {
    Case out;
    bool escaped = false;
    if (test["doubleEscaped"].get(escaped) != simdjson::SUCCESS) escaped = false;
    out.for_xml = for_xml;
    out.input = string_of(field_of(test, "input"), escaped);
    out.tokens = expected_tokens(field_of(test, "output"), escaped);
    Json found;
    if (test["lastStartTag"].get(found) == simdjson::SUCCESS)
        out.last_start_tag = string_of(found, false);
    if (test["initialStates"].get(found) == simdjson::SUCCESS) {
        for (Json each : array_of(found)) out.states.push_back(state_named(text_of(each)));
    } else {
        out.states.push_back(HtmlState::data);
    }
    if (test["errors"].get(found) == simdjson::SUCCESS) {
        for (Json each : array_of(found))
            out.errors.push_back(std::to_string(number_of(field_of(each, "line"))) + ":" +
                                 std::to_string(number_of(field_of(each, "col"))) + " " +
                                 string_of(field_of(each, "code"), false));
    }
    std::sort(out.errors.begin(), out.errors.end());
    return out;
}

// Line and column as the test data counts them: units of UTF-16, a line end being one.
std::vector<std::string> places(const std::string& input,
                                const std::vector<std::pair<std::uint64_t, std::string>>& errors) {
    std::vector<std::string> out;
    for (const auto& [offset, code] : errors) {
        std::size_t line = 1;
        std::size_t column = 1;
        for (std::size_t i = 0; i < offset && i < input.size(); ++i) {
            const auto byte = static_cast<unsigned char>(input[i]);
            if (byte == '\r' && i + 1 < input.size() && input[i + 1] == '\n') continue;
            if (byte == '\n' || byte == '\r') {
                ++line;
                column = 1;
            } else if ((byte & 0xC0U) != 0x80) {
                column += byte >= 0xF0 ? 2U : 1U;
            }
        }
        out.push_back(std::to_string(line) + ":" + std::to_string(column) + " " + code);
    }
    std::sort(out.begin(), out.end());
    return out;
}

// Reads the input in pieces that end at `cuts`; returns tokens and errors as one text.
std::string run(const Case& test, HtmlState state, const std::vector<std::size_t>& cuts) {
    Recorder sink(test.for_xml);
    HtmlInputChecker checker(sink);
    HtmlTokenizer tokenizer(sink, true);
    tokenizer.set_state(state);
    tokenizer.set_last_start_tag(test.last_start_tag);
    std::size_t from = 0;
    const auto feed = [&](std::size_t to) {
        // A copy of its own: reading past a piece is a fault that the address sanitizer sees.
        const std::vector<char> piece(test.input.begin() + static_cast<std::ptrdiff_t>(from),
                                      test.input.begin() + static_cast<std::ptrdiff_t>(to));
        checker.feed({piece.data(), piece.size()});
        tokenizer.feed({piece.data(), piece.size()});
        from = to;
    };
    for (const std::size_t cut : cuts) feed(cut);
    feed(test.input.size());
    tokenizer.finish();
    std::string out = sink.tokens();
    for (const std::string& error : places(test.input, sink.errors())) out += "\n! " + error;
    return out;
}

std::string wanted(const Case& test) {
    std::string out = test.tokens;
    for (const std::string& error : test.errors) out += "\n! " + error;
    return out;
}

std::vector<Case> read_cases() {
    std::vector<Case> cases;
    for (const std::string& file : vectors::files("html/tokenizer", ".test")) {
        const std::string text = vectors::read(file);
        simdjson::dom::parser parser;
        Json root;
        EXPECT_EQ(parser.parse(text).get(root), simdjson::SUCCESS) << file;
        const bool for_xml = file.ends_with("xmlViolation.test");
        Json tests = field_of(root, for_xml ? "xmlViolationTests" : "tests");
        for (Json test : array_of(tests)) cases.push_back(read_case(test, for_xml));
    }
    return cases;
}

// Runs every case with every list of cuts that `cuts_of` makes for its input.
template <class CutsOf>
void expect_all(CutsOf cuts_of) {
    const std::vector<Case> cases = read_cases();
    EXPECT_EQ(cases.size(), 6810U);
    std::size_t passed = 0;
    std::size_t shown = 0;
    std::size_t runs = 0;
    for (const Case& test : cases) {
        bool good = true;
        for (const HtmlState state : test.states) {
            for (const std::vector<std::size_t>& cuts : cuts_of(test.input.size())) {
                ++runs;
                const std::string got = run(test, state, cuts);
                if (got == wanted(test)) continue;
                good = false;
                if (++shown <= 20)
                    ADD_FAILURE() << "input: " << test.input << "\nwanted:" << wanted(test)
                                  << "\ngot:" << got;
            }
        }
        passed += good ? 1U : 0U;
    }
    EXPECT_EQ(passed, cases.size());
    std::cout << passed << " of " << cases.size() << " cases in " << runs << " runs\n";
}

using ManyCuts = std::vector<std::vector<std::size_t>>;

TEST_F(HtmlTokenizerVectors, CasesPassAsOnePiece) {
    expect_all([](std::size_t) { return ManyCuts{{}}; });
}

TEST_F(HtmlTokenizerVectors, CasesPassByteByByte) {
    expect_all([](std::size_t size) {
        std::vector<std::size_t> cuts;
        for (std::size_t i = 1; i < size; ++i) cuts.push_back(i);
        return ManyCuts{cuts};
    });
}

TEST_F(HtmlTokenizerVectors, CasesPassCutInTwoAnywhere) {
    expect_all([](std::size_t size) {
        ManyCuts out;
        for (std::size_t i = 1; i < size; ++i) out.push_back({i});
        return out;
    });
}

TEST_F(HtmlTokenizerVectors, CasesPassCutAtRandom) {
    Random random(4);
    expect_all([&](std::size_t size) {
        std::vector<std::size_t> cuts;
        for (std::size_t i = 1; i < size; ++i)
            if (random.below(3) == 0) cuts.push_back(i);
        return ManyCuts{cuts};
    });
}

}  // namespace
}  // namespace sluice::crawl
