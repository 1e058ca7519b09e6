// SPDX-License-Identifier: Apache-2.0
// Opening below a folder and nowhere else, by the kernel's word (openat2), not by a comparison of
// paths: for whoever is given names by others. It is here beside OwnedFd, not in kernel/store, so
// that its users need no database.
#pragma once

#include "kernel/base/result.h"
#include "kernel/net/owned_fd.h"

#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice {

/// Opens below `folder`; neither `..` nor a symbolic link leads outside, and no link is followed.
/// -1 and errno where that fails.
int open_beneath(int folder, const std::string& path, std::uint64_t flags, mode_t mode = 0);
/// Whether `path`, links followed, is there and below `folder`. Errors: denied (it leads out),
/// not_found, io.
Status check_leads_beneath(int folder, const std::string& path);
/// Makes what is missing of the folders and opens the last one; without `parts`, the folder itself.
/// `path` is for the message. Errors: as open_error.
Result<OwnedFd> make_folders_beneath(int folder, std::span<const std::string_view> parts,
                                     std::string_view path);
/// What an errno of open_beneath means for whoever named the path. Errors: invalid (too long),
/// not_found, denied, exists, exhausted (no space), io.
Error open_error(int error, std::string_view path);
/// What the system says about an errno.
std::string said(int error);

}  // namespace sluice
