// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/rooted_files.h"

#include "kernel/base/text.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <system_error>

namespace sluice::work {

namespace {

constexpr std::size_t path_bytes_max = 1024;

std::string said(int error) { return std::generic_category().message(error); }

/// Opens below `folder` and nowhere else; -1 and errno where that fails.
int open_beneath(int folder, const std::string& path, std::uint64_t flags, mode_t mode = 0) {
    open_how how{};
    how.flags = flags | O_CLOEXEC;
    how.mode = mode;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    long fd = -1;
    // EAGAIN: something was renamed during the walk; a few tries are what the manual page advises.
    for (int attempt = 0; attempt < 8; ++attempt) {
        fd = syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    }
    return static_cast<int>(fd);
}

Error open_error(int error, std::string_view path) {
    const std::string name = "\"" + std::string(path) + "\"";
    switch (error) {
        case ENOENT:
        case ENOTDIR: return fail(Code::not_found, name + " is not there");
        case ELOOP: return fail(Code::denied, name + " leads through a symbolic link");
        case EXDEV: return fail(Code::denied, name + " leads out of its folder");
        case EACCES:
        case EPERM: return fail(Code::denied, name + ": " + said(error));
        default: return fail(Code::io, name + ": " + said(error));
    }
}

Result<OwnedFd> open_root(const std::string& path) {
    OwnedFd fd(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (fd) return fd;
    const int error = errno;
    return fail(error == ENOENT ? Code::not_found : Code::io,
                "the folder \"" + path + "\" cannot be opened: " + said(error));
}

std::string random_word() {
    std::uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number) {
        number = static_cast<std::uint64_t>(getpid());
    }
    return to_hex(std::string_view(reinterpret_cast<const char*>(&number), sizeof number));
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

Status OutputFile::commit() {
    if (::fsync(fd_.get()) != 0) return fail(Code::io, "synchronising failed: " + said(errno));
    if (::renameat(folder_.get(), aside_.c_str(), folder_.get(), name_.c_str()) != 0) {
        return fail(Code::io, "the output cannot be put in its place: " + said(errno));
    }
    aside_.clear();
    if (::fsync(folder_.get()) != 0) {
        return fail(Code::io, "synchronising the folder failed: " + said(errno));
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

Result<InputFile> RootedFiles::open_input(std::string_view path, Bytes bytes_max) const {
    SLUICE_TRY_STATUS(check_relative_path(path));
    if (read_roots_.empty()) {
        return fail(Code::denied,
                    "this worker reads no files: no folder for reading is configured");
    }
    int error = ENOENT;
    for (const auto& root : read_roots_) {
        // O_NONBLOCK: opening a FIFO must not wait for its other end.
        OwnedFd fd(open_beneath(root.get(), std::string(path), O_RDONLY | O_NONBLOCK | O_NOCTTY));
        if (!fd) {
            // The first error that says more than "not there" is the one to tell.
            if (error == ENOENT || error == ENOTDIR) error = errno;
            continue;
        }
        struct stat about{};
        if (::fstat(fd.get(), &about) != 0) return open_error(errno, path);
        if (!S_ISREG(about.st_mode)) {
            return fail(Code::denied, "\"" + std::string(path) + "\" is not a regular file");
        }
        const auto size = static_cast<std::uint64_t>(about.st_size);
        if (size > bytes_max.count) {
            return fail(Code::exhausted, "\"" + std::string(path) +
                                             "\" is larger than the limit of " +
                                             std::to_string(bytes_max.count) + " bytes");
        }
        return InputFile(std::move(fd), size);
    }
    return open_error(error, path);
}

Result<OutputFile> RootedFiles::open_output(std::string_view path, Bytes bytes_max) const {
    SLUICE_TRY_STATUS(check_relative_path(path));
    if (!write_root_) {
        return fail(Code::denied,
                    "this worker writes no files: no folder for writing is configured");
    }
    const auto parts = split(path, '/');
    OutputFile out;
    out.bytes_max_ = bytes_max;
    out.folder_ = OwnedFd(open_beneath(write_root_.get(), ".", O_RDONLY | O_DIRECTORY));
    for (std::size_t i = 0; out.folder_ && i + 1 < parts.size(); ++i) {
        const std::string part(parts[i]);
        if (::mkdirat(out.folder_.get(), part.c_str(), 0777) != 0 && errno != EEXIST) {
            return open_error(errno, path);
        }
        out.folder_ = OwnedFd(open_beneath(out.folder_.get(), part, O_RDONLY | O_DIRECTORY));
    }
    if (!out.folder_) return open_error(errno, path);
    out.name_ = std::string(parts.back());
    std::string aside = "." + out.name_.substr(0, 200) + "." + random_word() + ".part";
    out.fd_ = OwnedFd(
        open_beneath(out.folder_.get(), aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0666));
    if (!out.fd_) return open_error(errno, path);
    out.aside_ = std::move(aside);
    return out;
}

}  // namespace sluice::work
