// SPDX-License-Identifier: Apache-2.0
// A folder being filled aside; commit() puts it in its place at once and whole. Everything in it is
// made without following a link, and gets modes that the worker's umask allows: no set-user-ID, no
// devices.
#pragma once

#include "kernel/base/time.h"
#include "modules/work/shell/rooted_files.h"

#include <optional>

namespace sluice::work {

/// A file being filled in an OutputFolder. One owner.
class FolderFile {
public:
    /// Writes at a place of the file; what is left out reads as zeros. Errors: exhausted (disk
    /// full), io.
    Status write_at(std::uint64_t offset, std::string_view bytes);
    /// Gives it its length and its time. Errors: io.
    Status finish(std::uint64_t size, std::optional<WallTime> changed);

private:
    friend class OutputFolder;
    explicit FolderFile(OwnedFd fd) : fd_(std::move(fd)) {}
    OwnedFd fd_;
};

/// Without commit() nothing of it remains. A process killed meanwhile leaves a folder named
/// `.NAME.RANDOM.part`, which may be deleted. Paths are those that check_relative_path lets
/// through. One owner.
class OutputFolder {
public:
    ~OutputFolder();
    OutputFolder(OutputFolder&& other) noexcept = default;
    OutputFolder& operator=(OutputFolder&&) = delete;
    OutputFolder(const OutputFolder&) = delete;
    OutputFolder& operator=(const OutputFolder&) = delete;

    /// With missing folders above; one that is there is fine. Errors: invalid, exists (a file),
    /// denied (a link above), io.
    Status make_folder(std::string_view path);
    /// With missing folders above. Errors: exists, and as make_folder.
    Result<FolderFile> make_file(std::string_view path, bool executable);
    /// A symbolic link; whether it stays inside is for leads_inside(). Errors: as make_file.
    Status make_link(std::string_view path, const std::string& target);
    /// Another name for a file that is in the folder. Errors: not_found, and as make_file.
    Status make_hard_link(std::string_view path, std::string_view existing);
    /// Whether what the path names, links followed, is there and in this folder. Errors: denied,
    /// not_found, io.
    [[nodiscard]] Status leads_inside(std::string_view path) const;
    /// Errors: io.
    Status remove_link(std::string_view path);
    /// Of a folder, once everything is in it. Errors: io.
    Status set_time(std::string_view path, WallTime changed);

    /// Synchronises everything, renames it, synchronises the folder above. With `replace`, a
    /// folder of that name is exchanged for this one and then deleted. Errors: exists, io.
    Status commit(bool replace);

private:
    friend class RootedFiles;
    OutputFolder() = default;
    Result<int> folder_above(std::string_view path);
    Status exchange();

    OwnedFd parent_;
    OwnedFd fd_;
    std::string name_;
    std::string aside_;  ///< Name while it is being filled; empty once it is in place.
    /// The folder that was needed last.
    std::string above_path_;
    OwnedFd above_;
};

}  // namespace sluice::work
