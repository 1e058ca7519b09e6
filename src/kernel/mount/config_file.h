// SPDX-License-Identifier: Apache-2.0
// Reads a TOML file into flat "section.key" values with their lines.
#pragma once

#include "kernel/base/result.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace sluice {

/// A value that no setting can take (a float, a date, an array of numbers): its name, for the
/// error.
struct OtherTomlValue {
    std::string description;
};

/// One key of the file.
struct FileValue {
    std::string name;
    std::variant<std::string, std::int64_t, bool, std::vector<std::string>, OtherTomlValue> value;
    std::uint32_t line = 0;
};

/// All values in the order of the file. Limit: 1 MiB. Errors: io (cannot be read), invalid (not
/// TOML; the message starts with file:line).
Result<std::vector<FileValue>> read_toml_file(const std::string& path);

}  // namespace sluice
