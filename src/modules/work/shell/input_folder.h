// SPDX-License-Identifier: Apache-2.0
// A folder that a job names for reading, with everything below it: listed and opened without
// following a link (see RootedFiles for why nothing leads outside).
#pragma once

#include "kernel/base/time.h"
#include "kernel/sync/cancel.h"
#include "modules/work/shell/rooted_files.h"

#include <sys/stat.h>

#include <functional>

namespace sluice::work {

enum class EntryKind { file, folder, link, other };
std::string_view to_string(EntryKind kind);

/// One name below a folder.
struct FolderEntry {
    /// Below the folder that was listed, parts divided by `/`. Any bytes but NUL.
    std::string path;
    EntryKind kind = EntryKind::other;
    /// Of files; for others 0.
    std::uint64_t size = 0;
    WallTime changed{};
    /// Files that their owner may run.
    bool executable = false;
    /// Of links.
    std::string target;
};

/// What the system says about a name, without the target of a link.
FolderEntry folder_entry(const struct stat& about, std::string path);

struct FolderLimits {
    std::size_t entries_max = 200'000;
    std::size_t depth_max = 64;
};

/// Open as long as the object lives. Safe to use from several threads at once.
class InputFolder {
public:
    explicit InputFolder(OwnedFd fd) : fd_(std::move(fd)) {}

    /// Everything below: the names of each folder sorted by their bytes, a folder before what is
    /// in it. What `wanted` refuses is left out; a folder with everything in it. Files that are
    /// being written aside (".NAME.RANDOM.part") are left out, too. Errors: exhausted, cancelled,
    /// timeout, io.
    [[nodiscard]] Result<std::vector<FolderEntry>> list(
        const FolderLimits& limits, const CancelToken& cancel,
        const std::function<bool(const FolderEntry&)>& wanted = {}) const;
    /// As RootedFiles::open_input.
    [[nodiscard]] Result<InputFile> open_file(std::string_view path, Bytes bytes_max) const;

private:
    OwnedFd fd_;
};

}  // namespace sluice::work
