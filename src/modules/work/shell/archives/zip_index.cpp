// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/archives/zip_index.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

namespace {

constexpr std::string_view end_signature = "PK\x05\x06";
constexpr std::string_view end64_signature = "PK\x06\x06";
constexpr std::string_view locator_signature = "PK\x06\x07";
constexpr std::string_view entry_signature = "PK\x01\x02";
constexpr std::size_t end_bytes = 22;
constexpr std::size_t end64_bytes = 56;
constexpr std::size_t locator_bytes = 20;
constexpr std::size_t entry_bytes = 46;
constexpr std::size_t local_bytes = 30;
constexpr std::uint64_t in_zip64 = 0xFFFF'FFFF;

std::uint64_t little_endian(std::string_view bytes, std::size_t at, int count) {
    std::uint64_t number = 0;
    for (int i = count - 1; i >= 0; --i) {
        number = number << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
    }
    return number;
}

Error broken(std::string_view why) {
    return fail(Code::corrupt, "the archive is not sound: " + std::string(why));
}

Result<std::string> read_part(const InputFile& file, std::uint64_t offset, std::size_t size) {
    std::string bytes(size, '\0');
    std::size_t done = 0;
    while (done < size) {
        SLUICE_TRY(const std::size_t count,
                   file.read_at(offset + done, std::span(bytes).subspan(done)));
        if (count == 0) return broken("the zip file is shorter than its index says");
        done += count;
    }
    return bytes;
}

/// Bytes of the file: begin, and the first one behind.
struct Span {
    std::uint64_t begin;
    std::uint64_t end;
};

/// Where the index is, by the end record (4.3.16) or its larger form (4.3.14).
Result<Span> find_index(const InputFile& file) {
    const std::size_t tail_bytes = static_cast<std::size_t>(
        std::min<std::uint64_t>(file.size(), end_bytes + 0xFFFF + locator_bytes));
    const std::uint64_t tail_begin = file.size() - tail_bytes;
    SLUICE_TRY(const std::string tail, read_part(file, tail_begin, tail_bytes));
    const std::size_t at = tail.rfind(end_signature);
    if (at == std::string::npos || at + end_bytes > tail.size()) {
        return broken("the zip file has no end record");
    }
    // Another reader might see another index; there must be one that all see.
    if (at + end_bytes + little_endian(tail, at + 20, 2) != tail.size()) {
        return broken("something stands behind the end of the zip file");
    }
    std::uint64_t size = little_endian(tail, at + 12, 4);
    std::uint64_t begin = little_endian(tail, at + 16, 4);
    std::uint64_t end = tail_begin + at;
    if (at >= locator_bytes &&
        std::string_view(tail).substr(at - locator_bytes).starts_with(locator_signature)) {
        end = little_endian(tail, at - locator_bytes + 8, 8);
        if (end > file.size() || file.size() - end < end64_bytes) {
            return broken("the zip64 end record lies outside of the file");
        }
        SLUICE_TRY(const std::string record, read_part(file, end, end64_bytes));
        if (!record.starts_with(end64_signature)) return broken("the zip64 end record is missing");
        size = little_endian(record, 40, 8);
        begin = little_endian(record, 48, 8);
    }
    if (begin > end || size != end - begin) {
        return broken("the index of the zip file is not where its end record says");
    }
    return Span{begin, end};
}

/// The number that a zip64 extra field (4.5.3) has in place of one that is too small.
std::uint64_t wide(std::string_view extra, std::uint64_t narrow, std::size_t wider_before) {
    if (narrow != in_zip64) return narrow;
    while (extra.size() >= 4) {
        const std::size_t size = static_cast<std::size_t>(little_endian(extra, 2, 2));
        if (size > extra.size() - 4) break;
        const std::size_t at = 4 + 8 * wider_before;
        if (little_endian(extra, 0, 2) == 1 && at + 8 <= 4 + size) {
            return little_endian(extra, at, 8);
        }
        extra.remove_prefix(4 + size);
    }
    return narrow;
}

Result<std::vector<Span>> spans_of(std::string_view index, std::uint64_t index_begin) {
    std::vector<Span> spans;
    while (!index.empty()) {
        if (index.size() < entry_bytes || !index.starts_with(entry_signature)) {
            return broken("the index of the zip file is damaged");
        }
        const std::size_t name = static_cast<std::size_t>(little_endian(index, 28, 2));
        const std::size_t extra = static_cast<std::size_t>(little_endian(index, 30, 2));
        const std::size_t comment = static_cast<std::size_t>(little_endian(index, 32, 2));
        const std::size_t whole = entry_bytes + name + extra + comment;
        if (whole > index.size()) return broken("the index of the zip file is cut off");
        const std::string_view extras = index.substr(entry_bytes + name, extra);
        const std::uint64_t plain = little_endian(index, 24, 4);
        const std::uint64_t packed = little_endian(index, 20, 4);
        const std::size_t plain_wide = plain == in_zip64 ? 1 : 0;
        const std::size_t packed_wide = packed == in_zip64 ? 1 : 0;
        const std::uint64_t begin =
            wide(extras, little_endian(index, 42, 4), plain_wide + packed_wide);
        const std::uint64_t bytes = wide(extras, packed, plain_wide);
        if (begin > index_begin || bytes > index_begin - begin) {
            return broken("an entry of the zip file lies outside of it");
        }
        spans.push_back({begin, begin + local_bytes + name + bytes});
        index.remove_prefix(whole);
    }
    return spans;
}

}  // namespace

Status check_zip_index(const InputFile& file, Bytes index_max) {
    SLUICE_TRY(const Span where, find_index(file));
    const std::uint64_t size = where.end - where.begin;
    if (size > index_max.count) {
        return fail(Code::exhausted, "the archive's index is larger than the limit of " +
                                         std::to_string(index_max.count) + " bytes");
    }
    SLUICE_TRY(const std::string index,
               read_part(file, where.begin, static_cast<std::size_t>(size)));
    SLUICE_TRY(auto spans, spans_of(index, where.begin));
    std::sort(spans.begin(), spans.end(),
              [](const Span& a, const Span& b) { return a.begin < b.begin; });
    for (std::size_t i = 1; i < spans.size(); ++i) {
        if (spans[i].begin < spans[i - 1].end) {
            return fail(Code::invalid,
                        "entries of the zip file overlap: this looks like a decompression bomb");
        }
    }
    if (!spans.empty() && spans.back().end > where.begin) {
        return broken("an entry of the zip file overlaps its index");
    }
    return {};
}

}  // namespace sluice::work
