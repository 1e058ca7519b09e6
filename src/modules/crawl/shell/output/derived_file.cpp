// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/output/derived_file.h"

namespace sluice::crawl {
namespace {

constexpr std::size_t buffer_bytes = 256U << 10U;

}  // namespace

Result<DerivedFile> DerivedFile::open(const FileIo& files, const std::string& path) {
    SLUICE_TRY(auto draft, files.open_append(path + ".new"));
    SLUICE_TRY_STATUS(draft->cut(0));
    return DerivedFile(files, path, std::move(draft));
}

Status DerivedFile::put(std::string_view bytes) {
    buffer_ += bytes;
    if (buffer_.size() < buffer_bytes) return {};
    SLUICE_TRY_STATUS(draft_->append(buffer_));
    buffer_.clear();
    return {};
}

Status DerivedFile::commit() {
    SLUICE_TRY_STATUS(draft_->append(buffer_));
    buffer_.clear();
    SLUICE_TRY_STATUS(draft_->sync());
    return files_->rename_durably(path_ + ".new", path_);
}

}  // namespace sluice::crawl
