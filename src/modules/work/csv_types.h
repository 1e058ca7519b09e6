// SPDX-License-Identifier: Apache-2.0
// What the two halves of the csv types share. Private to this module.
#pragma once

#include "modules/work/table_input.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::work {

inline constexpr std::string_view csv_notes =
    "The file is read as UTF-8; gzip and zstd are decompressed, told by the content. A record may "
    "have 1 MiB and 10,000 fields. NUL bytes, text after a closing quote and quotes that are never "
    "closed fail the job for good, with the line. Columns are meant by their names, or as `#1`, "
    "`#2`, ….";

template <class T>
Status status_of(Result<T> result) {
    if (result) return {};
    return std::move(result).error();
}

Result<OutputFile> open_table(Task& task, const std::string& path);
/// Writes the text and empties it: if it is large, or in any case.
Status drain(std::string& text, OutputFile& output);
Status drain_all(std::string& text, OutputFile& output);

/// csv.aggregate, csv.join, csv.sort.
std::vector<sdk::JobType> csv_memory_types(const SharedServices& services);

}  // namespace sluice::work
