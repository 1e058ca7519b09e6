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

Result<std::unique_ptr<AppendFile>> open_marked(const FileIo& files, const std::string& folder,
                                                const FileMark& mark) {
    const std::string path = folder + "/" + mark.name;
    if (mark.length > 0 && !files.exists(path)) {
        return fail(Code::corrupt, path + " is gone; the crawl has recorded " +
                                       std::to_string(mark.length) + " bytes of it");
    }
    return files.open_append(path);
}

Status check_end(const AppendFile& file, const FileMark& mark, FileMark& known) {
    const std::string& path = file.path();
    if (file.size() < mark.length) {
        return fail(Code::corrupt, path + " has " + std::to_string(file.size()) +
                                       " bytes, but the crawl has recorded " +
                                       std::to_string(mark.length) +
                                       ": its end was lost (a power cut, or somebody changed it)");
    }
    if (known.tail_begin != mark.tail_begin || known.length > mark.length)
        known = {mark.name, mark.tail_begin, mark.tail_begin, 0};
    while (known.length < mark.length) {
        const auto step = std::min<std::uint64_t>(step_bytes, mark.length - known.length);
        SLUICE_TRY(const std::string bytes,
                   file.read(known.length, static_cast<std::size_t>(step)));
        known.tail_crc = crc32_of(known.tail_crc, bytes);
        known.length += step;
    }
    if (known.tail_crc == mark.tail_crc) return {};
    return fail(Code::corrupt, path + " does not end at byte " + std::to_string(mark.length) +
                                   " as the crawl has recorded: bytes from " +
                                   std::to_string(mark.tail_begin) + " on were changed or lost");
}

Result<OutputFile> OutputFile::open(const FileIo& files, const std::string& folder, FileMark mark) {
    SLUICE_TRY(auto file, open_marked(files, folder, mark));
    FileMark known;
    SLUICE_TRY_STATUS(check_end(*file, mark, known));
    SLUICE_TRY_STATUS(file->cut(mark.length));
    return OutputFile(std::move(file), std::move(mark));
}

Status OutputFile::append(std::span<const std::string_view> parts) {
    SLUICE_TRY_STATUS(file_->append(parts));
    mark_.grow(parts);
    return {};
}

}  // namespace sluice::crawl
