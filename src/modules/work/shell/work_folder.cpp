// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/work_folder.h"

#include "kernel/base/text.h"
#include "modules/work/shell/beneath.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>

namespace sluice::work {

Result<std::vector<FolderEntry>> WorkFolder::list(
    const FolderLimits& limits, const CancelToken& cancel,
    const std::function<bool(const FolderEntry&)>& wanted) const {
    OwnedFd fd(open_beneath(fd_.get(), ".", O_RDONLY | O_DIRECTORY));
    if (!fd) return open_error(errno, ".");
    return InputFolder(std::move(fd)).list(limits, cancel, wanted);
}

Result<InputFile> WorkFolder::open_input(std::string_view path, Bytes bytes_max) const {
    return open_input_beneath(fd_, path, bytes_max);
}

Result<OutputFile> WorkFolder::open_output(std::string_view path, Bytes bytes_max) const {
    return open_output_beneath(fd_, path, bytes_max);
}

Result<WorkFolder::Parent> WorkFolder::parent_of(std::string_view path) const {
    SLUICE_TRY_STATUS(check_relative_path(path));
    const std::size_t slash = path.rfind('/');
    const bool is_nested = slash != std::string_view::npos;
    const std::string above = is_nested ? std::string(path.substr(0, slash)) : ".";
    OwnedFd folder(open_beneath(fd_.get(), above, O_RDONLY | O_DIRECTORY));
    if (!folder) return open_error(errno, path);
    return Parent{std::move(folder), std::string(is_nested ? path.substr(slash + 1) : path)};
}

Result<std::optional<FolderEntry>> WorkFolder::about(std::string_view path) const {
    auto parent = parent_of(path);
    if (!parent && parent.error().code == Code::not_found) return std::optional<FolderEntry>{};
    if (!parent) return parent.error();
    struct stat about{};
    if (::fstatat(parent->folder.get(), parent->name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno == ENOENT) return std::optional<FolderEntry>{};
        return open_error(errno, path);
    }
    return std::optional(folder_entry(about, std::string(path)));
}

Result<bool> WorkFolder::has(std::string_view path) const {
    SLUICE_TRY(const auto found, about(path));
    return found.has_value();
}

Result<std::string> WorkFolder::read(std::string_view path, Bytes bytes_max) const {
    SLUICE_TRY(InputFile file, open_input(path, bytes_max));
    std::string text(file.size(), '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        SLUICE_TRY(const std::size_t count,
                   file.read(std::span<char>(text.data() + done, text.size() - done)));
        if (count == 0) break;
        done += count;
    }
    text.resize(done);
    return text;
}

Status WorkFolder::write(std::string_view path, std::string_view text, bool replace) const {
    SLUICE_TRY(OutputFile file,
               open_output(path, Bytes{std::numeric_limits<std::uint64_t>::max()}));
    SLUICE_TRY_STATUS(file.write(text));
    return replace ? file.commit() : file.commit_new();
}

Status WorkFolder::remove_file(std::string_view path) const {
    auto parent = parent_of(path);
    if (!parent) return parent.error().code == Code::not_found ? Status() : parent.error();
    if (::unlinkat(parent->folder.get(), parent->name.c_str(), 0) == 0 || errno == ENOENT) {
        return {};
    }
    return open_error(errno, path);
}

Result<bool> WorkFolder::remove_folder(std::string_view path) const {
    SLUICE_TRY(const Parent parent, parent_of(path));
    if (::unlinkat(parent.folder.get(), parent.name.c_str(), AT_REMOVEDIR) == 0) return true;
    if (errno == ENOTEMPTY || errno == EEXIST) return false;
    return open_error(errno, path);
}

Status WorkFolder::remove_all(std::string_view path) const {
    auto parent = parent_of(path);
    if (!parent) return parent.error().code == Code::not_found ? Status() : parent.error();
    return remove_tree(parent->folder.get(), parent->name);
}

}  // namespace sluice::work
