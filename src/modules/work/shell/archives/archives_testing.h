// SPDX-License-Identifier: Apache-2.0
// For tests only: archives made byte by byte, so that they may say what no honest program writes.
#pragma once

#include <support/deflated.h>
#include <zlib.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

struct TarItem {
    std::string name;
    char type =
        '0';  ///< '0' file, '1' hard link, '2' symbolic link, '3' device, '5' folder, '6' FIFO
    std::string content{};
    std::string target{};
    unsigned mode = 0644;
    /// What the header says, if not the truth.
    std::optional<std::uint64_t> claimed{};
};

inline std::string tar_of(const std::vector<TarItem>& items) {
    std::string out;
    for (const TarItem& item : items) {
        std::array<char, 512> header{};
        const auto put = [&header](std::size_t at, std::string_view text) {
            text.copy(header.data() + at, text.size());
        };
        const auto octal = [](std::uint64_t number, int digits) {
            std::array<char, 32> text{};
            std::snprintf(text.data(), text.size(), "%0*lo", digits,
                          static_cast<unsigned long>(number));
            return std::string(text.data());
        };
        put(0, item.name.substr(0, 100));
        put(100, octal(item.mode, 7));
        put(108, octal(0, 7));
        put(116, octal(0, 7));
        put(124, octal(item.claimed.value_or(item.content.size()), 11));
        put(136, octal(1'000'000'000, 11));
        put(148, "        ");
        header[156] = item.type;
        put(157, item.target.substr(0, 100));
        put(257, "ustar");
        put(263, "00");
        const unsigned sum = std::accumulate(
            header.begin(), header.end(), 0U,
            [](unsigned total, char c) { return total + static_cast<unsigned char>(c); });
        put(148, octal(sum, 6) + std::string("\0 ", 2));
        out.append(header.data(), header.size());
        out += item.content;
        out.append((512 - item.content.size() % 512) % 512, '\0');
    }
    return out + std::string(1024, '\0');
}

struct ZipItem {
    std::string name;
    std::string content{};
    bool deflate = false;
    /// Points at the bytes of the item of that number instead of bringing its own.
    std::optional<std::size_t> same_as{};
    std::uint16_t flags = 0;
};

inline std::string zip_of(const std::vector<ZipItem>& items) {
    struct Made {
        std::uint32_t offset, crc, packed, plain;
        std::uint16_t method;
    };
    std::vector<Made> made;
    std::string out;
    const auto put = [&out](std::uint64_t number, int bytes) {
        for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i) & 0xFF);
    };
    const auto put_common = [&put](const ZipItem& item, const Made& m) {
        put(20, 2), put(item.flags, 2), put(m.method, 2), put(0, 2), put(0x21, 2);
        put(m.crc, 4), put(m.packed, 4), put(m.plain, 4), put(item.name.size(), 2), put(0, 2);
    };
    for (const ZipItem& item : items) {
        if (item.same_as) {
            made.push_back(made[*item.same_as]);
            continue;
        }
        const std::string packed = item.deflate ? deflated(item.content, -15) : item.content;
        const Made m{
            static_cast<std::uint32_t>(out.size()),
            static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(item.content.data()),
                                             static_cast<uInt>(item.content.size()))),
            static_cast<std::uint32_t>(packed.size()),
            static_cast<std::uint32_t>(item.content.size()),
            static_cast<std::uint16_t>(item.deflate ? 8 : 0)};
        made.push_back(m);
        put(0x04034b50, 4);
        put_common(item, m);
        out += item.name + packed;
    }
    const std::size_t index = out.size();
    for (std::size_t i = 0; i < items.size(); ++i) {
        put(0x02014b50, 4), put(0x0314, 2);
        put_common(items[i], made[i]);
        put(0, 2), put(0, 2), put(0, 2), put(std::uint64_t{0100644} << 16, 4);
        put(made[i].offset, 4);
        out += items[i].name;
    }
    const std::size_t index_bytes = out.size() - index;
    put(0x06054b50, 4), put(0, 4), put(items.size(), 2), put(items.size(), 2);
    put(index_bytes, 4), put(index, 4), put(0, 2);
    return out;
}

}  // namespace sluice::work
