// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/rooted_files.h"

#include "kernel/base/text.h"
#include "modules/work/shell/beneath.h"
#include "modules/work/shell/input_folder.h"
#include "modules/work/shell/output_folder.h"
#include "modules/work/shell/work_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace sluice::work {

namespace {

constexpr std::size_t path_bytes_max = 1024;

Result<OwnedFd> open_root(const std::string& path) {
    OwnedFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (fd) return fd;
    const int error = errno;
    return fail(error == ENOENT ? Code::not_found : Code::io,
                "the folder \"" + path + "\" cannot be opened: " + said(error));
}

// O_NONBLOCK: opening a FIFO must not wait for its other end.
constexpr std::uint64_t input_flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;

Result<InputFile> regular_file(OwnedFd fd, std::string_view path, Bytes bytes_max) {
    struct stat about{};
    if (::fstat(fd.get(), &about) != 0) return open_error(errno, path);
    const std::string name = "\"" + std::string(path) + "\"";
    if (!S_ISREG(about.st_mode)) return fail(Code::denied, name + " is not a regular file");
    const auto size = static_cast<std::uint64_t>(about.st_size);
    if (size > bytes_max.count) {
        return fail(Code::exhausted, name + " is larger than the limit of " +
                                         std::to_string(bytes_max.count) + " bytes");
    }
    return InputFile(std::move(fd), size);
}

}  // namespace

Status check_relative_path(std::string_view path) {
    const std::string name = "\"" + std::string(truncate_utf8(path, 100)) + "\"";
    if (path.empty()) return fail(Code::invalid, "the path is empty");
    if (path.size() > path_bytes_max) {
        return fail(Code::invalid,
                    "the path is longer than " + std::to_string(path_bytes_max) + " bytes");
    }
    if (path.find('\0') != std::string_view::npos) {
        return fail(Code::invalid, "the path holds a NUL byte");
    }
    if (path.front() == '/') {
        return fail(Code::invalid,
                    name + " is absolute; paths are relative to the worker's folders");
    }
    for (const auto part : split(path, '/')) {
        if (part.empty() || part == "." || part == "..") {
            return fail(Code::invalid, name + " has an empty, `.` or `..` part");
        }
    }
    return {};
}

Result<std::size_t> InputFile::read(std::span<char> buffer) {
    for (;;) {
        const ssize_t count = ::read(fd_.get(), buffer.data(), buffer.size());
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) return fail(Code::io, "reading failed: " + said(errno));
    }
}

Result<std::size_t> InputFile::read_at(std::uint64_t offset, std::span<char> buffer) const {
    for (;;) {
        const ssize_t count =
            ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) return fail(Code::io, "reading failed: " + said(errno));
    }
}

Result<FileAbout> InputFile::about() const {
    struct stat about{};
    if (::fstat(fd_.get(), &about) != 0) return fail(Code::io, "reading failed: " + said(errno));
    return FileAbout{wall_from_ns(about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec),
                     (about.st_mode & S_IXUSR) != 0};
}

OutputFile::~OutputFile() {
    if (folder_ && !aside_.empty()) ::unlinkat(folder_.get(), aside_.c_str(), 0);
}

Status OutputFile::write(std::string_view bytes) {
    if (bytes.size() > bytes_max_.count - bytes_) {
        return fail(Code::exhausted, "the output is larger than the limit of " +
                                         std::to_string(bytes_max_.count) + " bytes");
    }
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            const bool full = errno == ENOSPC || errno == EDQUOT;
            return fail(full ? Code::exhausted : Code::io, "writing failed: " + said(errno));
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
        bytes_ += static_cast<std::uint64_t>(count);
    }
    return {};
}

Status OutputFile::put_in_place(unsigned flags) {
    if (::fsync(fd_.get()) != 0) return fail(Code::io, "synchronising failed: " + said(errno));
    if (::renameat2(folder_.get(), aside_.c_str(), folder_.get(), name_.c_str(), flags) != 0) {
        if (errno == EEXIST) return fail(Code::exists, "\"" + name_ + "\" is there already");
        return fail(Code::io, "the output cannot be put in its place: " + said(errno));
    }
    aside_.clear();
    if (::fsync(folder_.get()) != 0) {
        return fail(Code::io, "synchronising the folder failed: " + said(errno));
    }
    return {};
}

Status OutputFile::commit() { return put_in_place(0); }

Status OutputFile::commit_new() { return put_in_place(RENAME_NOREPLACE); }

Status OutputFile::set_about(const FileAbout& about) {
    const std::int64_t ns = to_ns(about.changed);
    std::int64_t seconds = ns / 1'000'000'000;
    std::int64_t rest = ns % 1'000'000'000;
    if (rest < 0) {
        rest += 1'000'000'000;
        --seconds;
    }
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT},
                               {.tv_sec = seconds, .tv_nsec = rest}};
    struct stat now{};
    if (::futimens(fd_.get(), times) != 0 || ::fstat(fd_.get(), &now) != 0) {
        return fail(Code::io, "the file's time cannot be set: " + said(errno));
    }
    // Runnable for those who may read it.
    const mode_t runnable = (now.st_mode & 0444) >> 2;
    const mode_t mode = about.executable ? (now.st_mode | runnable) : (now.st_mode & ~mode_t{0111});
    if (::fchmod(fd_.get(), mode & 0777) != 0) {
        return fail(Code::io, "the file's mode cannot be set: " + said(errno));
    }
    return {};
}

Result<RootedFiles> RootedFiles::open(const std::vector<std::string>& read_roots,
                                      const std::string& write_root) {
    RootedFiles files;
    for (const auto& root : read_roots) {
        SLUICE_TRY(OwnedFd fd, open_root(root));
        files.read_roots_.push_back(std::move(fd));
    }
    if (!write_root.empty()) {
        SLUICE_TRY(files.write_root_, open_root(write_root));
    }
    return files;
}

Result<InputFile> open_input_beneath(const OwnedFd& folder, std::string_view path,
                                     Bytes bytes_max) {
    SLUICE_TRY_STATUS(check_relative_path(path));
    OwnedFd fd(open_beneath(folder.get(), std::string(path), input_flags));
    if (!fd) return open_error(errno, path);
    return regular_file(std::move(fd), path, bytes_max);
}

Result<InputFile> RootedFiles::open_input(std::string_view path, Bytes bytes_max) const {
    SLUICE_TRY_STATUS(check_relative_path(path));
    if (read_roots_.empty()) {
        return fail(Code::denied,
                    "this worker reads no files: no folder for reading is configured");
    }
    int error = ENOENT;
    for (const auto& root : read_roots_) {
        OwnedFd fd(open_beneath(root.get(), std::string(path), input_flags));
        if (fd) return regular_file(std::move(fd), path, bytes_max);
        // The first error that says more than "not there" is the one to tell.
        if (error == ENOENT || error == ENOTDIR) error = errno;
    }
    return open_error(error, path);
}

Result<InputFolder> RootedFiles::open_folder(std::string_view path) const {
    SLUICE_TRY_STATUS(check_relative_path(path));
    if (read_roots_.empty()) {
        return fail(Code::denied,
                    "this worker reads no files: no folder for reading is configured");
    }
    int error = ENOENT;
    for (const auto& root : read_roots_) {
        OwnedFd fd(open_beneath(root.get(), std::string(path), O_RDONLY | O_DIRECTORY));
        if (fd) return InputFolder(std::move(fd));
        if (error == ENOENT) error = errno;
    }
    if (error == ENOTDIR) {
        return fail(Code::not_found, "\"" + std::string(path) + "\" is not a folder");
    }
    return open_error(error, path);
}

namespace {

/// Where an output's last part goes, and that part.
struct Place {
    OwnedFd folder;
    std::string name;
};

Result<Place> output_place(const OwnedFd& root, std::string_view path) {
    SLUICE_TRY_STATUS(check_relative_path(path));
    const auto parts = split(path, '/');
    SLUICE_TRY(OwnedFd folder,
               make_folders_beneath(root.get(), std::span(parts).first(parts.size() - 1), path));
    return Place{std::move(folder), std::string(parts.back())};
}

}  // namespace

Result<OutputFile> open_output_beneath(const OwnedFd& root, std::string_view path,
                                       Bytes bytes_max) {
    SLUICE_TRY(Place place, output_place(root, path));
    OutputFile out;
    out.bytes_max_ = bytes_max;
    std::string aside = aside_name(place.name);
    out.fd_ = OwnedFd(
        open_beneath(place.folder.get(), aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666));
    if (!out.fd_) return open_error(errno, path);
    out.folder_ = std::move(place.folder);
    out.name_ = std::move(place.name);
    out.aside_ = std::move(aside);
    return out;
}

Status RootedFiles::check_writes() const {
    if (write_root_) return {};
    return fail(Code::denied, "this worker writes no files: no folder for writing is configured");
}

Result<OutputFile> RootedFiles::open_output(std::string_view path, Bytes bytes_max) const {
    SLUICE_TRY_STATUS(check_relative_path(path));
    SLUICE_TRY_STATUS(check_writes());
    return open_output_beneath(write_root_, path, bytes_max);
}

Result<OwnedFd> RootedFiles::open_scratch() const {
    SLUICE_TRY_STATUS(check_writes());
    OwnedFd fd(open_beneath(write_root_.get(), ".", O_TMPFILE | O_RDWR, 0600));
    if (fd) return fd;
    // Not every file system knows files without a name: there it has one for a moment.
    const std::string name = aside_name("scratch");
    fd = OwnedFd(open_beneath(write_root_.get(), name, O_RDWR | O_CREAT | O_EXCL, 0600));
    if (!fd) return fail(Code::io, "no file for what memory does not hold: " + said(errno));
    ::unlinkat(write_root_.get(), name.c_str(), 0);
    return fd;
}

Result<OutputFolder> RootedFiles::open_output_folder(std::string_view path) const {
    SLUICE_TRY_STATUS(check_relative_path(path));
    SLUICE_TRY_STATUS(check_writes());
    SLUICE_TRY(Place place, output_place(write_root_, path));
    OutputFolder out;
    std::string aside = aside_name(place.name);
    if (::mkdirat(place.folder.get(), aside.c_str(), 0777) != 0) return open_error(errno, path);
    out.parent_ = std::move(place.folder);
    out.name_ = std::move(place.name);
    out.aside_ = std::move(aside);
    out.fd_ = OwnedFd(open_beneath(out.parent_.get(), out.aside_, O_RDONLY | O_DIRECTORY));
    if (!out.fd_) return open_error(errno, path);
    return out;
}

Result<WorkFolder> RootedFiles::open_work_folder(std::string_view path, bool make) const {
    SLUICE_TRY_STATUS(check_relative_path(path));
    SLUICE_TRY_STATUS(check_writes());
    if (make) {
        SLUICE_TRY(OwnedFd folder, make_folders_beneath(write_root_.get(), split(path, '/'), path));
        return WorkFolder(std::move(folder));
    }
    OwnedFd fd(open_beneath(write_root_.get(), std::string(path), O_RDONLY | O_DIRECTORY));
    if (fd) return WorkFolder(std::move(fd));
    return open_error(errno, path);
}

}  // namespace sluice::work
