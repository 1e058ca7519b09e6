// SPDX-License-Identifier: Apache-2.0
// ReplayCheck: whether the outputs hold what the log of the crawl's store says of them. After a
// power cut the log may be ahead of the outputs, for the kernel writes files in any order; what is
// ahead is then never replayed, and the crawl goes on from where both agree
// (docs/adr/0032-log-ahead-of-the-outputs.md).
#pragma once

#include "kernel/base/result.h"
#include "kernel/store/file_io.h"
#include "modules/crawl/shell/output/marks.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::crawl {

class ReplayCheck {
public:
    /// Errors: denied (an output of the crawl in `folder` may not be read), io. A folder or files
    /// that are not there are none.
    static Result<std::shared_ptr<ReplayCheck>> open(const FileIo& files, std::string folder);

    /// False: the record is a mark of bytes that are not in their file, or cannot be read. Each
    /// byte is read once if marks come in the order in which they were written.
    bool may_replay(std::string_view key, std::string_view value);
    /// The replay is over. Gives what was not there, for people; empty: all was.
    std::string end();

private:
    struct Checked {
        std::unique_ptr<AppendFile> file;
        FileMark known;  ///< the last one that was found in it
    };

    ReplayCheck(FileIo files, std::string folder)
        : files_(std::move(files)), folder_(std::move(folder)) {}
    Status check(const FileMark& mark);

    const FileIo files_;
    const std::string folder_;
    std::map<std::string, Checked> checked_;
    std::string missing_;
};

}  // namespace sluice::crawl
