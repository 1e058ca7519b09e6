// SPDX-License-Identifier: Apache-2.0
// What cleaning and synchronising a folder will do, decided from lists of files before anything is
// touched. Pure.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice::work {

struct FileFacts {
    std::string path;
    std::uint64_t size = 0;
    WallTime changed{};
    bool executable = false;
};

/// A file goes when every rule that is given says so.
struct CleanRules {
    std::vector<std::string> patterns{};  ///< for the name, or for the path if it holds a `/`
    std::optional<Duration> older_than{};
    std::optional<std::uint64_t> larger_than{};
    /// So many of the newest files that fit the patterns stay whatever the other rules say.
    std::uint64_t keep_newest = 0;
};

/// Places of the files that go, oldest first; of the same age by path.
std::vector<std::size_t> select_for_cleaning(const std::vector<FileFacts>& files,
                                             const CleanRules& rules, WallTime now);

struct SyncPlan {
    std::vector<std::size_t> copies;   ///< places in the source: not there, or other
    std::vector<std::size_t> unsure;   ///< places in the source: as large as its counterpart
    std::vector<std::size_t> deletes;  ///< places in the target: not in the source
    std::uint64_t same = 0;
};
/// Both lists sorted by path. With `by_content`, files of one size are `unsure` whatever their
/// times; else those of one time are the same, and others are copied.
SyncPlan plan_sync(const std::vector<FileFacts>& source, const std::vector<FileFacts>& target,
                   bool by_content);

/// How much a job may take away at most.
struct DeleteLimits {
    std::uint64_t files = 1'000;
    double percent = 50;
};
/// Errors: exhausted, with what to change if it was meant.
Status check_deletes(std::uint64_t deletes, std::uint64_t of, const DeleteLimits& limits);

}  // namespace sluice::work
