// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/output_folder.h"

#include "kernel/base/text.h"
#include "modules/work/shell/beneath.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace sluice::work {

namespace {

struct Parts {
    std::string_view above;
    std::string name;
};

Parts divide(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return {{}, std::string(path)};
    return {path.substr(0, slash), std::string(path.substr(slash + 1))};
}

std::array<timespec, 2> times_of(WallTime changed) {
    const std::int64_t ns = to_ns(changed);
    timespec time{};
    time.tv_sec = ns / 1'000'000'000;
    time.tv_nsec = ns % 1'000'000'000;
    if (time.tv_nsec < 0) {
        time.tv_nsec += 1'000'000'000;
        --time.tv_sec;
    }
    timespec now{};
    now.tv_nsec = UTIME_NOW;
    return {now, time};
}

}  // namespace

Status FolderFile::write_at(std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count =
            ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            const bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
            return fail(full ? Code::exhausted : Code::io, "writing failed: " + said(errno));
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
        offset += static_cast<std::uint64_t>(count);
    }
    return {};
}

Status FolderFile::finish(std::uint64_t size, std::optional<WallTime> changed) {
    if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0) {
        return fail(Code::io, "a file cannot be given its length: " + said(errno));
    }
    if (changed && ::futimens(fd_.get(), times_of(*changed).data()) != 0) {
        return fail(Code::io, "a file cannot be given its time: " + said(errno));
    }
    fd_.reset();
    return {};
}

OutputFolder::~OutputFolder() {
    if (!parent_ || aside_.empty()) return;
    // What cannot be removed now is named so that anyone may.
    static_cast<void>(remove_tree(parent_.get(), aside_));
}

Result<int> OutputFolder::folder_above(std::string_view path) {
    if (path.empty()) return fd_.get();
    if (above_ && path == above_path_) return above_.get();
    OwnedFd found(open_beneath(fd_.get(), std::string(path), O_RDONLY | O_DIRECTORY));
    if (!found && errno != ENOENT) {
        if (errno == ENOTDIR) return open_error(EEXIST, path);
        return open_error(errno, path);
    }
    if (!found) {
        SLUICE_TRY_STATUS(make_folder(path));
        found = OwnedFd(open_beneath(fd_.get(), std::string(path), O_RDONLY | O_DIRECTORY));
        if (!found) return open_error(errno, path);
    }
    above_ = std::move(found);
    above_path_ = std::string(path);
    return above_.get();
}

Status OutputFolder::make_folder(std::string_view path) {
    SLUICE_TRY_STATUS(check_relative_path(path));
    OwnedFd folder(open_beneath(fd_.get(), ".", O_RDONLY | O_DIRECTORY));
    for (const auto part : split(path, '/')) {
        if (!folder) break;
        const std::string name(part);
        if (::mkdirat(folder.get(), name.c_str(), 0777) != 0 && errno != EEXIST) {
            return open_error(errno, path);
        }
        folder = OwnedFd(open_beneath(folder.get(), name, O_RDONLY | O_DIRECTORY));
    }
    if (folder) return {};
    return open_error(errno == ENOTDIR ? EEXIST : errno, path);
}

Result<FolderFile> OutputFolder::make_file(std::string_view path, bool executable) {
    SLUICE_TRY_STATUS(check_relative_path(path));
    const Parts parts = divide(path);
    SLUICE_TRY(const int above, folder_above(parts.above));
    OwnedFd fd(open_beneath(above, parts.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
                            executable ? 0777 : 0666));
    if (!fd) return open_error(errno, path);
    return FolderFile(std::move(fd));
}

Status OutputFolder::make_link(std::string_view path, const std::string& target) {
    SLUICE_TRY_STATUS(check_relative_path(path));
    const Parts parts = divide(path);
    SLUICE_TRY(const int above, folder_above(parts.above));
    if (::symlinkat(target.c_str(), above, parts.name.c_str()) == 0) return {};
    return open_error(errno, path);
}

Status OutputFolder::make_hard_link(std::string_view path, std::string_view existing) {
    SLUICE_TRY_STATUS(check_relative_path(path));
    SLUICE_TRY_STATUS(check_relative_path(existing));
    const Parts source = divide(existing);
    const OwnedFd from(source.above.empty() ? open_beneath(fd_.get(), ".", O_RDONLY | O_DIRECTORY)
                                            : open_beneath(fd_.get(), std::string(source.above),
                                                           O_RDONLY | O_DIRECTORY));
    if (!from) return open_error(errno, existing);
    struct stat about{};
    if (::fstatat(from.get(), source.name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
        return open_error(errno, existing);
    }
    if (!S_ISREG(about.st_mode)) {
        return fail(Code::denied, "\"" + std::string(existing) + "\" is not a regular file");
    }
    const Parts parts = divide(path);
    SLUICE_TRY(const int above, folder_above(parts.above));
    if (::linkat(from.get(), source.name.c_str(), above, parts.name.c_str(), 0) == 0) return {};
    return open_error(errno, path);
}

Status OutputFolder::leads_inside(std::string_view path) const {
    return check_leads_beneath(fd_.get(), std::string(path));
}

Status OutputFolder::remove_link(std::string_view path) {
    const Parts parts = divide(path);
    SLUICE_TRY(const int above, folder_above(parts.above));
    if (::unlinkat(above, parts.name.c_str(), 0) == 0) return {};
    return open_error(errno, path);
}

Status OutputFolder::set_time(std::string_view path, WallTime changed) {
    const OwnedFd folder(open_beneath(fd_.get(), std::string(path), O_RDONLY | O_DIRECTORY));
    if (folder && ::futimens(folder.get(), times_of(changed).data()) == 0) return {};
    return open_error(errno, path);
}

Status OutputFolder::exchange() {
    const int parent = parent_.get();
    if (::renameat2(parent, aside_.c_str(), parent, name_.c_str(), RENAME_EXCHANGE) != 0) {
        return open_error(errno, name_);
    }
    // What was there before has the name aside now.
    const std::string old = std::move(aside_);
    aside_.clear();
    if (::fsync(parent) != 0) {
        return fail(Code::io, "synchronising the folder failed: " + said(errno));
    }
    return remove_tree(parent, old);
}

Status OutputFolder::commit(bool replace) {
    above_.reset();
    // One call for everything in the folder, also the names.
    if (::syncfs(fd_.get()) != 0) return fail(Code::io, "synchronising failed: " + said(errno));
    const int parent = parent_.get();
    int done = ::renameat2(parent, aside_.c_str(), parent, name_.c_str(), RENAME_NOREPLACE);
    // File systems that cannot do that: a folder does not replace one that holds something.
    if (done != 0 && errno == EINVAL) {
        done = ::renameat(parent, aside_.c_str(), parent, name_.c_str());
    }
    if (done != 0 && (errno == EEXIST || errno == ENOTEMPTY) && replace) return exchange();
    if (done != 0) return open_error(errno == ENOTEMPTY ? EEXIST : errno, name_);
    aside_.clear();
    if (::fsync(parent) != 0) {
        return fail(Code::io, "synchronising the folder failed: " + said(errno));
    }
    return {};
}

}  // namespace sluice::work
