// SPDX-License-Identifier: Apache-2.0
// What RootedFiles, InputFolder and OutputFolder are made of beside kernel/net/beneath.h: names for
// what is not finished, and taking folders away. Private to this folder.
#pragma once

#include "kernel/base/result.h"
#include "kernel/net/beneath.h"

#include <string>
#include <string_view>

namespace sluice::work {

/// The name under which something that will be `name` is written: ".NAME.RANDOM.part".
std::string aside_name(std::string_view name);
/// Whether a name has that form, so is nobody's result.
bool is_aside_name(std::string_view name);

/// Takes away a file, or a folder with everything in it, of the folder `parent`; follows no link.
/// Errors: io; what could be taken away is gone all the same.
Status remove_tree(int parent, const std::string& name);

}  // namespace sluice::work
