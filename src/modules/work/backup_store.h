// SPDX-License-Identifier: Apache-2.0
// BackupStore: snapshots of folders and their contents by SHA-256, in a folder below the one for
// writing (docs/backup-format.md); what folder.backup, folder.verify and folder.restore share.
#pragma once

#include "modules/work/core/folders/backup_manifest.h"
#include "modules/work/shell/codec.h"
#include "modules/work/shell/work_folder.h"
#include "modules/work/task.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::work {

inline constexpr FolderLimits backup_listing_limits{.entries_max = 1'000'000};

std::string sha256_of(std::string_view text);
/// The whole file in pieces. Errors: cancelled, timeout, io, those of `take`.
Status read_pieces(InputFile& file, Task& task,
                   const std::function<Status(std::string_view)>& take);

class BackupStore {
public:
    /// Errors: not_found (unless `make`), invalid (another folder), those of the folder.
    static Result<BackupStore> open(Task& task, const std::string& path, bool make);

    /// Names of all snapshots, oldest first.
    Result<std::vector<std::string>> snapshots(Task& task) const;
    /// Errors: not_found, corrupt.
    [[nodiscard]] Result<BackupManifest> manifest(const std::string& name) const;
    /// The snapshot of that name, or with an empty one the newest. Errors: not_found.
    Result<std::string> find(Task& task, const std::string& wanted) const;
    /// Reads a content; an error when it is not what its name says. Errors: corrupt (or missing),
    /// and those of `take`.
    Status read(Task& task, const BackupEntry& entry, const Sink& take) const;

    WorkFolder folder;

private:
    explicit BackupStore(WorkFolder opened) : folder(std::move(opened)) {}
};

/// Of all three types.
sdk::Argument backup_store_argument();
/// folder.verify and folder.restore.
std::vector<sdk::JobType> restore_types(const SharedServices& services);

}  // namespace sluice::work
