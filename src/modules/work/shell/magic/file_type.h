// SPDX-License-Identifier: Apache-2.0
// What some bytes are, by libmagic and its database; never by a file's name.
#pragma once

#include "kernel/base/result.h"

#include <string>
#include <string_view>

namespace sluice::work {

struct FileType {
    std::string mime;         ///< "text/csv"
    std::string encoding;     ///< "us-ascii", "utf-8", "binary", …
    std::string description;  ///< For people: "CSV text".
};

/// The bytes are the beginning of a file. Any thread. Errors: internal (the library or its database
/// is not there).
Result<FileType> type_of_bytes(std::string_view bytes);

}  // namespace sluice::work
