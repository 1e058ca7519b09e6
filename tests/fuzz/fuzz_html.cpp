// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_core_html crawl_core_text
// Any bytes as an HTML page: the quick reader sees the tags and the text that the full tokenizer
// sees, in pieces of any size and under small limits, and the links do not depend on the pieces.
#include "kernel/base/check.h"
#include "modules/crawl/core/html/html_prescan.h"
#include "modules/crawl/core/html/link_extractor.h"
#include "modules/crawl/core/html/reader_check_testing.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace {

using namespace sluice::crawl;

constexpr HtmlLimits small{.name_bytes_max = 8,
                           .value_bytes_max = 20,
                           .attributes_max = 4,
                           .tag_bytes_max = 60,
                           .comment_bytes_max = 30};
constexpr std::size_t links_max = 20;
constexpr std::size_t href_bytes_max = 100;
constexpr std::size_t title_bytes_max = 50;

class Writer : public LinkSink {
public:
    void on_link(const Link& link) override {
        SLUICE_CHECK(link.href.size() <= href_bytes_max);
        SLUICE_CHECK(++count_ <= links_max);
        text += std::string(to_string(link.kind)) + " " + std::string(link.href) + "\n";
    }
    void on_words(std::string_view piece) override { words.add(piece); }

    std::string text;
    CollectedText words;

private:
    std::size_t count_ = 0;
};

std::string links(std::string_view bytes, std::size_t piece, bool scripting) {
    Writer writer;
    LinkExtractor extractor(writer, {.kinds = all_link_kinds,
                                     .words = true,
                                     .scripting = scripting,
                                     .agent = "a",
                                     .limits = {.links_max = links_max,
                                                .href_bytes_max = href_bytes_max,
                                                .title_bytes_max = title_bytes_max}});
    for (std::size_t at = 0; at < bytes.size(); at += piece)
        extractor.feed(bytes.substr(at, piece));
    extractor.finish();
    const PageFacts& facts = extractor.facts();
    SLUICE_CHECK(facts.title.size() <= title_bytes_max);
    return writer.text + writer.words.take() + "\n" + facts.title + "\n" + facts.base + "\n" +
           facts.language + "\n" + facts.charset + "\n" + facts.robots;
}

// Prints both before it stops the program.
void check_same(const std::string& got, const std::string& wanted, std::string_view page) {
    if (got == wanted) return;
    std::fprintf(stderr, "page:\n%.*s\ngot:\n%s\nwanted:\n%s\n", static_cast<int>(page.size()),
                 page.data(), got.c_str(), wanted.c_str());
    SLUICE_CHECK(got == wanted);
}

}  // namespace

/// The first byte says how the rest is cut and read.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const bool scripting = (data[0] & 1) != 0;
    const HtmlLimits limits = (data[0] & 2) != 0 ? small : HtmlLimits{};
    const std::size_t piece = 1 + (data[0] >> 2);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    FullPage full(limits, scripting);
    const std::string wanted = write_page(full, bytes, size);
    QuickPage whole(limits, scripting);
    check_same(write_page(whole, bytes, size), wanted, bytes);
    QuickPage cut(limits, scripting);
    check_same(write_page(cut, bytes, piece), wanted, bytes);
    SLUICE_CHECK(cut.work() <= 6 * size + 100);
    FullPage full_cut(limits, scripting);
    check_same(write_page(full_cut, bytes, piece), wanted, bytes);
    check_same(links(bytes, piece, scripting), links(bytes, size, scripting), bytes);
    SLUICE_CHECK(prescan_encoding(bytes, nullptr).size() <= prescan_bytes);
    return 0;
}
