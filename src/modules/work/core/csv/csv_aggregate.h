// SPDX-License-Identifier: Apache-2.0
// Groups of a table's records, and what is calculated of each. Groups that memory does not hold are
// sorted outside of it and calculated one after the other. Pure.
#pragma once

#include "modules/work/core/csv/csv_columns.h"
#include "modules/work/core/csv/external_sort.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace sluice::work {

enum class AggregateKind { count, sum, mean, min, max, distinct, quantile };

/// One column of the output.
struct AggregateColumn {
    AggregateKind kind = AggregateKind::count;
    std::string column{};  ///< Of the input; none for a plain count of records.
    double share = 0.5;    ///< Of quantile.
    std::string name{};    ///< In the output.
};

/// Reads "count", "count(price)" (values that are not null), "sum(price)", "mean(price)",
/// "min(day)", "max(day)", "distinct(customer)", "median(price)", "p95(price)", with "name=" before
/// it to name the output; else the text itself is the name. Errors: invalid.
Result<AggregateColumn> parse_aggregate(std::string_view text);

struct AggregateRequest {
    CsvFormat format{};
    std::vector<std::string> by{};  ///< None: one group of all records.
    std::vector<AggregateColumn> columns{};
    /// Bytes of groups kept in memory; those that come later go aside. Twice as much, which only
    /// quantiles and distinct values of many groups reach, is an error.
    std::size_t memory_max = std::size_t{128} << 20;
    std::uint64_t groups_max = 10'000'000;
    SortLimits sort{};
};

/// The output comes in the order in which groups first appeared, whether memory held them or not.
/// Sums, means and quantiles look at numbers only; min and max compare numbers if every value is
/// one, else bytes (of which the first 256 are kept). Single owner.
class CsvAggregate {
public:
    CsvAggregate(AggregateRequest request, MakeRunStore make_store);
    ~CsvAggregate();

    /// Errors: invalid (no such column), exhausted (memory), those of the store.
    Status add(std::span<const CsvField> record);
    /// No more records: begins the output.
    Status finish();
    /// Appends the next piece of output; false at the end. Errors: exhausted (groups), those of the
    /// store.
    Result<bool> next(std::string& out);

    [[nodiscard]] std::uint64_t rows() const { return rows_; }
    [[nodiscard]] std::uint64_t groups() const { return groups_; }
    [[nodiscard]] std::uint64_t spilled_bytes() const;

private:
    class Cell;
    class Group;

    Status begin(std::span<const CsvField> first);
    Status add_aside(std::span<const CsvField> record, std::string_view key);
    Status finish_aside();
    void put_group(std::string_view key, const Group& group, std::string& out);

    AggregateRequest request_;
    MakeRunStore make_store_;
    bool begun_ = false;
    std::vector<std::size_t> by_;
    std::vector<std::size_t> needed_;      ///< Columns that cells read.
    std::vector<std::size_t> cell_field_;  ///< Which of them; SIZE_MAX for none.
    std::string header_;
    std::string key_;
    std::vector<CsvField> fields_;
    std::uint64_t rows_ = 0;
    std::uint64_t groups_ = 0;
    std::size_t memory_ = 0;
    bool is_full_ = false;
    bool has_growing_ = false;  ///< A column whose cells need more memory with more records.
    std::unordered_map<std::string, std::size_t> index_;
    std::vector<std::pair<const std::string*, std::unique_ptr<Group>>> held_;
    std::size_t given_ = 0;
    /// Records of groups that came too late, by group; then their lines, by first appearance.
    std::unique_ptr<ExternalSorter> aside_;
    std::unique_ptr<ExternalSorter> lines_;
};

}  // namespace sluice::work
