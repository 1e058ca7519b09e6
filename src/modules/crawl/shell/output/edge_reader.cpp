// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/edge_reader.h"

#include "modules/crawl/shell/output/page_line.h"

#include <array>

namespace sluice::crawl {
namespace {

constexpr Bytes line_max = mib(64);
constexpr std::size_t fields = 4;

Result<std::unique_ptr<LineReader>> open_lines(const FileIo& files, const std::string& path) {
    if (!files.exists(path)) return std::unique_ptr<LineReader>();
    return files.open_lines(path, line_max);
}

/// Takes one field off the front of `line`; quoted ones are unquoted into `memory`.
std::string_view take_field(std::string_view& line, std::string& memory) {
    if (!line.starts_with('"')) {
        const std::size_t end = std::min(line.find(','), line.size());
        const std::string_view field = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
        return field;
    }
    memory.clear();
    std::size_t at = 1;
    for (; at < line.size(); ++at) {
        if (line[at] == '"') {
            if (at + 1 >= line.size() || line[at + 1] != '"') break;
            ++at;
        }
        memory += line[at];
    }
    line.remove_prefix(std::min(at + 2, line.size()));
    return memory;
}

}  // namespace

Status each_edge(const FileIo& files, const std::string& path,
                 const std::function<Status(const Edge&)>& visit) {
    SLUICE_TRY(const auto reader, open_lines(files, path));
    if (!reader) return {};
    std::array<std::string, fields> memory;
    for (bool first = true;; first = false) {
        SLUICE_TRY(const auto line, reader->next());
        if (!line) return {};
        if (first) continue;  // the header
        std::string_view rest = *line;
        std::array<std::string_view, fields> field;
        for (std::size_t i = 0; i < fields; ++i) field[i] = take_field(rest, memory[i]);
        if (field[2].empty() || (field[3] != "0" && field[3] != "1"))
            return fail(Code::corrupt, path + " has a line that is no edge");
        SLUICE_TRY_STATUS(visit({field[0], field[1], field[2], field[3] == "1"}));
    }
}

Status each_page(const FileIo& files, const std::string& path,
                 const std::function<Status(const JsonView&)>& visit) {
    SLUICE_TRY(const auto reader, open_lines(files, path));
    if (!reader) return {};
    JsonParser parser;
    for (;;) {
        SLUICE_TRY(const auto line, reader->next());
        if (!line) return {};
        const auto page = parser.parse(*line);
        if (!page || !page->is_object())
            return fail(Code::corrupt, path + " has a line that is no page");
        SLUICE_TRY_STATUS(visit(*page));
    }
}

std::string_view text_of(const JsonView& page, std::string_view name) {
    const auto found = page.find(name);
    return found ? found->as_string().value_or(std::string_view()) : std::string_view();
}

std::uint64_t count_of(const JsonView& page, std::string_view name) {
    const auto found = page.find(name);
    return found ? found->as_uint().value_or(0U) : 0U;
}

double number_of(const JsonView& page, std::string_view name) {
    const auto found = page.find(name);
    return found ? found->as_double().value_or(0.0) : 0.0;
}

}  // namespace sluice::crawl
