// SPDX-License-Identifier: Apache-2.0
// Taking an archive apart into a folder: which entries become files, which are refused or left
// out, and why. Where the folder is and when it appears is OutputFolder's business.
#pragma once

#include "modules/work/core/entry_name.h"
#include "modules/work/shell/archives/archive_reader.h"
#include "modules/work/shell/output_folder.h"

#include <functional>
#include <map>

namespace sluice::work {

struct ExtractOptions {
    NameLimits names{};
    NamePatterns patterns{};
    /// What to do with an entry that cannot be extracted safely: refuse the whole archive, or leave
    /// it out and count it.
    bool skip_unsafe = false;
    /// Whether links are made, if they lead to something that was extracted; else they are left
    /// out.
    bool links = false;
    std::size_t links_max = 10'000;
};

struct ExtractCounts {
    std::uint64_t files = 0;
    std::uint64_t folders = 0;  ///< As the archive names them; those made for a file do not count.
    std::uint64_t links = 0;
    std::uint64_t bytes = 0;
    /// Entries that `patterns` did not mean.
    std::uint64_t not_meant = 0;
    /// Left out, by reason: "link" if none are asked for, else the unsafe ones: "absolute",
    /// "upwards", "bad_name" (control characters, not UTF-8, too long, too deep, none), "special"
    /// (devices and the like), "duplicate" (the place is taken), "bad_link" (leads outside or to
    /// nothing).
    std::map<std::string, std::uint64_t, std::less<>> skipped;
    /// Files whose path differs from another's only by the case of letters.
    std::uint64_t case_collisions = 0;
};

/// Extracts everything; without commit() of `folder` nothing of it stays. `report` is told each
/// entry. Errors: those of the reader and the folder, and invalid (an unsafe entry, named).
Result<ExtractCounts> extract_archive(ArchiveReader& reader, OutputFolder& folder,
                                      const ExtractOptions& options,
                                      const std::function<void()>& report);

}  // namespace sluice::work
