// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/core/text/encoding_data.h"

#include "kernel/base/ascii.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>
#include <string_view>

namespace sluice::crawl {

namespace {

struct EncodingLabel {
    std::string_view label;
    Encoding encoding;
};
// clang-format off
#include "modules/crawl/core/text/encoding_index.inc"
#include "modules/crawl/core/text/encoding_table.inc"
// clang-format on

constexpr std::array<std::string_view, 40> names = {
    "UTF-8",        "IBM866",       "ISO-8859-2",   "ISO-8859-3",     "ISO-8859-4",
    "ISO-8859-5",   "ISO-8859-6",   "ISO-8859-7",   "ISO-8859-8",     "ISO-8859-8-I",
    "ISO-8859-10",  "ISO-8859-13",  "ISO-8859-14",  "ISO-8859-15",    "ISO-8859-16",
    "KOI8-R",       "KOI8-U",       "macintosh",    "windows-874",    "windows-1250",
    "windows-1251", "windows-1252", "windows-1253", "windows-1254",   "windows-1255",
    "windows-1256", "windows-1257", "windows-1258", "x-mac-cyrillic", "GBK",
    "gb18030",      "Big5",         "EUC-JP",       "ISO-2022-JP",    "Shift_JIS",
    "EUC-KR",       "replacement",  "UTF-16BE",     "UTF-16LE",       "x-user-defined"};

template <class Table>
std::uint32_t at(const Table& table, std::size_t pointer) {
    return pointer < std::size(table) ? table[pointer] : 0;
}

template <class Table>
std::optional<std::size_t> find(const Table& table, std::uint32_t character, std::size_t from) {
    const auto begin = std::begin(table) + static_cast<std::ptrdiff_t>(from);
    const auto found = std::find(begin, std::end(table), character);
    if (found == std::end(table)) return std::nullopt;
    return static_cast<std::size_t>(found - std::begin(table));
}

}  // namespace

std::optional<Encoding> encoding_of_label(std::string_view label) {
    const std::string wanted = ascii_lowered(trim_ascii(label));
    const auto found = std::lower_bound(
        std::begin(encoding_labels), std::end(encoding_labels), wanted,
        [](const EncodingLabel& entry, std::string_view text) { return entry.label < text; });
    if (found == std::end(encoding_labels) || found->label != wanted) return std::nullopt;
    return found->encoding;
}

std::string_view name_of(Encoding encoding) { return names[static_cast<std::size_t>(encoding)]; }

std::optional<ByteOrderMark> find_byte_order_mark(std::string_view bytes) {
    if (bytes.starts_with("\xEF\xBB\xBF")) return ByteOrderMark{Encoding::utf_8, 3};
    if (bytes.starts_with("\xFE\xFF")) return ByteOrderMark{Encoding::utf_16be, 2};
    if (bytes.starts_with("\xFF\xFE")) return ByteOrderMark{Encoding::utf_16le, 2};
    return std::nullopt;
}

namespace encoding_data {

std::uint32_t character_at(Index index, std::size_t pointer) {
    switch (index) {
        case Index::big5: return at(big5_index, pointer);
        case Index::euc_kr: return at(euc_kr_index, pointer);
        case Index::gb18030: return at(gb18030_index, pointer);
        case Index::jis0208: return at(jis0208_index, pointer);
        case Index::jis0212: return at(jis0212_index, pointer);
    }
    return 0;
}

std::optional<std::size_t> pointer_of(Index index, std::uint32_t character, std::size_t from) {
    switch (index) {
        case Index::big5: return find(big5_index, character, from);
        case Index::euc_kr: return find(euc_kr_index, character, from);
        case Index::gb18030: return find(gb18030_index, character, from);
        case Index::jis0208: return find(jis0208_index, character, from);
        case Index::jis0212: return find(jis0212_index, character, from);
    }
    return std::nullopt;
}

std::optional<std::size_t> last_pointer_of(Index index, std::uint32_t character) {
    std::optional<std::size_t> last;
    auto found = pointer_of(index, character);
    while (found) {
        last = found;
        found = pointer_of(index, character, *found + 1);
    }
    return last;
}

std::uint32_t gb18030_range_character(std::size_t pointer) {
    if ((pointer > 39'419 && pointer < 189'000) || pointer > 1'237'575) return 0;
    if (pointer == 7457) return 0xE7C7;
    const auto above = std::upper_bound(std::begin(gb18030_range_pointers),
                                        std::end(gb18030_range_pointers), pointer);
    const auto row = static_cast<std::size_t>(above - std::begin(gb18030_range_pointers)) - 1;
    return gb18030_range_characters[row] +
           static_cast<std::uint32_t>(pointer - gb18030_range_pointers[row]);
}

std::size_t gb18030_range_pointer(std::uint32_t character) {
    if (character == 0xE7C7) return 7457;
    const auto above = std::upper_bound(std::begin(gb18030_range_characters),
                                        std::end(gb18030_range_characters), character);
    if (above == std::begin(gb18030_range_characters)) return 0;
    const auto row = static_cast<std::size_t>(above - std::begin(gb18030_range_characters)) - 1;
    return gb18030_range_pointers[row] + (character - gb18030_range_characters[row]);
}

std::span<const std::uint16_t> upper_half(Encoding encoding) {
    const auto number = static_cast<std::size_t>(encoding);
    if (number < 1 || number > std::size(single_byte_tables)) return {};
    return single_byte_tables[number - 1];
}

}  // namespace encoding_data

}  // namespace sluice::crawl
