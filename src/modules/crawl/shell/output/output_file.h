// SPDX-License-Identifier: Apache-2.0
// OutputFile: one file of the outputs that grows, with the mark that says how long it is.
#pragma once

#include "kernel/base/result.h"
#include "kernel/store/append_file.h"
#include "kernel/store/file_io.h"
#include "modules/crawl/shell/output/marks.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::crawl {

class OutputFile {
public:
    /// Makes it, or goes on with it as the mark says. Errors: corrupt (names file and lengths).
    static Result<OutputFile> open(const FileIo& files, const std::string& folder, FileMark mark);

    [[nodiscard]] const FileMark& mark() const { return mark_; }
    [[nodiscard]] const std::shared_ptr<AppendFile>& file() const { return file_; }
    Status append(std::span<const std::string_view> parts);

private:
    OutputFile(std::shared_ptr<AppendFile> file, FileMark mark)
        : file_(std::move(file)), mark_(std::move(mark)) {}

    std::shared_ptr<AppendFile> file_;
    FileMark mark_;
};

/// The file that a mark speaks of. Errors: corrupt (it is gone), denied, io.
Result<std::unique_ptr<AppendFile>> open_marked(const FileIo& files, const std::string& folder,
                                                const FileMark& mark);
/// Whether it ends as the mark says. `known` is an earlier mark that it was found to hold, or an
/// empty one; what that one's checksum covers is not read again, and it becomes this mark. Errors:
/// corrupt (names file and lengths), io.
Status check_end(const AppendFile& file, const FileMark& mark, FileMark& known);

/// "crawl-00007.warc.gz".
std::string warc_name(std::uint32_t part);
/// Its number. Errors: not_found (another name).
Result<std::uint32_t> warc_part(std::string_view name);

}  // namespace sluice::crawl
