// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/cdx.h"

#include "kernel/base/bytes.h"
#include "modules/crawl/shell/output/output_file.h"

namespace sluice::crawl {
namespace {

constexpr std::size_t back_bytes = 17;  // NUL, part, offset

}  // namespace

Write cdx_write(const RenderedPage::CdxLine& line, std::uint32_t part, std::uint64_t base) {
    const std::uint64_t offset = base + line.offset;
    std::string key = cdx_letter + line.key;
    key += '\0';
    put_big_endian(key, part);
    put_big_endian(key, offset);
    std::string value = line.fields;
    value += R"(,"length":")" + std::to_string(line.length);
    value += R"(","offset":")" + std::to_string(offset);
    value += R"(","filename":")" + warc_name(part) + "\"}";
    return {std::move(key), std::move(value)};
}

Result<std::string_view> cdx_front(std::string_view key) {
    if (key.size() <= back_bytes + 1 || key[0] != cdx_letter ||
        key[key.size() - back_bytes] != '\0')
        return fail(Code::corrupt, "the crawl's record of a WARC record cannot be read");
    return key.substr(1, key.size() - 1 - back_bytes);
}

}  // namespace sluice::crawl
