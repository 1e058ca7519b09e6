// SPDX-License-Identifier: Apache-2.0
// What the parts of `sluice simulate` share: the words of its command line, as typed.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace sluice::app {

/// As typed: numbers are read later, so that an error can name the flag and its range.
struct SimulateArguments {
    std::string items = "20";
    std::string producers = "1";
    std::string consumers = "3";
    std::string capacity = "10";
    std::string failure_rate = "0";
    std::string retry = "0";
    std::string priority;
    std::string timeout = "0";
    std::string arrival = "asap";
    std::string service = "exponential:10ms";
    std::string shutdown = "close";
    std::string seed = "1";
    std::string sample = "10";
    bool json = false;
    bool text = false;
    // Virtual time.
    bool is_virtual = false;
    std::string scenario;
    std::string replications;
    std::string duration;
    std::string warmup;
    std::string threads = "0";
    std::string html;
    std::string csv;
    std::string compare;
    std::vector<std::string> questions;
    /// The flags that were typed ("--items").
    std::set<std::string> given;
};

/// Real threads over the real channel; the exit code. Errors: invalid (a flag).
Result<int> simulate_threads(const SimulateArguments& arguments);

/// Virtual time; the exit code. Errors: invalid (a flag, the scenario), internal (an output file),
/// cancelled.
Result<int> simulate_virtual(const SimulateArguments& arguments);

/// A whole number within a range. Errors: invalid, naming the flag and the range.
struct CountFlag {
    std::string flag;
    std::string text;
    std::uint64_t least = 0;
    std::uint64_t most = 0;
};
Result<std::uint64_t> read_count(const CountFlag& flag);
/// From 0 to 1. Errors: invalid, naming the flag and the range.
Result<double> read_share(const std::string& flag, const std::string& text);

}  // namespace sluice::app
