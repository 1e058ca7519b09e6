// SPDX-License-Identifier: Apache-2.0
// Foreign texts inside markup of ours: HTML, SVG and XML.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

/// Appends `text` so that it is text and nothing else between tags and in quoted attributes, in
/// HTML and in XML 1.0: markup characters become references; what is no UTF-8 or no character of
/// XML (control characters, U+FFFE, U+FFFF) becomes U+FFFD.
void put_markup_escaped(std::string& out, std::string_view text);
std::string markup_escape(std::string_view text);

}  // namespace sluice
