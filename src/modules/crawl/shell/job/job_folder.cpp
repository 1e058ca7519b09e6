// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/job/job_folder.h"

#include "kernel/base/text.h"
#include "kernel/net/beneath.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::crawl {
namespace {

bool holds_link(int folder) {
    struct Close {
        void operator()(DIR* dir) const { ::closedir(dir); }
    };
    const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, Close> dir(copy >= 0 ? ::fdopendir(copy) : nullptr);
    if (!dir) return false;
    while (const dirent* entry = ::readdir(dir.get())) {
        struct stat about{};
        const bool known = ::fstatat(folder, entry->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0;
        if (known && S_ISLNK(about.st_mode)) return true;
    }
    return false;
}

}  // namespace

bool is_plain_path(std::string_view path) {
    const auto parts = split(path, '/');
    return std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
        const bool control = std::any_of(part.begin(), part.end(), [](char c) {
            return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
        });
        return part.empty() || part == "." || part == ".." || control;
    });
}

Result<JobFolder> JobFolder::open(const std::string& root, std::string_view below) {
    if (root.empty())
        return fail(Code::denied, "this worker has no folder for writing (--write-root)");
    const OwnedFd base(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!base) return fail(Code::io, "the folder for writing: " + said(errno));
    std::vector<std::string_view> parts;
    if (!below.empty()) parts = split(below, '/');
    auto folder = make_folders_beneath(base.get(), parts, below);
    if (folder) return JobFolder(*std::move(folder));
    if (folder.error().code != Code::not_found) return std::move(folder).error();
    return fail(Code::denied, "\"" + std::string(below) + "\" is not a folder");
}

Result<JobFolder> JobFolder::open_own(const std::string& root, std::string_view below) {
    SLUICE_TRY(JobFolder folder, open(root, below));
    // The crawl's own lock ends with the crawl; this one lasts for what a job makes of it, too.
    if (::flock(folder.fd_.get(), LOCK_EX | LOCK_NB) != 0)
        return fail(Code::busy, "another job works in the folder " + std::string(below));
    if (holds_link(folder.fd_.get()))
        return fail(Code::denied, "the folder " + std::string(below) + " holds a symbolic link");
    return folder;
}

Error JobFolder::shown(Error error, std::string_view name) const {
    const std::string mine = path();
    for (std::size_t at = 0; (at = error.message.find(mine, at)) != std::string::npos;
         at += name.size())
        error.message.replace(at, mine.size(), name);
    return error;
}

}  // namespace sluice::crawl
