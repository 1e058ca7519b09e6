// SPDX-License-Identifier: Apache-2.0
// What kind of text a body is: its type where none was sent, and its encoding, by the order that
// the HTML standard has (13.2.3.2): byte order mark, header, what the text says of itself.
// Deviation: a page that says nothing is UTF-8 if it can be, else windows-1252.
#pragma once

#include "modules/crawl/core/http/header.h"
#include "modules/crawl/core/text/encoding.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// Bytes at the front of a body that tell its type.
inline constexpr std::size_t sniffed_bytes = 1445;

/// The type of a body that came without one: HTML, XML, plain text, or any bytes
/// (https://mimesniff.spec.whatwg.org/, 7.1, without the types that have no links).
std::string_view sniff_type(std::string_view body);
/// Whether a text that says to be XML is an HTML page ("<html" is its root).
bool has_html_root(std::string_view body);

/// Encodings that bytes are in, and how sure that is.
struct TextEncoding {
    Encoding encoding = Encoding::utf_8;
    bool certain = false;       ///< mark or header; else the page may say otherwise later
    std::size_t mark_size = 0;  ///< bytes of a byte order mark at the front
};
TextEncoding find_encoding(const MimeType& type, std::string_view body);

/// What is no UTF-8 becomes U+FFFD.
void make_utf8(std::string& text);
/// Whether bytes below 128 are ASCII in it, wherever they stand.
bool keeps_ascii(Encoding encoding);

}  // namespace sluice::crawl
