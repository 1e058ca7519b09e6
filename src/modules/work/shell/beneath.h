// SPDX-License-Identifier: Apache-2.0
// Opening below a folder and nowhere else, by the kernel's word (openat2): what RootedFiles,
// InputFolder and OutputFolder are made of. Private to this folder.
#pragma once

#include "kernel/base/result.h"
#include "kernel/net/owned_fd.h"

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::work {

/// Opens below `folder`; neither `..` nor a symbolic link leads outside, and no link is followed.
/// -1 and errno where that fails.
int open_beneath(int folder, const std::string& path, std::uint64_t flags, mode_t mode = 0);
/// Whether `path`, links followed, is there and below `folder`. Errors: denied (it leads out),
/// not_found, io.
Status check_leads_beneath(int folder, const std::string& path);
/// What an errno of open_beneath means for whoever named the path.
Error open_error(int error, std::string_view path);
/// What the system says about an errno.
std::string said(int error);

/// The name under which something that will be `name` is written: ".NAME.RANDOM.part".
std::string aside_name(std::string_view name);
/// Whether a name has that form, so is nobody's result.
bool is_aside_name(std::string_view name);

/// Takes away a file, or a folder with everything in it, of the folder `parent`; follows no link.
/// Errors: io; what could be taken away is gone all the same.
Status remove_tree(int parent, const std::string& name);

}  // namespace sluice::work
