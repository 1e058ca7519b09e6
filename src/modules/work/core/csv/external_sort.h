// SPDX-License-Identifier: Apache-2.0
// Sorting more than memory holds: records are sorted piece by piece into runs, which are merged.
// Knows keys and values as bytes only; csv_keys makes keys whose bytes sort as the values do. Pure:
// runs go to a RunStore.
#pragma once

#include "modules/work/core/csv/run_store.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

struct SortLimits {
    /// Bytes of the records kept in memory, with what is known of each. One record may have a
    /// quarter of it.
    std::size_t memory_max = std::size_t{64} << 20;
    /// Runs merged at once; more are merged in several passes.
    std::size_t fan_in_max = 64;
    /// Bytes read at once from each run.
    std::size_t read_bytes = std::size_t{128} << 10;
};

/// Stable: records with equal keys come out as they came in. First add() everything, then finish(),
/// then next() until it says false. Single owner.
class ExternalSorter {
public:
    explicit ExternalSorter(MakeRunStore make_store, SortLimits limits = {});
    ~ExternalSorter();
    ExternalSorter(const ExternalSorter&) = delete;
    ExternalSorter& operator=(const ExternalSorter&) = delete;

    /// Errors: exhausted (one record is too long), those of the store.
    Status add(std::string_view key, std::string_view value);
    /// Errors: those of the store.
    Status finish();
    /// The next record in order; false at the end. The views are valid until the next call.
    /// Errors: those of the store.
    Result<bool> next(std::string_view& key, std::string_view& value);

    [[nodiscard]] std::uint64_t count() const { return count_; }
    /// Bytes written aside, passes included, and runs; 0 where everything fitted into memory.
    [[nodiscard]] std::uint64_t spilled_bytes() const { return spilled_bytes_; }
    [[nodiscard]] std::uint64_t runs() const { return runs_made_; }

private:
    /// Where a record lies in the arena, with the beginning of its key, by which most comparisons
    /// are decided.
    struct Item {
        std::uint64_t prefix;
        std::uint32_t offset;
    };
    struct Run {
        std::uint64_t begin;
        std::uint64_t end;
    };
    class RunReader;
    class Merge;

    [[nodiscard]] std::string_view key_at(std::uint32_t offset) const;
    void sort_items();
    Status spill();
    Status merge_passes();
    Result<Run> merge_to(RunStore& target, std::size_t first, std::size_t count);

    MakeRunStore make_store_;
    SortLimits limits_;
    std::uint64_t count_ = 0;
    std::uint64_t spilled_bytes_ = 0;
    std::uint64_t runs_made_ = 0;
    std::vector<char> arena_;  ///< Records: two lengths of 32 bits, key, value.
    std::vector<Item> items_;
    std::size_t at_ = 0;
    std::unique_ptr<RunStore> store_;
    std::vector<Run> runs_;
    std::unique_ptr<Merge> merge_;
    std::string buffer_;
};

}  // namespace sluice::work
