// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_html crawl_core_text
// The tree construction cases of html5lib-tests, as far as a reader without a tree can know them:
// the links of the expected tree are those that LinkExtractor finds, and the elements of the tree
// are those whose tags TagReader sees.
#include "kernel/base/ascii.h"
#include "modules/crawl/core/html/link_extractor.h"
#include "vectors.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sluice::crawl {
namespace {

using HtmlTreeVectors = vectors::VectorTest;
using Names = std::set<std::string>;

struct Case {
    std::string file;
    std::string data;
    std::string fragment;  ///< the context element, if it is one
    bool script_on = false;
    bool script_off = false;
    std::vector<std::string> tree;  ///< lines behind "| "
};

// The sections of one case, by name.
std::map<std::string, std::string> sections(std::string_view text) {
    static const std::set<std::string_view> known = {
        "#data",      "#errors",     "#new-errors", "#document-fragment",
        "#script-on", "#script-off", "#document"};
    std::map<std::string, std::string> out;
    std::string* current = nullptr;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1);
        const std::string_view line = text.substr(0, end + 1);
        const std::string_view word = line.substr(0, line.size() - (line.ends_with('\n') ? 1 : 0));
        if (known.contains(word))
            current = &out[std::string(word)];
        else if (current != nullptr)
            *current += line;
        text.remove_prefix(end + 1);
    }
    return out;
}

std::vector<Case> read_cases() {
    std::vector<Case> cases;
    for (const std::string& file : vectors::files("html/tree-construction", ".dat")) {
        const std::string text = vectors::read(file);
        std::size_t at = 0;
        while (at < text.size()) {
            std::size_t next = text.find("\n#data\n", at + 1);
            next = next == std::string::npos ? text.size() : next + 1;
            auto parts = sections(std::string_view(text).substr(at, next - at));
            at = next;
            if (!parts.contains("#data")) continue;
            Case test{.file = file,
                      .data = parts["#data"],
                      .fragment = parts["#document-fragment"],
                      .script_on = parts.contains("#script-on"),
                      .script_off = parts.contains("#script-off")};
            // The last line end is the format's.
            if (test.data.ends_with('\n')) test.data.pop_back();
            while (test.fragment.ends_with('\n')) test.fragment.pop_back();
            const std::string& tree = parts["#document"];
            for (std::size_t line = 0; line < tree.size();) {
                const std::size_t end = std::min(tree.find('\n', line), tree.size());
                if (tree.compare(line, 2, "| ") == 0)
                    test.tree.push_back(tree.substr(line + 2, end - line - 2));
                line = end + 1;
            }
            cases.push_back(std::move(test));
        }
    }
    return cases;
}

struct Seen {
    Names links;     ///< "element attribute=value", the element without its namespace
    Names elements;  ///< "name", or "foreign name"
};

bool is_link(const std::string& element, const std::string& attribute) {
    static const std::map<std::string, Names> links = {{"a", {"href"}},
                                                       {"area", {"href"}},
                                                       {"link", {"href"}},
                                                       {"img", {"src"}},
                                                       {"script", {"src"}},
                                                       {"iframe", {"src"}},
                                                       {"frame", {"src"}},
                                                       {"embed", {"src"}},
                                                       {"object", {"data"}},
                                                       {"form", {"action"}},
                                                       {"video", {"src"}},
                                                       {"audio", {"src"}},
                                                       {"source", {"src"}},
                                                       {"track", {"src"}},
                                                       {"base", {"href"}},
                                                       {"foreign a", {"href", "xlink href"}},
                                                       {"foreign image", {"href", "xlink href"}},
                                                       {"foreign use", {"href", "xlink href"}},
                                                       {"foreign script", {"href", "xlink href"}}};
    const auto found = links.find(element);
    return found != links.end() && found->second.contains(attribute);
}

// What the expected tree has.
Seen expected(const Case& test) {
    Seen out;
    std::string element;
    for (const std::string& line : test.tree) {
        const std::size_t begin = line.find_first_not_of(' ');
        if (begin == std::string::npos) continue;
        const std::string text = line.substr(begin);
        if (text.starts_with("<!") || text.starts_with("<?") || text.starts_with("\"")) continue;
        if (text.starts_with("<") && text.ends_with(">")) {
            element = ascii_lowered(text.substr(1, text.size() - 2));
            for (const std::string_view space : {"svg ", "math "})
                if (element.starts_with(space)) element = "foreign " + element.substr(space.size());
            out.elements.insert(element);
            continue;
        }
        const std::size_t equals = text.find("=\"");
        if (equals == std::string::npos || !is_link(element, text.substr(0, equals))) continue;
        out.links.insert(text.substr(equals + 2, text.size() - equals - 3));
    }
    return out;
}

class LinkNames : public LinkSink {
public:
    void on_link(const Link& link) override { links.insert(std::string(link.href)); }
    Names links;
};

class ElementNames : public TagSink {
public:
    void on_tag(const ReadTag& tag) override {
        std::string name = ascii_lowered(tag.text);
        if (tag.is_end) {
            // These end tags make an element.
            if (!tag.is_foreign && (name == "p" || name == "br")) made.insert(name);
            return;
        }
        if (!tag.is_foreign && name == "image") name = "img";
        elements.insert(tag.is_foreign ? "foreign " + name : name);
    }
    Names elements;
    Names made;
};

// Both readers in pieces of seven bytes.
template <class Reader>
void feed(Reader& reader, std::string_view data) {
    for (; !data.empty(); data.remove_prefix(std::min<std::size_t>(7, data.size())))
        reader.feed(data.substr(0, 7));
    reader.finish();
}

Names links_of(const Case& test) {
    LinkNames sink;
    LinkExtractor extractor(sink, {.kinds = all_link_kinds, .scripting = test.script_on});
    if (!test.fragment.empty()) extractor.reader().begin_inside(test.fragment);
    feed(extractor, test.data);
    if (extractor.facts().has_base) sink.links.insert(extractor.facts().base);
    return sink.links;
}

std::string joined(const Names& names) {
    std::string out;
    for (const std::string& name : names) out += " [" + name + "]";
    return out;
}

Names without(const Names& names, const Names& others) {
    Names out;
    for (const std::string& name : names)
        if (!others.contains(name)) out.insert(name);
    return out;
}

TEST_F(HtmlTreeVectors, LinksOfTheTreeAreThoseFound) {
    const std::vector<Case> cases = read_cases();
    EXPECT_EQ(cases.size(), 1796U);
    std::size_t equal = 0;
    std::size_t with_links = 0;
    for (const Case& test : cases) {
        const Names wanted = expected(test).links;
        const Names got = links_of(test);
        with_links += wanted.empty() ? 0U : 1U;
        equal += wanted == got ? 1U : 0U;
        EXPECT_EQ(joined(got), joined(wanted)) << test.file << "\n" << test.data;
    }
    std::cout << equal << " of " << cases.size() << " cases, " << with_links << " with links\n";
}

// Elements that the tree has without a tag.
const Names implied = {"html", "head", "body", "tbody", "tr", "colgroup"};

// What is not known without a tree: the parser drops tags that have no place (framesets in a body,
// cells without a table), and in a fragment of an <svg> a tag that would end the SVG does not.
TEST_F(HtmlTreeVectors, ElementsOfTheTreeAreTagsSeen) {
    const std::vector<Case> cases = read_cases();
    std::size_t equal = 0;
    std::size_t dropped = 0;
    std::vector<std::string> others;
    for (const Case& test : cases) {
        ElementNames sink;
        TagReader reader(sink, {.all = true, .scripting = test.script_on});
        if (!test.fragment.empty()) reader.begin_inside(test.fragment);
        feed(reader, test.data);
        const Names wanted = expected(test).elements;
        const Names missing = without(without(without(wanted, sink.elements), implied), sink.made);
        const Names unknown = without(without(sink.elements, wanted), implied);
        if (!missing.empty())
            others.push_back(test.data);
        else if (!unknown.empty())
            ++dropped;
        else
            ++equal;
    }
    EXPECT_EQ(others,
              (std::vector<std::string>{"</p><foo>", "</br><foo>", "<body><foo>", "<p></p><foo>"}));
    EXPECT_LE(dropped, 104U);
    std::cout << equal << " of " << cases.size() << " cases; in " << dropped
              << " the tree builder drops a tag, in " << others.size()
              << " a fragment of SVG goes on\n";
}

}  // namespace
}  // namespace sluice::crawl
