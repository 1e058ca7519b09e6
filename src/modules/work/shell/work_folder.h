// SPDX-License-Identifier: Apache-2.0
// A folder below the write root that jobs keep something in from run to run: read, added to and
// taken away from, without following a link (see RootedFiles for why nothing leads outside).
#pragma once

#include "modules/work/shell/input_folder.h"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::work {

/// Open as long as the object lives. Safe to use from several threads at once. Paths are those
/// that check_relative_path lets through.
class WorkFolder {
public:
    explicit WorkFolder(OwnedFd fd) : fd_(std::move(fd)) {}

    /// As InputFolder::list.
    [[nodiscard]] Result<std::vector<FolderEntry>> list(
        const FolderLimits& limits, const CancelToken& cancel,
        const std::function<bool(const FolderEntry&)>& wanted = {}) const;
    /// As RootedFiles::open_input and open_output.
    [[nodiscard]] Result<InputFile> open_input(std::string_view path, Bytes bytes_max) const;
    [[nodiscard]] Result<OutputFile> open_output(std::string_view path, Bytes bytes_max) const;
    /// What a path is; nothing when it is not there. A link is not followed. Errors: denied, io.
    [[nodiscard]] Result<std::optional<FolderEntry>> about(std::string_view path) const;
    [[nodiscard]] Result<bool> has(std::string_view path) const;

    /// A whole file. Errors: as open_input.
    [[nodiscard]] Result<std::string> read(std::string_view path, Bytes bytes_max) const;
    /// A whole file, put in place at once; with `replace` false, what is there stays. Errors:
    /// exists, and as open_output.
    Status write(std::string_view path, std::string_view text, bool replace = true) const;

    /// A file or link; what is not there is gone already. Errors: denied, io.
    Status remove_file(std::string_view path) const;
    /// An empty folder. False when it is not empty. Errors: denied, io.
    Result<bool> remove_folder(std::string_view path) const;
    /// With everything in it. Errors: denied, io.
    Status remove_all(std::string_view path) const;

private:
    /// The folder that a path's last part is in.
    struct Parent {
        OwnedFd folder;
        std::string name;
    };
    [[nodiscard]] Result<Parent> parent_of(std::string_view path) const;

    OwnedFd fd_;
};

}  // namespace sluice::work
