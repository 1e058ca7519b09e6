// SPDX-License-Identifier: Apache-2.0
// Pipeline: stages on threads of their own, joined by bounded channels. The end of the input runs
// through as a close, an error stops what is before it and lets what is behind it finish.
#include "kernel/sync/pipeline.h"

#include <cstdio>
#include <map>
#include <string>

using sluice::CancelToken;
using sluice::Channel;
using sluice::ChannelStatus;
using sluice::Code;
using sluice::Error;
using sluice::Pipeline;
using sluice::Result;
using sluice::Status;

namespace {

/// "name amount" to (name, amount).
Result<std::pair<std::string, int>> parse(const std::string& line) {
    const std::size_t blank = line.find(' ');
    if (blank == std::string::npos) return Error{Code::invalid, "no amount in \"" + line + "\""};
    return std::pair{line.substr(0, blank), std::stoi(line.substr(blank + 1))};
}

/// Reads `lines` lines, sums the amounts of each name. The line with the number `faulty` is broken.
void run(int lines, int faulty) {
    std::map<std::string, int> sums;
    Pipeline pipeline;
    auto& read = pipeline.source<std::string>(
        {.name = "read", .capacity = 8},
        [=](Channel<std::string>& out, const CancelToken&) -> Status {
            for (int i = 1; i <= lines; ++i) {
                std::string line = (i % 2 == 0 ? "even " : "odd ") + std::to_string(i);
                if (i == faulty) line = "torn";
                // Waits while the next stage is behind; "closed" when nobody wants more.
                if (out.push(std::move(line)) != ChannelStatus::ok) break;
            }
            return {};
        });
    // Two threads parse: the order of the lines is lost, which a sum does not mind.
    auto& parsed = pipeline.stage<std::pair<std::string, int>>(
        {.name = "parse", .threads = 2, .capacity = 8}, read,
        [](const std::string& line) { return parse(line); });
    // One thread sums: it owns the map, so there is no lock.
    pipeline.sink({.name = "sum"}, parsed, [&](const std::pair<std::string, int>& entry) -> Status {
        sums[entry.first] += entry.second;
        return {};
    });

    const Status end = pipeline.wait();
    if (!end) {
        std::printf("%d lines: %s\n", lines, end.error().text().c_str());
        return;
    }
    std::printf("%d lines:", lines);
    for (const auto& [name, sum] : sums) std::printf(" %s %d", name.c_str(), sum);
    std::printf("\n");
}

}  // namespace

int main() {
    run(1000, 0);
    run(1000, 500);
    return 0;
}
