// SPDX-License-Identifier: Apache-2.0
// libraries: work_core_csv
// Any text as what people write for csv.filter, csv.sort and csv.aggregate: no crash; what is
// accepted has a column and can be run over a record.
#include "kernel/base/check.h"
#include "modules/work/core/csv/csv_aggregate.h"
#include "modules/work/core/csv/csv_filter.h"
#include "modules/work/core/csv/csv_keys.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::work;

void run_filter(FilterCondition condition) {
    const std::string column = condition.column;
    const std::vector<CsvField> header = {{column, true}};
    const std::vector<CsvField> record = {{"12.5", false}};
    auto filter = CsvFilter::make({.conditions = {std::move(condition)}});
    if (!filter) return;
    // A name with blanks around it is not found, as headers are read without them.
    if (!filter->add(header)) return;
    SLUICE_CHECK(filter->add(record));
    SLUICE_CHECK(filter->rows() == 1 && filter->matched() <= 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (auto condition = parse_condition(text)) {
        SLUICE_CHECK(!condition->column.empty());
        run_filter(*std::move(condition));
    }
    if (const auto key = parse_sort_key(text)) SLUICE_CHECK(!key->column.empty());
    if (const auto column = parse_aggregate(text)) {
        SLUICE_CHECK(!column->name.empty());
        SLUICE_CHECK(column->share >= 0 && column->share <= 1);
    }
    return 0;
}
