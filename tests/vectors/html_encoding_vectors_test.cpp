// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_html crawl_core_text
// The encoding sniffing cases of html5lib-tests: the prescan of the first bytes, then what the
// tokenizer finds in a later meta element, then windows-1252.
#include "kernel/base/ascii.h"
#include "modules/crawl/core/html/html_prescan.h"
#include "modules/crawl/core/html/link_extractor.h"
#include "vectors.h"

#include <string>
#include <vector>

namespace sluice::crawl {
namespace {

using HtmlEncodingVectors = vectors::VectorTest;

struct Case {
    std::string file;
    std::string data;
    std::string encoding;
};

std::vector<Case> read_cases() {
    std::vector<Case> cases;
    for (const std::string& file : vectors::files("html/encoding", ".dat")) {
        const std::string text = vectors::read(file);
        std::size_t at = text.find("#data\n");
        while (at != std::string::npos) {
            const std::size_t mark = text.find("#encoding\n", at);
            if (mark == std::string::npos) break;
            const std::size_t data = at + 6;
            const std::size_t name = mark + 10;
            const std::size_t end = std::min(text.find('\n', name), text.size());
            // The line end before the mark is the format's.
            cases.push_back({.file = file,
                             .data = text.substr(data, mark - data - 1),
                             .encoding = ascii_lowered(text.substr(name, end - name))});
            at = text.find("#data\n", end);
        }
    }
    return cases;
}

// The labels that the cases use, and a few more; the table of all of them is not the prescan's.
bool is_known(std::string_view label) {
    for (const std::string_view known :
         {"utf-8", "utf8", "iso-8859-2", "iso8859-2", "windows-1252", "iso-8859-1", "iso8859-1",
          "euc-jp", "us-ascii", "ascii", "shift_jis", "koi8-r", "latin2"})
        if (label == known) return true;
    return false;
}

// "Get an encoding" for those labels.
std::string name_of(const std::string& label) {
    if (label == "iso-8859-1" || label == "iso8859-1" || label == "us-ascii" || label == "ascii")
        return "windows-1252";
    if (label == "iso8859-2" || label == "latin2") return "iso-8859-2";
    return label == "utf8" ? "utf-8" : label;
}

class NoLinks : public LinkSink {
public:
    void on_link(const Link& /*link*/) override {}
};

std::string sniff(std::string_view data) {
    // A byte order mark is looked for before any meta element.
    if (data.starts_with("\xEF\xBB\xBF")) return "utf-8";
    std::string label = prescan_encoding(data, is_known);
    if (label.empty()) {
        NoLinks sink;
        LinkExtractor extractor(sink);
        extractor.feed(data);
        extractor.finish();
        label = meta_encoding(extractor.facts().charset);
        if (!is_known(label)) label.clear();
    }
    return label.empty() ? "windows-1252" : name_of(label);
}

TEST_F(HtmlEncodingVectors, CasesPass) {
    const std::vector<Case> cases = read_cases();
    EXPECT_EQ(cases.size(), 83U);
    std::size_t passed = 0;
    for (const Case& test : cases) {
        const std::string got = sniff(test.data);
        // A script of that page writes the meta element.
        const bool needs_scripts = test.file.find("scripted") != std::string::npos;
        const std::string wanted = needs_scripts ? "windows-1252" : test.encoding;
        EXPECT_EQ(got, wanted) << test.file << "\n" << test.data;
        passed += got == test.encoding ? 1U : 0U;
    }
    EXPECT_EQ(passed, cases.size() - 1) << "all but the one that runs a script";
    std::cout << passed << " of " << cases.size() << " cases\n";
}

}  // namespace
}  // namespace sluice::crawl
