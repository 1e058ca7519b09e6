// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/beneath.h"

#include "kernel/base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <vector>

namespace sluice::work {

namespace {

constexpr std::string_view aside_end = ".part";
constexpr std::size_t random_digits = 16;

int open_resolved(int folder, const std::string& path, open_how how) {
    how.flags |= O_CLOEXEC;
    how.resolve |= RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
    long fd = -1;
    // EAGAIN: something was renamed during the walk; a few tries are what the manual page advises.
    for (int attempt = 0; attempt < 8; ++attempt) {
        fd = syscall(SYS_openat2, folder, path.c_str(), &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
    }
    return static_cast<int>(fd);
}

std::string random_word() {
    std::uint64_t number = 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number) {
        number = static_cast<std::uint64_t>(getpid());
    }
    return to_hex(std::string_view(reinterpret_cast<const char*>(&number), sizeof number));
}

/// The names in a folder, which is closed with this call.
std::vector<std::string> names_in(int folder) {
    struct Close {
        void operator()(DIR* dir) const { ::closedir(dir); }
    };
    std::vector<std::string> names;
    const std::unique_ptr<DIR, Close> dir(::fdopendir(folder));
    if (!dir) {
        ::close(folder);
        return names;
    }
    while (const dirent* entry = ::readdir(dir.get())) {
        const std::string_view name(entry->d_name);
        if (name != "." && name != "..") names.emplace_back(name);
    }
    return names;
}

}  // namespace

int open_beneath(int folder, const std::string& path, std::uint64_t flags, mode_t mode) {
    open_how how{};
    how.flags = flags;
    how.mode = mode;
    how.resolve = RESOLVE_NO_SYMLINKS;
    return open_resolved(folder, path, how);
}

Status check_leads_beneath(int folder, const std::string& path) {
    open_how how{};
    how.flags = O_PATH;
    const OwnedFd fd(open_resolved(folder, path, how));
    if (fd) return {};
    if (errno == ELOOP) return fail(Code::denied, "\"" + path + "\" leads in a circle");
    return open_error(errno, path);
}

Error open_error(int error, std::string_view path) {
    const std::string name = "\"" + std::string(path) + "\"";
    switch (error) {
        case ENOENT:
        case ENOTDIR: return fail(Code::not_found, name + " is not there");
        case ELOOP: return fail(Code::denied, name + " leads through a symbolic link");
        case EXDEV: return fail(Code::denied, name + " leads out of its folder");
        case EEXIST: return fail(Code::exists, name + " is there already");
        case EACCES:
        case EPERM: return fail(Code::denied, name + ": " + said(error));
        case ENOSPC:
        case EDQUOT: return fail(Code::exhausted, name + ": " + said(error));
        default: return fail(Code::io, name + ": " + said(error));
    }
}

std::string said(int error) { return std::generic_category().message(error); }

std::string aside_name(std::string_view name) {
    std::string aside = ".";
    aside += truncate_utf8(name, 200);
    return aside + "." + random_word() + std::string(aside_end);
}

bool is_aside_name(std::string_view name) {
    if (!name.starts_with('.') || !name.ends_with(aside_end)) return false;
    name.remove_suffix(aside_end.size());
    if (name.size() < random_digits + 2 || name[name.size() - random_digits - 1] != '.') {
        return false;
    }
    return name.substr(name.size() - random_digits).find_first_not_of("0123456789abcdef") ==
           std::string_view::npos;
}

Status remove_tree(int parent, const std::string& name) {
    if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
    OwnedFd folder(open_beneath(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    Status status;
    if (folder) {
        for (const std::string& inner : names_in(::fcntl(folder.get(), F_DUPFD_CLOEXEC, 0))) {
            auto removed = remove_tree(folder.get(), inner);
            if (!removed) status = std::move(removed);
        }
    }
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && status) {
        return fail(Code::io, "\"" + name + "\" cannot be removed: " + said(errno));
    }
    return status;
}

}  // namespace sluice::work
