// SPDX-License-Identifier: Apache-2.0
// Texts from the web inside markup of ours: HTML and XML.
#pragma once

#include <string>
#include <string_view>

namespace sluice::crawl {

/// Appends `text` so that it is text and nothing else between tags and in quoted attributes, in
/// HTML and in XML 1.0: markup characters become references; what is no UTF-8 or no character of
/// XML (control characters, U+FFFE, U+FFFF) becomes U+FFFD.
void put_escaped(std::string& out, std::string_view text);
std::string escaped(std::string_view text);

}  // namespace sluice::crawl
