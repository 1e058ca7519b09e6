// SPDX-License-Identifier: Apache-2.0
// DerivedFile: a file that is made from the others at the end. It gets its name once it is whole
// and durable; until then, and after an error, the one of before keeps it.
#pragma once

#include "kernel/base/result.h"
#include "kernel/store/append_file.h"
#include "kernel/store/file_io.h"

#include <memory>
#include <string>
#include <string_view>

namespace sluice::crawl {

class DerivedFile {
public:
    static Result<DerivedFile> open(const FileIo& files, const std::string& path);

    /// Collects 256 KiB before it writes. Errors: exhausted, io.
    Status put(std::string_view bytes);
    Status commit();

private:
    DerivedFile(const FileIo& files, std::string path, std::unique_ptr<AppendFile> draft)
        : files_(&files), path_(std::move(path)), draft_(std::move(draft)) {}

    const FileIo* files_;
    std::string path_;
    std::unique_ptr<AppendFile> draft_;
    std::string buffer_;
};

}  // namespace sluice::crawl
