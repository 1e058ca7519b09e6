// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/input_folder.h"

#include "modules/work/shell/beneath.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <memory>

namespace sluice::work {

namespace {

struct CloseDir {
    void operator()(DIR* dir) const { ::closedir(dir); }
};

/// One listing: depth first, a descriptor for each level.
struct Listing {
    const FolderLimits& limits;
    const CancelToken& cancel;
    const std::function<bool(const FolderEntry&)>& wanted;
    std::vector<FolderEntry> entries;

    Status enter(OwnedFd folder, const std::string& prefix, std::size_t depth) {
        if (depth > limits.depth_max) {
            return fail(Code::exhausted, "\"" + prefix + "\" is nested deeper than " +
                                             std::to_string(limits.depth_max) + " folders");
        }
        SLUICE_TRY(const std::vector<std::string> names, sorted_names(folder.get(), prefix));
        for (const std::string& name : names) {
            SLUICE_TRY_STATUS(cancel.check());
            SLUICE_TRY(const bool taken, add(folder.get(), name, prefix + name));
            if (!taken || entries.back().kind != EntryKind::folder) continue;
            OwnedFd inner(open_beneath(folder.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
            if (!inner) return open_error(errno, prefix + name);
            SLUICE_TRY_STATUS(enter(std::move(inner), prefix + name + "/", depth + 1));
        }
        return {};
    }

private:
    Result<std::vector<std::string>> sorted_names(int folder, const std::string& prefix) const {
        const std::unique_ptr<DIR, CloseDir> dir(
            ::fdopendir(open_beneath(folder, ".", O_RDONLY | O_DIRECTORY)));
        if (!dir) return open_error(errno, prefix);
        std::vector<std::string> names;
        errno = 0;
        while (const dirent* entry = ::readdir(dir.get())) {
            const std::string_view name(entry->d_name);
            if (name == "." || name == ".." || is_aside_name(name)) continue;
            if (entries.size() + names.size() >= limits.entries_max) return too_many();
            names.emplace_back(name);
        }
        if (errno != 0) return open_error(errno, prefix);
        std::sort(names.begin(), names.end());
        return names;
    }
    [[nodiscard]] Error too_many() const {
        return fail(Code::exhausted, "the folder holds more than " +
                                         std::to_string(limits.entries_max) + " entries");
    }
    /// False for what is not wanted, and for what has gone meanwhile.
    Result<bool> add(int folder, const std::string& name, const std::string& path) {
        struct stat about{};
        if (::fstatat(folder, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
            if (errno == ENOENT) return false;
            return open_error(errno, path);
        }
        FolderEntry entry = folder_entry(about, path);
        if (entry.kind == EntryKind::link) {
            std::array<char, PATH_MAX> target;
            const ssize_t size = ::readlinkat(folder, name.c_str(), target.data(), target.size());
            if (size > 0) entry.target.assign(target.data(), static_cast<std::size_t>(size));
        }
        if (wanted && !wanted(entry)) return false;
        if (entries.size() >= limits.entries_max) return too_many();
        entries.push_back(std::move(entry));
        return true;
    }
};

}  // namespace

FolderEntry folder_entry(const struct stat& about, std::string path) {
    FolderEntry entry;
    entry.path = std::move(path);
    entry.changed = wall_from_ns(about.st_mtim.tv_sec * 1'000'000'000 + about.st_mtim.tv_nsec);
    if (S_ISREG(about.st_mode)) {
        entry.kind = EntryKind::file;
        entry.size = static_cast<std::uint64_t>(about.st_size);
        entry.executable = (about.st_mode & S_IXUSR) != 0;
    } else if (S_ISDIR(about.st_mode)) {
        entry.kind = EntryKind::folder;
    } else if (S_ISLNK(about.st_mode)) {
        entry.kind = EntryKind::link;
    }
    return entry;
}

std::string_view to_string(EntryKind kind) {
    switch (kind) {
        case EntryKind::file: return "file";
        case EntryKind::folder: return "folder";
        case EntryKind::link: return "link";
        case EntryKind::other: return "other";
    }
    return "other";
}

Result<std::vector<FolderEntry>> InputFolder::list(
    const FolderLimits& limits, const CancelToken& cancel,
    const std::function<bool(const FolderEntry&)>& wanted) const {
    Listing listing{limits, cancel, wanted, {}};
    OwnedFd folder(open_beneath(fd_.get(), ".", O_RDONLY | O_DIRECTORY));
    if (!folder) return open_error(errno, ".");
    SLUICE_TRY_STATUS(listing.enter(std::move(folder), "", 0));
    return std::move(listing.entries);
}

Result<InputFile> InputFolder::open_file(std::string_view path, Bytes bytes_max) const {
    return open_input_beneath(fd_, path, bytes_max);
}

}  // namespace sluice::work
