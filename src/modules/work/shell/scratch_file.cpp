// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/scratch_file.h"

#include "modules/work/shell/beneath.h"

#include <unistd.h>

#include <cerrno>
#include <string>

namespace sluice::work {

Status ScratchFile::append(std::string_view bytes) {
    if (bytes.size() > budget_->left) {
        return fail(Code::exhausted, "what is written aside is more than the limit of " +
                                         std::to_string(budget_->limit) + " bytes");
    }
    while (!bytes.empty()) {
        const ssize_t count =
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            const bool full = errno == ENOSPC || errno == EDQUOT;
            return fail(full ? Code::exhausted : Code::io, "writing aside failed: " + said(errno));
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
        size_ += static_cast<std::uint64_t>(count);
        budget_->left -= static_cast<std::uint64_t>(count);
    }
    return {};
}

Status ScratchFile::read(std::uint64_t offset, std::span<char> into) {
    while (!into.empty()) {
        const ssize_t count =
            ::pread(fd_.get(), into.data(), into.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail(Code::io, "reading back failed: " + said(errno));
        if (count == 0) return fail(Code::corrupt, "what was written aside is not all there");
        into = into.subspan(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return {};
}

}  // namespace sluice::work
