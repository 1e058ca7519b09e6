// SPDX-License-Identifier: Apache-2.0
// TemporaryFolder: a folder for one task, gone with the object. What a killed process has left is
// removed by the next one that makes such a folder; those of living processes are locked.
#pragma once

#include "kernel/base/result.h"
#include "kernel/net/owned_fd.h"

#include <string>

namespace sluice {

class TemporaryFolder {
public:
    /// `prefix` is a path, such as "/tmp/sluice-job-"; six characters come behind it. Only this
    /// user can look into the folder. Errors: io.
    static Result<TemporaryFolder> make(const std::string& prefix);
    /// With what is in it.
    ~TemporaryFolder();
    TemporaryFolder(TemporaryFolder&&) noexcept = default;
    TemporaryFolder& operator=(TemporaryFolder&&) = delete;
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    TemporaryFolder(std::string path, OwnedFd lock)
        : path_(std::move(path)), lock_(std::move(lock)) {}

    std::string path_;
    OwnedFd lock_;  ///< none: moved from
};

}  // namespace sluice
