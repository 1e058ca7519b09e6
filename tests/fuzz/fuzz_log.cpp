// SPDX-License-Identifier: Apache-2.0
// libraries: work_core_logs
// Any bytes as a log for log.analyze, in each format and by detection: no crash, every line counted
// once, the same however it is cut, and the limits hold.
#include "kernel/base/check.h"
#include "modules/work/core/logs/log_summary.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::work;

constexpr LogLimits limits{.line_bytes_max = 500,
                           .top_table_max = 8,
                           .text_bytes_max = 16,
                           .points_max = 5,
                           .detect_lines = 4};

std::string describe(std::string_view bytes, std::size_t piece, std::optional<LogFormat> format) {
    LogSummary summary({.format = format}, limits);
    while (!bytes.empty()) {
        summary.feed(bytes.substr(0, piece));
        bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    summary.finish();
    SLUICE_CHECK(summary.lines == summary.unparsed + summary.counted);
    SLUICE_CHECK(summary.errors <= summary.counted);
    SLUICE_CHECK(summary.too_long <= summary.unparsed);
    SLUICE_CHECK(summary.examples.size() <= limits.examples_max);
    SLUICE_CHECK(summary.slowest().size() <= limits.slowest_max);
    std::string out = std::to_string(summary.lines) + ' ' + std::to_string(summary.unparsed) + ' ' +
                      std::to_string(summary.bytes) + ' ' + std::to_string(summary.errors);
    std::uint64_t points = 0;
    for (const auto& [second, point] : summary.series()) {
        points += point.lines;
        out += ' ' + std::to_string(second);
    }
    SLUICE_CHECK(summary.series().size() <= limits.points_max);
    SLUICE_CHECK(points <= summary.counted);
    for (const auto& entry : summary.paths.top(8)) {
        SLUICE_CHECK(entry.text.size() <= limits.text_bytes_max);
        out += ' ' + entry.text + '=' + std::to_string(entry.count);
    }
    for (const auto& example : summary.examples) out += '\n' + example.text;
    return out;
}

}  // namespace

/// The first byte says what is read how.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    std::optional<LogFormat> format;
    if ((data[0] & 7) < log_formats.size()) format = log_formats[data[0] & 7];
    const std::size_t piece = 1 + (data[0] >> 3);
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    SLUICE_CHECK(describe(bytes, bytes.size() + 1, format) == describe(bytes, piece, format));
    return 0;
}
