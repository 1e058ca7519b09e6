// SPDX-License-Identifier: Apache-2.0
// libraries: crawl_shell_extract kernel_wire
// Any text as a CSS selector: what is understood becomes XPath that libxml2 takes, and what it
// finds on a page is JSON.
#include "kernel/base/ascii.h"
#include "kernel/base/check.h"
#include "kernel/wire/json_text.h"
#include "modules/crawl/shell/extract/extract.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::crawl;

constexpr std::string_view page =
    "<html><body class='a b'><ul><li>one<li class=x id=i>two<li>three</ul>"
    "<p lang=de data-x='1'>text</p><a href='/a.pdf'>link</a></body></html>";

void check_extracts(const std::string& selector, bool xml) {
    const auto rules = ExtractRules::parse({"v[]=css:" + selector});
    SLUICE_CHECK(rules.has_value());
    const auto json = rules->extract({.url = "", .body = page, .encoding = "", .xml = xml});
    SLUICE_CHECK(json.has_value() || json.error().code == Code::exhausted);
    if (json) SLUICE_CHECK(is_valid_json(*json));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string selector(
        trim_ascii(std::string_view(reinterpret_cast<const char*>(data), size)));
    const auto html = parse_css(selector, CssDialect::html);
    const auto xml = parse_css(selector, CssDialect::xml);
    SLUICE_CHECK(html.has_value() == xml.has_value());
    if (!html) {
        SLUICE_CHECK(!html.error().message.empty());
        return 0;
    }
    SLUICE_CHECK(!html->xpath.empty());
    check_extracts(selector, false);
    check_extracts(selector, true);
    return 0;
}
