// SPDX-License-Identifier: Apache-2.0
// A folder below the one for writing, opened once and used by its descriptor: whatever becomes of
// the path meanwhile, what is written goes into this folder. The kernel keeps the promise
// (openat2), not a comparison of paths.
#pragma once

#include "kernel/base/result.h"
#include "kernel/net/owned_fd.h"

#include <string>
#include <string_view>

namespace sluice::crawl {

/// Whether it leads down from where it begins: no part is empty, `.`, `..`, or has control
/// characters.
bool is_plain_path(std::string_view path);

class JobFolder {
public:
    /// Makes missing folders. Neither `..` nor a symbolic link leads anywhere. `root` is configured
    /// by people and may be a link; `below` may be empty. Errors: denied (no root, a link, rights),
    /// io.
    static Result<JobFolder> open(const std::string& root, std::string_view below);
    /// The same for a folder that belongs to one crawl: a link inside it is refused as well, and
    /// so is a second one while the object lives. Errors: also busy.
    static Result<JobFolder> open_own(const std::string& root, std::string_view below);

    /// A path to this folder for whoever wants one; valid in this process while the object lives.
    [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }
    /// The error with `name` where it says path().
    [[nodiscard]] Error shown(Error error, std::string_view name) const;

private:
    explicit JobFolder(OwnedFd fd) : fd_(std::move(fd)) {}
    OwnedFd fd_;
};

}  // namespace sluice::crawl
