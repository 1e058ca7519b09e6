// SPDX-License-Identifier: Apache-2.0
// FileIo: the one place that touches files (the database library aside). Whole files, atomic
// replacement, folders, locks, free space. Blocking; not for I/O threads. Paths are used as given.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/store/append_file.h"
#include "kernel/store/faults.h"
#include "kernel/store/line_reader.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// Room on the file system of a path, for users without special rights.
struct DiskSpace {
    Bytes total;
    Bytes free;
};

/// An exclusive lock on a file, held until destruction or the end of the process, however it ends.
class FileLock {
public:
    FileLock() = default;
    FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileLock& operator=(FileLock&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;
    ~FileLock();

private:
    friend class FileIo;
    explicit FileLock(int fd) : fd_(fd) {}
    int fd_ = -1;
};

/// Any thread may use an instance. Errors of every call: not_found, exists, denied (rights or a
/// read-only file system), exhausted (disk full), io; the message names the path.
class FileIo {
public:
    FileIo() = default;
    /// For tests: `faults` decides which operation fails.
    explicit FileIo(std::shared_ptr<FaultInjector> faults) : faults_(std::move(faults)) {}

    [[nodiscard]] bool exists(const std::string& path) const;
    /// The whole file; more than `size_max` is an error (exhausted).
    [[nodiscard]] Result<std::string> read_file(const std::string& path, Bytes size_max) const;
    /// After a crash at any moment the file is the old one or the new one, whole; once this
    /// returned, the new one. Mode 0600.
    [[nodiscard]] Status replace_file(const std::string& path, std::string_view contents) const;
    /// A file that grows; made (0600) when missing.
    [[nodiscard]] Result<std::unique_ptr<AppendFile>> open_append(const std::string& path) const;
    /// A text file; a line longer than `line_max` is an error (exhausted).
    [[nodiscard]] Result<std::unique_ptr<LineReader>> open_lines(const std::string& path,
                                                                 Bytes line_max) const;
    /// A new file of `size` bytes that really occupy the disk, or nothing.
    [[nodiscard]] Status preallocate_file(const std::string& path, Bytes size) const;
    /// Durable copy to a new file; an existing target is an error (exists).
    [[nodiscard]] Status copy_file(const std::string& source, const std::string& target) const;
    /// No error when there is none.
    [[nodiscard]] Status remove_file(const std::string& path) const;
    /// Renames, then syncs the folder of `target`.
    [[nodiscard]] Status rename_durably(const std::string& source, const std::string& target) const;
    /// With all parents, mode 0700 for those it makes.
    [[nodiscard]] Status make_folders(const std::string& path) const;
    /// Makes entries of the folder durable.
    [[nodiscard]] Status sync_folder(const std::string& path) const;
    /// Names in the folder, sorted, without "." and "..".
    [[nodiscard]] Result<std::vector<std::string>> list_folder(const std::string& path) const;
    /// The folder and everything in it; no error when there is none.
    [[nodiscard]] Status remove_folder(const std::string& path) const;
    [[nodiscard]] Result<Bytes> file_size(const std::string& path) const;
    [[nodiscard]] Result<DiskSpace> disk_space(const std::string& path) const;
    /// Locks the file (made when missing) and writes our process id into it. Errors: busy (says
    /// which process holds it).
    [[nodiscard]] Result<FileLock> lock_file(const std::string& path) const;

private:
    [[nodiscard]] FaultInjector::Verdict verdict(FileOp op) const {
        return faults_ ? faults_->check(op) : FaultInjector::Verdict{};
    }
    [[nodiscard]] Status write_all(int fd, std::string_view bytes, const std::string& path) const;
    [[nodiscard]] Status sync_fd(int fd, const std::string& path) const;

    std::shared_ptr<FaultInjector> faults_;
};

/// "a/b/c" → "a/b"; "c" → ".".
std::string folder_of(const std::string& path);

/// What `errno` was, as an Error that names `what` and `path`.
Error errno_error(int number, std::string_view what, const std::string& path);

}  // namespace sluice
