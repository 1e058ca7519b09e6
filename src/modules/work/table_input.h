// SPDX-License-Identifier: Apache-2.0
// Reading data files for the csv, log and report types: gzip and zstd are decompressed on the way,
// a byte order mark is left out, records are given one by one. Private to this module.
#pragma once

#include "modules/work/core/csv/csv_columns.h"
#include "modules/work/core/csv/run_store.h"
#include "modules/work/task.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::work {

/// What part of a job's progress reading the file is.
struct ProgressPart {
    int from = 0;
    int to = 100;
};

/// Bytes read, before and after decompression.
struct TextRead {
    std::uint64_t bytes = 0;
    std::uint64_t text_bytes = 0;
};

/// Gives the whole text to `take` in pieces, until it answers false. Decompressed text is held to
/// the limit of input files, too. Errors: those of opening and reading, corrupt (compressed data),
/// exhausted, and those of `take`.
Result<TextRead> read_text(Task& task, const std::string& path, ProgressPart part,
                           const std::function<Result<bool>(std::string_view)>& take);

/// The records of a CSV file. `take(std::span<const CsvField>)` gives a Status, whose first error
/// ends the reading; `enough()` is asked after each piece. Errors: as read_text, and those of
/// CsvParser.
template <class Take, class Enough>
Result<TextRead> read_table(Task& task, const std::string& path, char delimiter, ProgressPart part,
                            Take&& take, Enough&& enough) {
    CsvParser parser(delimiter);
    Status status;
    const auto give = [&](std::span<const CsvField> record) {
        if (status) status = take(record);
    };
    SLUICE_TRY(const TextRead read,
               read_text(task, path, part, [&](std::string_view bytes) -> Result<bool> {
                   SLUICE_TRY_STATUS(parser.feed(bytes, give));
                   SLUICE_TRY_STATUS(status);
                   return !enough();
               }));
    if (!enough()) {
        SLUICE_TRY_STATUS(parser.finish(give));
        SLUICE_TRY_STATUS(status);
    }
    return read;
}
template <class Take>
Result<TextRead> read_table(Task& task, const std::string& path, char delimiter, ProgressPart part,
                            Take&& take) {
    return read_table(task, path, delimiter, part, take, [] { return false; });
}

/// The arguments `header` and `delimiter`, and what was given for them.
std::vector<sdk::Argument> format_arguments();
CsvFormat read_format(const Arguments& arguments);

/// Files for what memory does not hold, within the worker's limit for one job.
MakeRunStore scratch_of(Task& task);

}  // namespace sluice::work
