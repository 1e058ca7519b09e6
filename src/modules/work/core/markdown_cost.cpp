// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/markdown_cost.h"

#include <algorithm>
#include <string>

namespace sluice::work {

namespace {

bool is_space(char c) { return c == ' ' || c == '\t'; }

/// The bytes of a quote's or list item's mark at the beginning; 0: there is none.
std::size_t mark_bytes(std::string_view line) {
    if (line.empty()) return 0;
    if (line.front() == '>') return 1;
    std::size_t size = 1;
    if (line.front() >= '0' && line.front() <= '9') {
        size = std::min(line.find_first_not_of("0123456789"), line.size());
        if (size == line.size() || (line[size] != '.' && line[size] != ')')) return 0;
        ++size;
    } else if (line.front() != '-' && line.front() != '+' && line.front() != '*') {
        return 0;
    }
    return size == line.size() || is_space(line[size]) ? size : 0;
}

/// How many such marks the line begins with.
std::size_t depth_of(std::string_view line) {
    for (std::size_t depth = 0;; ++depth) {
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        const std::size_t mark = mark_bytes(line);
        if (mark == 0) return depth;
        line.remove_prefix(mark);
    }
}

/// Columns of the table whose line of dashes this may be; 0: it is none.
std::size_t columns_of(std::string_view line) {
    const bool is_dashes =
        line.find('-') != std::string_view::npos &&
        line.find_first_not_of("|:- \t>*+.)0123456789") == std::string_view::npos;
    const auto bars = static_cast<std::size_t>(std::count(line.begin(), line.end(), '|'));
    return is_dashes && bars > 0 ? bars + 1 : 0;
}

std::uint64_t count_of(std::string_view text, std::string_view part) {
    std::uint64_t count = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos;
         at = text.find(part, at + part.size())) {
        ++count;
    }
    return count;
}

}  // namespace

std::uint64_t bare_link_steps(std::string_view text) {
    std::uint64_t steps = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(" \t\r\n"), text.size());
        const std::string_view piece = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        // An entity may stand for an "@".
        std::uint64_t places = count_of(piece, "@") + count_of(piece, "&");
        const std::uint64_t links = count_of(piece, "www.") + count_of(piece, "://");
        if (links > 0) places += links + count_of(piece, ")");
        steps += places * piece.size();
    }
    return steps;
}

Status check_markdown_cost(std::string_view text, bool tables, const MarkdownCosts& costs) {
    std::size_t cells = 0;
    std::size_t columns = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (depth_of(line) > costs.depth_max) {
            return fail(Code::exhausted, "a line begins more than " +
                                             std::to_string(costs.depth_max) +
                                             " quotes and lists within each other");
        }
        if (!tables) continue;
        // A table ends with an empty line; one may stand in another's rows, so the widest counts.
        const bool is_empty = line.find_first_not_of(" \t>") == std::string_view::npos;
        columns = is_empty ? 0 : std::max(columns, columns_of(line));
        cells += columns;
        if (cells > costs.cells_max) {
            return fail(Code::exhausted,
                        "the tables have more than " + std::to_string(costs.cells_max) + " cells");
        }
    }
    return {};
}

}  // namespace sluice::work
