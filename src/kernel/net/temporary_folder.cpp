// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/temporary_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace sluice {

namespace {

constexpr int tries_max = 100;
constexpr std::size_t random_characters = 6;

/// This user's folder at that path, locked; none if it is something else, gone, or in use.
OwnedFd lock_folder(const std::string& path) {
    OwnedFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat opened{};
    struct stat there{};
    if (!fd || ::fstat(fd.get(), &opened) != 0 || opened.st_uid != ::geteuid()) return {};
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return {};
    // Between opening and locking it may have been removed.
    if (::lstat(path.c_str(), &there) != 0 || there.st_ino != opened.st_ino) return {};
    return fd;
}

void remove_folder(const std::string& path) {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
}

/// Those of processes that are gone.
void sweep(const std::filesystem::path& prefix) {
    const std::string name = prefix.filename().string();
    std::error_code error;
    std::filesystem::directory_iterator at(prefix.parent_path(), error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
        const std::string found = at->path().filename().string();
        if (found.size() != name.size() + random_characters || !found.starts_with(name)) continue;
        if (const OwnedFd lock = lock_folder(at->path().string()))
            remove_folder(at->path().string());
    }
}

}  // namespace

Result<TemporaryFolder> TemporaryFolder::make(const std::string& prefix) {
    sweep(prefix);
    for (int i = 0; i < tries_max; ++i) {
        std::string path = prefix + std::string(random_characters, 'X');
        if (::mkdtemp(path.data()) == nullptr) {
            return fail(Code::io, "a folder " + prefix + "… cannot be made: " +
                                      std::generic_category().message(errno));
        }
        // Who sweeps at this moment may have been quicker with the lock; then the folder is theirs.
        if (OwnedFd lock = lock_folder(path))
            return TemporaryFolder(std::move(path), std::move(lock));
    }
    return fail(Code::io, "a folder " + prefix + "… cannot be locked");
}

TemporaryFolder::~TemporaryFolder() {
    if (lock_) remove_folder(path_);
}

}  // namespace sluice
