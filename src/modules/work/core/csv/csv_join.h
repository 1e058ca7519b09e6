// SPDX-License-Identifier: Apache-2.0
// Two tables put together where their key columns are equal. The right one is kept in memory if it
// fits; otherwise both are sorted by key outside of it and merged. The output is the same either
// way: in the order of the left records, and for each in the order of the right ones. Pure.
#pragma once

#include "modules/work/core/csv/csv_columns.h"
#include "modules/work/core/csv/external_sort.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

/// inner: pairs only. left: a left record without a partner comes once, with nulls. anti: only left
/// records without a partner.
enum class JoinKind { inner, left, anti };

struct JoinRequest {
    JoinKind kind = JoinKind::inner;
    CsvFormat left{};  ///< Its delimiter is also the output's.
    CsvFormat right{};
    std::vector<std::string> left_keys{};
    std::vector<std::string> right_keys{};  ///< As many.
    /// Put after the name of a right column that the left table has, too.
    std::string suffix = "_right";
    /// Of the right table in memory; after that, of the right records of one key.
    std::size_t memory_max = std::size_t{128} << 20;
    SortLimits sort{};
};

/// First every right record, then end_right(), then every left record, emptying `out` meanwhile;
/// then finish(), then next() until it says false. Nulls have no partners. Single owner.
class CsvJoin {
public:
    CsvJoin(JoinRequest request, MakeRunStore make_store);
    ~CsvJoin();

    /// Errors: invalid (no such column), those of the store.
    Status add_right(std::span<const CsvField> record);
    Status add_left(std::span<const CsvField> record);
    /// No more left records. Errors: exhausted (too many right records of one key), those of the
    /// store.
    Status finish();
    /// Appends more output; false at the end.
    Result<bool> next(std::string& out);

    [[nodiscard]] std::uint64_t left_rows() const { return left_rows_; }
    [[nodiscard]] std::uint64_t right_rows() const { return right_rows_; }
    [[nodiscard]] std::uint64_t rows_out() const { return rows_out_; }
    /// Left records that had a partner.
    [[nodiscard]] std::uint64_t matched() const { return matched_; }
    [[nodiscard]] bool is_sorted() const { return right_sorter_ != nullptr; }
    [[nodiscard]] std::uint64_t spilled_bytes() const;

    std::string out;

private:
    /// A right record in memory, in a list of those with the same hash.
    struct Row {
        std::uint64_t hash;
        std::uint64_t offset;  ///< In the arena: key, then the fields that are put out.
        std::uint32_t key_bytes;
        std::uint32_t line_bytes;
        std::uint32_t next;
    };
    static constexpr std::uint32_t none = UINT32_MAX;

    Status begin_right(std::span<const CsvField> first);
    Status begin_left(std::span<const CsvField> first);
    Status move_to_sorter();
    void build_index();
    void left_line(std::span<const CsvField> record);
    void put_pair(std::string_view left, std::string_view right, std::string& to);
    Status probe(bool has_key);
    Status merge_sorted();
    /// Takes the right records with that key from the sorter into `group_`.
    Status read_group(std::string_view key);
    Status advance_right();
    Status put_sorted(std::string_view order, std::string_view left, bool has_partners);

    JoinRequest request_;
    MakeRunStore make_store_;
    bool right_begun_ = false;
    bool left_begun_ = false;
    bool indexed_ = false;
    std::size_t left_width_ = 0;
    CsvColumns right_columns_;
    std::vector<std::size_t> left_keys_;
    std::vector<std::size_t> right_keys_;
    std::vector<std::size_t> right_shown_;
    std::string nulls_;  ///< The right half of a left record without a partner.
    std::string key_;
    std::string line_;
    std::vector<CsvField> fields_;
    std::uint64_t left_rows_ = 0, right_rows_ = 0, rows_out_ = 0, matched_ = 0;
    std::string arena_;
    std::vector<Row> rows_;
    std::vector<std::uint32_t> index_;
    std::unique_ptr<ExternalSorter> right_sorter_;
    std::unique_ptr<ExternalSorter> left_sorter_;
    std::unique_ptr<ExternalSorter> lines_;
    /// The right side of the merge: the record to look at next, and the records of one key.
    bool right_more_ = false;
    std::string_view right_key_;
    std::string_view right_line_;
    std::string group_key_;
    bool group_read_ = false;
    std::size_t group_bytes_ = 0;
    std::vector<std::string> group_;
};

}  // namespace sluice::work
