// SPDX-License-Identifier: Apache-2.0
// The encodings of the web and their labels, after https://encoding.spec.whatwg.org/. Reading them
// is text_decoder.h, writing them (for queries of URLs) query_encoding.h. Which encoding a page is
// in is found out elsewhere (header values, html).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::crawl {

/// In the order of the standard; `replacement` is what reads as one U+FFFD and no more.
enum class Encoding : std::uint8_t {
    utf_8,
    ibm866,
    iso_8859_2,
    iso_8859_3,
    iso_8859_4,
    iso_8859_5,
    iso_8859_6,
    iso_8859_7,
    iso_8859_8,
    iso_8859_8_i,
    iso_8859_10,
    iso_8859_13,
    iso_8859_14,
    iso_8859_15,
    iso_8859_16,
    koi8_r,
    koi8_u,
    macintosh,
    windows_874,
    windows_1250,
    windows_1251,
    windows_1252,
    windows_1253,
    windows_1254,
    windows_1255,
    windows_1256,
    windows_1257,
    windows_1258,
    x_mac_cyrillic,
    gbk,
    gb18030,
    big5,
    euc_jp,
    iso_2022_jp,
    shift_jis,
    euc_kr,
    replacement,
    utf_16be,
    utf_16le,
    x_user_defined,
};

/// The encoding of a label ("latin1", " UTF8 "), by the 228 labels of the standard.
std::optional<Encoding> encoding_of_label(std::string_view label);
/// The name in the standard ("windows-1252").
std::string_view name_of(Encoding encoding);
/// The encoding that a byte order mark at the front of `bytes` tells, and the mark's length.
struct ByteOrderMark {
    Encoding encoding;
    std::size_t length;
};
std::optional<ByteOrderMark> find_byte_order_mark(std::string_view bytes);

}  // namespace sluice::crawl
