// SPDX-License-Identifier: Apache-2.0
// Files that jobs name, opened only below configured folders. The kernel keeps the promise
// (openat2 with RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS), not a comparison
// of texts: neither `..` nor a symbolic link, put there before or meanwhile, leads outside.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/net/owned_fd.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

class InputFolder;
class OutputFolder;
class WorkFolder;

/// What a file is beside its content.
struct FileAbout {
    WallTime changed{};
    /// Its owner may run it.
    bool executable = false;
};

/// A regular file being read from its beginning. One owner.
class InputFile {
public:
    InputFile(OwnedFd fd, std::uint64_t size) : fd_(std::move(fd)), size_(size) {}

    /// Bytes when it was opened.
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// Fills the buffer from where the last call ended; 0 at the end. Errors: io.
    Result<std::size_t> read(std::span<char> buffer);
    /// Fills the buffer from a place of the file, and leaves read() where it is; 0 at the end.
    /// Errors: io.
    [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, std::span<char> buffer) const;
    /// Errors: io.
    [[nodiscard]] Result<FileAbout> about() const;

private:
    OwnedFd fd_;
    std::uint64_t size_;
};

/// A file being written aside; commit() puts it in its place at once and whole, replacing what was
/// there. Without commit() nothing of it remains. A process killed meanwhile leaves a file named
/// `.NAME.RANDOM.part`, which may be deleted. One owner.
class OutputFile {
public:
    ~OutputFile();
    OutputFile(OutputFile&& other) noexcept = default;
    OutputFile& operator=(OutputFile&&) = delete;
    OutputFile(const OutputFile&) = delete;
    OutputFile& operator=(const OutputFile&) = delete;

    /// Errors: exhausted (more than the limit, or the disk is full), io.
    Status write(std::string_view bytes);
    /// Synchronises the file, renames it, synchronises the folder. Errors: io.
    Status commit();
    /// The same, but what is there already stays. Errors: exists, io.
    Status commit_new();
    /// Gives it a file's time, and whether its owner may run it. Errors: io.
    Status set_about(const FileAbout& about);
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    friend Result<OutputFile> open_output_beneath(const OwnedFd& root, std::string_view path,
                                                  Bytes bytes_max);
    OutputFile() = default;
    Status put_in_place(unsigned flags);

    OwnedFd folder_;
    OwnedFd fd_;
    std::string name_;
    std::string aside_;  ///< Name while it is being written; empty once it is in place.
    std::uint64_t bytes_ = 0;
    Bytes bytes_max_;
};

/// Where a path leads that was opened for reading, and where outputs go. Safe to use from several
/// threads at once.
class RootedFiles {
public:
    /// Folders are configured by people and may themselves be links. An empty `write_root` means
    /// that nothing may be written. Errors: not_found, io.
    static Result<RootedFiles> open(const std::vector<std::string>& read_roots,
                                    const std::string& write_root);

    /// Opens a regular file; looks in the read roots in their order. Errors: invalid (no relative
    /// path), not_found, denied (leads outside, a link, not a regular file), exhausted (larger
    /// than the limit), io.
    [[nodiscard]] Result<InputFile> open_input(std::string_view path, Bytes bytes_max) const;
    /// Begins a file below the write root; makes missing folders. Errors: invalid, denied, io.
    [[nodiscard]] Result<OutputFile> open_output(std::string_view path, Bytes bytes_max) const;
    /// Opens a folder (input_folder.h); looks in the read roots in their order. Errors: invalid,
    /// not_found (also where a file is), denied, io.
    [[nodiscard]] Result<InputFolder> open_folder(std::string_view path) const;
    /// Begins a folder (output_folder.h) below the write root; makes missing folders above it.
    /// Errors: invalid, denied, io.
    [[nodiscard]] Result<OutputFolder> open_output_folder(std::string_view path) const;
    /// Opens a folder below the write root to be read and changed (work_folder.h); with `make`, it
    /// and missing folders above are made. Errors: invalid, not_found, denied, io.
    [[nodiscard]] Result<WorkFolder> open_work_folder(std::string_view path, bool make) const;

    /// Opens a file without a name below the write root, for reading and writing: nothing of it
    /// remains once it is closed. Errors: denied, io.
    [[nodiscard]] Result<OwnedFd> open_scratch() const;

private:
    [[nodiscard]] Status check_writes() const;

    std::vector<OwnedFd> read_roots_;
    OwnedFd write_root_;
};

/// A path that jobs may name: relative, no empty, `.` or `..` parts, at most 1,024 bytes. Errors:
/// invalid.
Status check_relative_path(std::string_view path);

/// As RootedFiles::open_input, below one folder. Private to this folder of the sources.
Result<InputFile> open_input_beneath(const OwnedFd& folder, std::string_view path, Bytes bytes_max);
/// As RootedFiles::open_output, below one folder. Private to this folder of the sources.
Result<OutputFile> open_output_beneath(const OwnedFd& root, std::string_view path, Bytes bytes_max);

}  // namespace sluice::work
