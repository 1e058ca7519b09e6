// SPDX-License-Identifier: Apache-2.0
#include "kernel/store/append_file.h"

#include "kernel/store/file_io.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

namespace sluice {
namespace {

/// Parts given to the system at once; IOV_MAX of Linux is 1024.
constexpr std::size_t parts_at_once = 512;

}  // namespace

AppendFile::~AppendFile() { ::close(fd_); }

Status AppendFile::cut(std::uint64_t length) {
    if (broken_) return errno_error(EIO, "write", path_);
    if (length > size_) {
        return fail(Code::corrupt, path_ + " has " + std::to_string(size_) + " bytes, not " +
                                       std::to_string(length) + " or more");
    }
    if (length == size_) return {};
    if (const auto v = verdict(FileOp::write); v.error != 0)
        return errno_error(v.error, "cut", path_);
    if (::ftruncate(fd_, static_cast<off_t>(length)) != 0) return errno_error(errno, "cut", path_);
    size_ = length;
    return {};
}

int AppendFile::write_parts(std::span<const std::string_view> parts) {
    std::array<iovec, parts_at_once> vectors;
    std::uint64_t at = size_;
    std::size_t skip = 0;  // bytes of the first part that are written already
    while (!parts.empty()) {
        const std::size_t count = std::min(parts.size(), vectors.size());
        for (std::size_t i = 0; i < count; ++i) {
            const std::string_view rest = parts[i].substr(i == 0 ? skip : 0);
            // writev reads only.
            vectors[i] = {const_cast<char*>(rest.data()), rest.size()};  // NOLINT
        }
        const ssize_t n =
            ::pwritev(fd_, vectors.data(), static_cast<int>(count), static_cast<off_t>(at));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno;
        at += static_cast<std::uint64_t>(n);
        auto left = static_cast<std::size_t>(n) + skip;
        std::size_t done = 0;
        while (done < count && left >= parts[done].size()) left -= parts[done++].size();
        // Nothing was taken, and nothing said why: the disk is full.
        if (n == 0 && done == 0) return ENOSPC;
        parts = parts.subspan(done);
        skip = left;
    }
    size_ = at;
    return 0;
}

Status AppendFile::append(std::span<const std::string_view> parts) {
    if (broken_) return errno_error(EIO, "write", path_);
    const auto v = verdict(FileOp::write);
    int error = v.error;
    if (error == 0) {
        error = write_parts(parts);
    } else if (v.torn && !parts.empty()) {
        (void)!::pwrite(fd_, parts[0].data(), (parts[0].size() + 1) / 2, static_cast<off_t>(size_));
    }
    if (error == 0) return {};
    // A plan that cuts the power keeps us from tidying up, as it would be.
    const bool may_cut = verdict(FileOp::write).error == 0;
    broken_ = !may_cut || ::ftruncate(fd_, static_cast<off_t>(size_)) != 0;
    return errno_error(error, "write", path_);
}

Result<std::string> AppendFile::read(std::uint64_t offset, std::size_t length) const {
    if (const auto v = verdict(FileOp::read); v.error != 0)
        return errno_error(v.error, "read", path_);
    std::string out(length, '\0');
    std::size_t done = 0;
    while (done < length) {
        const ssize_t n =
            ::pread(fd_, out.data() + done, length - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno_error(errno, "read", path_);
        if (n == 0) {
            return fail(Code::corrupt,
                        path_ + " ends before byte " + std::to_string(offset + length));
        }
        done += static_cast<std::size_t>(n);
    }
    return out;
}

Status AppendFile::sync() {
    if (unsynced_.load(std::memory_order_relaxed)) return errno_error(EIO, "sync", path_);
    int error = verdict(FileOp::sync).error;
    struct stat before{};
    if (faults_ && error == 0 && ::fstat(fd_, &before) != 0) error = errno;
    if (error == 0 && ::fdatasync(fd_) != 0) error = errno;
    if (faults_ && error == 0)
        faults_->note_synced(path_, static_cast<std::uint64_t>(before.st_size));
    if (error == 0) return {};
    unsynced_.store(true, std::memory_order_relaxed);
    return errno_error(error, "sync", path_);
}

}  // namespace sluice
