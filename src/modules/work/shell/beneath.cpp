// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/beneath.h"

#include "kernel/base/text.h"
#include "kernel/net/owned_fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <vector>

namespace sluice::work {

namespace {

constexpr std::string_view aside_end = ".part";
constexpr std::size_t random_digits = 16;

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
