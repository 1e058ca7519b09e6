// SPDX-License-Identifier: Apache-2.0
// libraries: sim_core
// Any bytes as a trace: no crash, rows in order, refusals in one line that names a line.
#include "kernel/base/check.h"
#include "modules/sim/core/scenario_trace.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sluice;
using namespace sluice::sim;

void judge(const Result<std::vector<TraceRow>>& rows, bool names_line) {
    if (!rows) {
        const std::string& text = rows.error().message;
        SLUICE_CHECK(!text.empty() && text.size() <= 100'000);
        SLUICE_CHECK(!names_line || text.starts_with("line "));
        return;
    }
    Duration last{0};
    for (const TraceRow& row : *rows) {
        SLUICE_CHECK(row.at >= last);
        SLUICE_CHECK(!row.service || *row.service >= Duration{0});
        last = row.at;
    }
    SLUICE_CHECK(trace_times(*rows, {}).size() == rows->size());
    SLUICE_CHECK(trace_services(*rows, {}).size() <= rows->size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    judge(parse_trace_csv(text), true);
    judge(parse_trace_csv("at,queue,service\n" + std::string(text)), true);
    judge(parse_trace_jobs(text), false);
    return 0;
}
