// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/output_file.h"

#include "kernel/base/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::crawl {
namespace {

constexpr std::size_t step_bytes = 256U << 10U;
constexpr std::string_view warc_front = "crawl-", warc_back = ".warc.gz";

}  // namespace

std::string warc_name(std::uint32_t part) {
    return fmt::format("{}{:05}{}", warc_front, part, warc_back);
}

Result<std::uint32_t> warc_part(std::string_view name) {
    const auto other = [&] {
        return fail(Code::not_found, std::string(name) + " is no WARC file");
    };
    if (!name.starts_with(warc_front) || !name.ends_with(warc_back)) return other();
    if (name.size() < warc_front.size() + warc_back.size() + 5) return other();
    name.remove_prefix(warc_front.size());
    name.remove_suffix(warc_back.size());
    const auto number = parse_int(name);
    if (!number || *number < 0 || *number > INT32_MAX) return other();
    return static_cast<std::uint32_t>(*number);
}

Result<OutputFile> OutputFile::open(const FileIo& files, const std::string& folder, FileMark mark) {
    const std::string path = folder + "/" + mark.name;
    if (mark.length > 0 && !files.exists(path)) {
        return fail(Code::corrupt, path + " is gone; the crawl has recorded " +
                                       std::to_string(mark.length) + " bytes of it");
    }
    SLUICE_TRY(auto file, files.open_append(path));
    OutputFile out(std::move(file), std::move(mark));
    SLUICE_TRY_STATUS(out.verify());
    SLUICE_TRY_STATUS(out.file_->cut(out.mark_.length));
    return out;
}

Status OutputFile::verify() const {
    const std::string& path = file_->path();
    if (file_->size() < mark_.length) {
        return fail(Code::corrupt, path + " has " + std::to_string(file_->size()) +
                                       " bytes, but the crawl has recorded " +
                                       std::to_string(mark_.length) +
                                       ": its end was lost (a power cut, or somebody changed it)");
    }
    std::uint32_t crc = 0;
    for (std::uint64_t at = mark_.tail_begin; at < mark_.length;) {
        const auto step = std::min<std::uint64_t>(step_bytes, mark_.length - at);
        SLUICE_TRY(const std::string bytes, file_->read(at, static_cast<std::size_t>(step)));
        crc = crc32_of(crc, bytes);
        at += step;
    }
    if (crc == mark_.tail_crc) return {};
    return fail(Code::corrupt, path + " does not end at byte " + std::to_string(mark_.length) +
                                   " as the crawl has recorded: bytes from " +
                                   std::to_string(mark_.tail_begin) + " on were changed or lost");
}

Status OutputFile::append(std::span<const std::string_view> parts) {
    SLUICE_TRY_STATUS(file_->append(parts));
    mark_.grow(parts);
    return {};
}

}  // namespace sluice::crawl
