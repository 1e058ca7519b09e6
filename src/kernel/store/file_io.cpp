// SPDX-License-Identifier: Apache-2.0
#include "kernel/store/file_io.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace sluice {

namespace {

/// Closes on every way out.
class Fd {
public:
    explicit Fd(int fd) : fd_(fd) {}
    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;
    ~Fd() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }
    int release() { return std::exchange(fd_, -1); }

private:
    int fd_;
};

int open_retrying(const std::string& path, int flags, mode_t mode = 0600) {
    int fd = -1;
    do {
        fd = ::open(path.c_str(), flags | O_CLOEXEC,
                    mode);  // NOLINT(cppcoreguidelines-pro-type-vararg)
    } while (fd < 0 && errno == EINTR);
    return fd;
}

Code code_of(int number) {
    switch (number) {
        case ENOENT: return Code::not_found;
        case EEXIST:
        case ENOTEMPTY: return Code::exists;
        case EACCES:
        case EPERM:
        case EROFS: return Code::denied;
        case ENOSPC:
        case EDQUOT:
        case EMFILE:
        case ENFILE: return Code::exhausted;
        default: return Code::io;
    }
}

}  // namespace

Error errno_error(int number, std::string_view what, const std::string& path) {
    return fail(code_of(number), "cannot " + std::string(what) + " " + path + ": " +
                                     std::generic_category().message(number));
}

std::string folder_of(const std::string& path) {
    const auto parent = std::filesystem::path(path).parent_path().string();
    return parent.empty() ? "." : parent;
}

FileLock::~FileLock() {
    if (fd_ >= 0) ::close(fd_);
}

bool FileIo::exists(const std::string& path) const {
    struct stat info{};
    return ::lstat(path.c_str(), &info) == 0;
}

Result<std::string> FileIo::read_file(const std::string& path, Bytes size_max) const {
    if (const auto v = verdict(FileOp::read); v.error != 0)
        return errno_error(v.error, "read", path);
    const Fd fd(open_retrying(path, O_RDONLY));
    if (fd.get() < 0) return errno_error(errno, "open", path);
    std::string out;
    std::array<char, 65536> buffer;
    for (;;) {
        const ssize_t n = ::read(fd.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno_error(errno, "read", path);
        if (n == 0) return out;
        out.append(buffer.data(), static_cast<std::size_t>(n));
        if (out.size() > size_max.count) {
            return fail(Code::exhausted,
                        path + " is larger than " + std::to_string(size_max.count) + " bytes");
        }
    }
}

Status FileIo::write_all(int fd, std::string_view bytes, const std::string& path) const {
    const auto v = verdict(FileOp::write);
    if (v.error != 0) {
        if (v.torn) (void)!::write(fd, bytes.data(), bytes.size() / 2);
        return errno_error(v.error, "write", path);
    }
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno_error(errno, "write", path);
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
}

Status FileIo::sync_fd(int fd, const std::string& path) const {
    if (const auto v = verdict(FileOp::sync); v.error != 0)
        return errno_error(v.error, "sync", path);
    if (::fsync(fd) != 0) return errno_error(errno, "sync", path);
    return {};
}

Status FileIo::replace_file(const std::string& path, std::string_view contents) const {
    if (const auto v = verdict(FileOp::open); v.error != 0)
        return errno_error(v.error, "open", path);
    const std::string draft = path + ".new";
    {
        const Fd fd(open_retrying(draft, O_WRONLY | O_CREAT | O_TRUNC));
        if (fd.get() < 0) return errno_error(errno, "open", draft);
        Status status = write_all(fd.get(), contents, draft);
        if (status) status = sync_fd(fd.get(), draft);
        if (!status) {
            ::unlink(draft.c_str());
            return status;
        }
    }
    return rename_durably(draft, path);
}

Result<std::unique_ptr<AppendFile>> FileIo::open_append(const std::string& path) const {
    if (const auto v = verdict(FileOp::open); v.error != 0)
        return errno_error(v.error, "open", path);
    Fd fd(open_retrying(path, O_RDWR | O_CREAT));
    if (fd.get() < 0) return errno_error(errno, "open", path);
    struct stat info{};
    if (::fstat(fd.get(), &info) != 0) return errno_error(errno, "look at", path);
    if (!S_ISREG(info.st_mode)) return fail(Code::exists, path + " is not a file");
    const auto size = static_cast<std::uint64_t>(info.st_size);
    return std::unique_ptr<AppendFile>(new AppendFile(path, fd.release(), size, faults_));
}

Result<std::unique_ptr<LineReader>> FileIo::open_lines(const std::string& path,
                                                       Bytes line_max) const {
    if (const auto v = verdict(FileOp::read); v.error != 0)
        return errno_error(v.error, "open", path);
    Fd fd(open_retrying(path, O_RDONLY));
    if (fd.get() < 0) return errno_error(errno, "open", path);
    return std::unique_ptr<LineReader>(new LineReader(path, fd.release(), line_max, faults_));
}

Status FileIo::preallocate_file(const std::string& path, Bytes size) const {
    if (const auto v = verdict(FileOp::open); v.error != 0)
        return errno_error(v.error, "open", path);
    const Fd fd(open_retrying(path, O_WRONLY | O_CREAT | O_EXCL));
    if (fd.get() < 0) return errno_error(errno, "make", path);
    const auto v = verdict(FileOp::write);
    const int error =
        v.error != 0 ? v.error : ::posix_fallocate(fd.get(), 0, static_cast<off_t>(size.count));
    Status status;
    if (error != 0) status = errno_error(error, "reserve space for", path);
    if (status) status = sync_fd(fd.get(), path);
    if (!status) ::unlink(path.c_str());
    return status;
}

Status FileIo::copy_file(const std::string& source, const std::string& target) const {
    if (const auto v = verdict(FileOp::open); v.error != 0) {
        return errno_error(v.error, "open", target);
    }
    const Fd in(open_retrying(source, O_RDONLY));
    if (in.get() < 0) return errno_error(errno, "open", source);
    const Fd out(open_retrying(target, O_WRONLY | O_CREAT | O_EXCL));
    if (out.get() < 0) return errno_error(errno, "make", target);
    std::string buffer(1U << 20U, '\0');
    for (;;) {
        const ssize_t n = ::read(in.get(), buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno_error(errno, "read", source);
        if (n == 0) break;
        SLUICE_TRY_STATUS(write_all(
            out.get(), std::string_view(buffer).substr(0, static_cast<std::size_t>(n)), target));
    }
    return sync_fd(out.get(), target);
}

Status FileIo::remove_file(const std::string& path) const {
    if (const auto v = verdict(FileOp::remove); v.error != 0) {
        return errno_error(v.error, "remove", path);
    }
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return errno_error(errno, "remove", path);
    return {};
}

Status FileIo::rename_durably(const std::string& source, const std::string& target) const {
    if (const auto v = verdict(FileOp::rename); v.error != 0) {
        return errno_error(v.error, "rename", source);
    }
    if (::rename(source.c_str(), target.c_str()) != 0) return errno_error(errno, "rename", source);
    return sync_folder(folder_of(target));
}

Status FileIo::make_folders(const std::string& path) const {
    std::string missing = path;
    while (missing.size() > 1 && missing.back() == '/') missing.pop_back();
    if (::mkdir(missing.c_str(), 0700) == 0) return sync_folder(folder_of(missing));
    if (errno == ENOENT && folder_of(missing) != missing) {
        SLUICE_TRY_STATUS(make_folders(folder_of(missing)));
        if (::mkdir(missing.c_str(), 0700) == 0) return sync_folder(folder_of(missing));
    }
    const int number = errno;
    struct stat info{};
    if (::stat(missing.c_str(), &info) == 0) {
        if (S_ISDIR(info.st_mode)) return {};
        return fail(Code::exists, path + " is a file, not a folder");
    }
    return errno_error(number, "make the folder", path);
}

Status FileIo::sync_folder(const std::string& path) const {
    const Fd fd(open_retrying(path, O_RDONLY | O_DIRECTORY));
    if (fd.get() < 0) return errno_error(errno, "open the folder", path);
    return sync_fd(fd.get(), path);
}

Result<std::vector<std::string>> FileIo::list_folder(const std::string& path) const {
    std::error_code error;
    std::vector<std::string> names;
    for (std::filesystem::directory_iterator at(path, error), end; !error && at != end;
         at.increment(error)) {
        names.push_back(at->path().filename().string());
    }
    if (error) return errno_error(error.value(), "list", path);
    std::sort(names.begin(), names.end());
    return names;
}

Status FileIo::remove_folder(const std::string& path) const {
    if (const auto v = verdict(FileOp::remove); v.error != 0) {
        return errno_error(v.error, "remove", path);
    }
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return errno_error(error.value(), "remove", path);
    return {};
}

Result<Bytes> FileIo::file_size(const std::string& path) const {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return errno_error(errno, "look at", path);
    return Bytes{static_cast<std::uint64_t>(info.st_size)};
}

Result<DiskSpace> FileIo::disk_space(const std::string& path) const {
    struct statvfs info{};
    if (::statvfs(path.c_str(), &info) != 0) return errno_error(errno, "look at the disk of", path);
    return DiskSpace{.total = Bytes{std::uint64_t{info.f_blocks} * info.f_frsize},
                     .free = Bytes{std::uint64_t{info.f_bavail} * info.f_frsize}};
}

Result<FileLock> FileIo::lock_file(const std::string& path) const {
    if (const auto v = verdict(FileOp::open); v.error != 0)
        return errno_error(v.error, "open", path);
    Fd fd(open_retrying(path, O_RDWR | O_CREAT));
    if (fd.get() < 0) return errno_error(errno, "open", path);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return errno_error(errno, "lock", path);
        std::array<char, 32> holder{};
        const ssize_t n = ::pread(fd.get(), holder.data(), holder.size() - 1, 0);
        const std::string who = n > 0 ? " " + std::string(holder.data()) : "";
        return fail(Code::busy, path + " is locked by process" + who);
    }
    const std::string id = std::to_string(::getpid());
    // The number is only for the message above; a full disk must not keep us from starting.
    if (::ftruncate(fd.get(), 0) == 0) (void)!::pwrite(fd.get(), id.data(), id.size(), 0);
    return FileLock(fd.release());
}

}  // namespace sluice
