// SPDX-License-Identifier: Apache-2.0
// Names of entries in archives: which of them may become a path below a folder, and which of them
// are meant by the patterns of a job. Pure; says nothing about what is on the disk.
#pragma once

#include "kernel/base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::work {

/// Why a name may not become a path.
enum class NameFault {
    no_name,   ///< Empty, or the archive gives none that can be read.
    absolute,  ///< Begins with `/`.
    upwards,   ///< Has a `..` part.
    control,   ///< Has a line end or another control character.
    not_utf8,
    too_long,  ///< More bytes than the limit, or a part of more than 255.
    too_deep,  ///< More parts than the limit.
};
/// A few words for people: "leads upwards".
std::string_view to_string(NameFault fault);

struct NameLimits {
    std::size_t bytes_max = 1024;
    std::size_t parts_max = 64;
};

/// The path that a name stands for: without `.` parts, doubled and closing slashes. Empty for the
/// folder itself ("./").
std::variant<std::string, NameFault> clean_entry_name(std::string_view name,
                                                      const NameLimits& limits = {});

/// A name as it may stand in a message: cut, without control characters, valid UTF-8, in quotes.
std::string quoted_name(std::string_view name);

/// Which paths are meant, by patterns (path_pattern.h) of them or of a folder above them.
class NamePatterns {
public:
    /// At most 100 of each, of 1,000 bytes. Errors: exhausted, invalid (an empty one).
    static Result<NamePatterns> make(std::vector<std::string> include,
                                     std::vector<std::string> exclude);

    /// True unless the path or a folder above it is excluded.
    [[nodiscard]] bool is_kept(std::string_view path) const;
    /// Kept, and included (by itself or with a folder above it) if anything was included by name.
    [[nodiscard]] bool is_meant(std::string_view path) const;

private:
    std::vector<std::string> include_;
    std::vector<std::string> exclude_;
};

}  // namespace sluice::work
