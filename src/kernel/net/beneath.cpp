// SPDX-License-Identifier: Apache-2.0
#include "kernel/net/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace sluice {

namespace {

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

Result<OwnedFd> make_folders_beneath(int folder, std::span<const std::string_view> parts,
                                     std::string_view path) {
    OwnedFd last(open_beneath(folder, ".", O_RDONLY | O_DIRECTORY));
    for (const std::string_view name : parts) {
        if (!last) break;
        const std::string part(name);
        if (::mkdirat(last.get(), part.c_str(), 0777) != 0 && errno != EEXIST) {
            return open_error(errno, path);
        }
        last = OwnedFd(open_beneath(last.get(), part, O_RDONLY | O_DIRECTORY));
    }
    if (!last) return open_error(errno, path);
    return last;
}

Error open_error(int error, std::string_view path) {
    const std::string name = "\"" + std::string(path) + "\"";
    switch (error) {
        case ENOENT:
        case ENOTDIR: return fail(Code::not_found, name + " is not there");
        // Neither becomes another thing by being tried again.
        case ENAMETOOLONG: return fail(Code::invalid, name + ": " + said(error));
        case ENXIO: return fail(Code::denied, name + " is not a regular file");  // a socket
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

}  // namespace sluice
