// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/marks.h"

#include "kernel/base/bytes.h"
#include "modules/crawl/shell/output/outputs.h"

#include <zlib.h>

namespace sluice::crawl {
namespace {

constexpr std::uint64_t marks_version = 1;
/// Once the end under the checksum is longer, it begins anew with the next append.
constexpr std::uint64_t tail_bytes = 64U << 10U;

}  // namespace

std::uint32_t crc32_of(std::uint32_t crc, std::string_view bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));  // NOLINT
}

void FileMark::grow(std::span<const std::string_view> parts) {
    if (length - tail_begin > tail_bytes) {
        tail_begin = length;
        tail_crc = 0;
    }
    for (const std::string_view part : parts) {
        tail_crc = crc32_of(tail_crc, part);
        length += part.size();
    }
}

Write mark_write(const FileMark& mark) {
    std::string value;
    put_varint(value, marks_version);
    put_varint(value, mark.length);
    put_varint(value, mark.tail_begin);
    put_varint(value, mark.tail_crc);
    return {output_letter + mark.name, std::move(value)};
}

Result<FileMark> read_mark(const Write& write) {
    const auto corrupt = [] {
        return fail(Code::corrupt, "the crawl's record of an output file cannot be read");
    };
    if (!write.value || write.key.empty() || write.key[0] != output_letter) return corrupt();
    ByteReader in(*write.value);
    if (in.varint() != marks_version) return corrupt();
    FileMark mark;
    mark.name = write.key.substr(1);
    mark.length = in.varint();
    mark.tail_begin = in.varint();
    const std::uint64_t crc = in.varint();
    if (!in.ok() || !in.at_end() || mark.tail_begin > mark.length || crc > UINT32_MAX)
        return corrupt();
    mark.tail_crc = static_cast<std::uint32_t>(crc);
    return mark;
}

}  // namespace sluice::crawl
