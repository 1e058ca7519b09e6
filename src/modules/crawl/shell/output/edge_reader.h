// SPDX-License-Identifier: Apache-2.0
// Reading edges.csv and pages.jsonl back, line by line.
#pragma once

#include "kernel/base/result.h"
#include "kernel/store/file_io.h"
#include "kernel/wire/json_reader.h"

#include <functional>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// A line of edges.csv; views are valid during the call.
struct Edge {
    std::string_view from, to, kind;
    bool nofollow = false;
};

/// Every edge in the order of the file, which may be missing (none). Errors: corrupt (a line that
/// we did not write), io, or what `visit` says.
Status each_edge(const FileIo& files, const std::string& path,
                 const std::function<Status(const Edge&)>& visit);

/// Every object of pages.jsonl in the same way.
Status each_page(const FileIo& files, const std::string& path,
                 const std::function<Status(const JsonView&)>& visit);

/// Members of a page's object: empty or 0 where there is none.
std::string_view text_of(const JsonView& page, std::string_view name);
std::uint64_t count_of(const JsonView& page, std::string_view name);
double number_of(const JsonView& page, std::string_view name);

}  // namespace sluice::crawl
