// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/store/page_memory.h"

#include "kernel/base/bytes.h"

namespace sluice::crawl {
namespace {

constexpr std::uint64_t memory_version = 1;

}  // namespace

Write page_memory_write(std::string_view url, const PageMemory& memory) {
    std::string record;
    put_varint(record, memory_version);
    put_varint(record, memory.depth);
    put_varint(record, static_cast<std::uint64_t>(memory.kind));
    put_string(record, memory.etag.size() > validator_bytes_max ? "" : memory.etag);
    put_string(record,
               memory.last_modified.size() > validator_bytes_max ? "" : memory.last_modified);
    return {page_memory_letter + std::string(url), std::move(record)};
}

Result<PageMemory> read_page_memory(std::string_view record) {
    ByteReader in(record);
    const std::uint64_t found = in.varint();
    PageMemory memory;
    memory.depth = static_cast<std::uint32_t>(in.varint());
    const std::uint64_t kind = in.varint();
    memory.etag = in.string();
    memory.last_modified = in.string();
    if (found != memory_version || !in.ok() || !in.at_end() || kind > 1)
        return fail(Code::corrupt, "what the earlier crawl knew of a page cannot be read");
    memory.kind = static_cast<UrlKind>(kind);
    return memory;
}

}  // namespace sluice::crawl
