// SPDX-License-Identifier: Apache-2.0
// libraries: work_core_csv
// Any bytes as a CSV file for csv.stats, whole and in pieces: no crash, the same records and the
// same statistics however it is cut, and the limits hold.
#include "kernel/base/check.h"
#include "modules/work/core/csv/csv_stats.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::work;

constexpr CsvLimits limits{.record_bytes_max = 2000, .fields_max = 50};
constexpr CsvStatsLimits stats_limits{
    .distinct_per_column_max = 20, .distinct_max = 100, .text_bytes_max = 16};

struct Read {
    std::string text;  ///< every record and its fields, and how it ended
    std::string statistics;
};

std::string describe(const CsvStats& stats) {
    std::string out = std::to_string(stats.rows()) + ' ' + std::to_string(stats.ragged());
    SLUICE_CHECK(stats.column_count() <= limits.fields_max);
    for (std::size_t i = 0; i < stats.column_count(); ++i) {
        const ColumnSummary column = stats.column(i);
        SLUICE_CHECK(column.distinct_estimated ||
                     column.distinct <= stats_limits.distinct_per_column_max);
        SLUICE_CHECK(column.values + column.nulls <= stats.rows());
        SLUICE_CHECK(column.name.size() <= stats_limits.text_bytes_max);
        SLUICE_CHECK(column.text_min.size() <= stats_limits.text_bytes_max);
        SLUICE_CHECK(column.text_max.size() <= stats_limits.text_bytes_max);
        out += '\n' + column.name + ' ' + std::string(to_string(column.kind)) + ' ' +
               std::to_string(column.values) + ' ' + std::to_string(column.distinct) + ' ' +
               column.text_min + ' ' + column.text_max;
        if (column.min) out += std::to_string(*column.min) + ' ' + std::to_string(*column.max);
    }
    return out;
}

Read read(std::string_view bytes, std::size_t piece, bool header, char delimiter) {
    Read out;
    CsvParser parser(delimiter, limits);
    CsvStats stats(header, stats_limits);
    const auto take = [&](std::span<const CsvField> fields) {
        SLUICE_CHECK(fields.size() <= limits.fields_max);
        stats.add(fields);
        for (const CsvField& field : fields) {
            out.text += field.quoted ? '"' : '\'';
            out.text += field.text;
        }
        out.text += '\n';
    };
    Status status;
    while (status && !bytes.empty()) {
        status = parser.feed(bytes.substr(0, piece), take);
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    if (status) status = parser.finish(take);
    if (!status) {
        const Code code = status.error().code;
        SLUICE_CHECK(code == Code::invalid || code == Code::exhausted);
        out.text += status.error().message;
    }
    out.statistics = describe(stats);
    return out;
}

}  // namespace

/// The first byte says what is read how.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const bool header = (data[0] & 1) != 0;
    const char delimiter = (data[0] & 2) != 0 ? ';' : ',';
    const std::size_t piece = 1 + (data[0] >> 2);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Read whole = read(bytes, bytes.size() + 1, header, delimiter);
    const Read cut = read(bytes, piece, header, delimiter);
    SLUICE_CHECK(whole.text == cut.text);
    SLUICE_CHECK(whole.statistics == cut.statistics);
    return 0;
}
