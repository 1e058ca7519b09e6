// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/kept_file.h"

#include "kernel/base/text.h"
#include "modules/work/shell/beneath.h"
#include "modules/work/shell/rooted_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace sluice::work {

namespace {

constexpr std::size_t note_bytes_max = 64 * 1024;
constexpr std::string_view note_end = "\n.\n";

Status write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            const bool full = errno == ENOSPC || errno == EDQUOT;
            return fail(full ? Code::exhausted : Code::io, "writing failed: " + said(errno));
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

std::string read_note(int folder, const std::string& name) {
    const OwnedFd fd(open_beneath(folder, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
    std::string text(fd ? note_bytes_max : 0, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t count = ::read(fd.get(), text.data() + size, text.size() - size);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        size += static_cast<std::size_t>(count);
    }
    text.resize(size);
    return text;
}

}  // namespace

Result<KeptFile> KeptFile::open(const std::string& write_root, std::string_view path,
                                Bytes bytes_max) {
    SLUICE_TRY_STATUS(check_relative_path(path));
    if (write_root.empty()) {
        return fail(Code::denied,
                    "this worker writes no files: no folder for writing is configured");
    }
    const OwnedFd root(::open(write_root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) return open_error(errno, "the folder for writing");
    const auto parts = split(path, '/');
    SLUICE_TRY(OwnedFd folder,
               make_folders_beneath(root.get(), std::span(parts).first(parts.size() - 1), path));
    const std::string name = "." + std::string(parts.back()) + ".kept";
    OwnedFd fd(open_beneath(folder.get(), name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0666));
    if (!fd) return open_error(errno, path);
    struct stat about{};
    if (::fstat(fd.get(), &about) != 0 || !S_ISREG(about.st_mode)) {
        return fail(Code::denied, "\"" + name + "\" is not a regular file");
    }
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        return fail(Code::busy, "\"" + std::string(path) + "\" is being written by another job");
    }
    KeptFile out(std::move(folder), std::move(fd), std::string(parts.back()), bytes_max);
    SLUICE_TRY_STATUS(out.restore());
    return out;
}

Status KeptFile::restore() {
    bytes_ = 0;
    note_.clear();
    // "LENGTH\nNOTE\n.\n"; one that was torn by a crash is none.
    const std::string text = read_note(folder_.get(), note_name());
    const std::size_t line = text.find('\n');
    if (text.ends_with(note_end) && line != std::string::npos) {
        const auto length = parse_int(std::string_view(text).substr(0, line));
        struct stat about{};
        const bool there = ::fstat(fd_.get(), &about) == 0 && length && *length >= 0 &&
                           about.st_size >= *length &&
                           line + 1 + note_end.size() <= text.size() + 1;
        if (there) {
            bytes_ = static_cast<std::uint64_t>(*length);
            note_ = text.substr(line + 1, text.size() - line - 1 - note_end.size());
        }
    }
    if (bytes_ > bytes_max_.count) bytes_ = 0;
    if (::ftruncate(fd_.get(), static_cast<off_t>(bytes_)) != 0 ||
        ::lseek(fd_.get(), 0, SEEK_END) < 0) {
        return fail(Code::io, "the file cannot be shortened: " + said(errno));
    }
    return {};
}

Status KeptFile::begin(std::string note) {
    if (note.size() + 64 > note_bytes_max) note.clear();
    // Without a note nothing of the old file counts.
    ::unlinkat(folder_.get(), note_name().c_str(), 0);
    note_ = std::move(note);
    bytes_ = 0;
    if (::ftruncate(fd_.get(), 0) == 0 && ::lseek(fd_.get(), 0, SEEK_SET) == 0) return {};
    return fail(Code::io, "the file cannot be emptied: " + said(errno));
}

Status KeptFile::append(std::string_view bytes) {
    if (bytes.size() > bytes_max_.count - bytes_) {
        return fail(Code::exhausted, "the file is larger than the limit of " +
                                         std::to_string(bytes_max_.count) + " bytes");
    }
    SLUICE_TRY_STATUS(write_all(fd_.get(), bytes));
    bytes_ += bytes.size();
    return {};
}

Status KeptFile::keep() {
    if (::fdatasync(fd_.get()) != 0) return fail(Code::io, "synchronising failed: " + said(errno));
    const OwnedFd fd(
        open_beneath(folder_.get(), note_name(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
    if (!fd) return fail(Code::io, "the note cannot be written: " + said(errno));
    SLUICE_TRY_STATUS(
        write_all(fd.get(), std::to_string(bytes_) + "\n" + note_ + std::string(note_end)));
    if (::fdatasync(fd.get()) != 0) return fail(Code::io, "synchronising failed: " + said(errno));
    return {};
}

Result<std::size_t> KeptFile::read_at(std::uint64_t offset, std::span<char> buffer) const {
    for (;;) {
        const ssize_t count =
            ::pread(fd_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) return fail(Code::io, "reading failed: " + said(errno));
    }
}

Status KeptFile::commit() {
    if (::fsync(fd_.get()) != 0) return fail(Code::io, "synchronising failed: " + said(errno));
    ::unlinkat(folder_.get(), note_name().c_str(), 0);
    if (::renameat(folder_.get(), kept_name().c_str(), folder_.get(), name_.c_str()) != 0) {
        return fail(Code::io, "the output cannot be put in its place: " + said(errno));
    }
    if (::fsync(folder_.get()) != 0) {
        return fail(Code::io, "synchronising the folder failed: " + said(errno));
    }
    return {};
}

Status KeptFile::forget() {
    ::unlinkat(folder_.get(), note_name().c_str(), 0);
    if (::unlinkat(folder_.get(), kept_name().c_str(), 0) == 0 || errno == ENOENT) return {};
    return fail(Code::io, "the part that is there cannot be removed: " + said(errno));
}

}  // namespace sluice::work
