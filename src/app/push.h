// SPDX-License-Identifier: Apache-2.0
// The options of `sluice push`, shared by its two ways: one job from the command line (push.cpp)
// and many from a file (push_file.cpp).
#pragma once

#include "app/client_options.h"
#include "sdk/job_spec.h"

#include <string>
#include <vector>

namespace sluice::app {

struct PushArguments {
    ServerArguments server;
    std::string type;
    std::vector<std::string> values;
    std::string args;  ///< the whole array, instead of values
    std::string queue;
    int priority = 0;   ///< 0: not given
    int retry = -1000;  ///< not given
    std::string at;
    std::string reserve_for;
    std::string timeout;
    std::string backoff;
    std::string keep;
    std::string jid;
    std::string custom;
    bool wait = false;
    std::string wait_timeout;
    std::string file;
    std::string run;
    bool strict = false;
    bool quiet = false;
};
inline constexpr int retry_not_given = -1000;

/// The job that the options describe. `now` is for relative times. Errors: invalid.
Result<sdk::JobSpec> job_from(const PushArguments& arguments, WallTime now);

/// A JSON array of the words: each is JSON if it reads as JSON, else a text.
std::string args_from(const std::vector<std::string>& words);

/// One line of a jobs file, made ready to be pushed.
struct LineSettings {
    std::string type;      ///< for lines without one, and for lines that are arrays of arguments
    std::string defaults;  ///< `"queue":"a","retry":3`: members for lines without them
    std::string label;     ///< what jids are made from, beside line number and content
};
/// A whole JSON object with a jid. Errors: invalid (what is wrong with the line).
Result<std::string> job_from_line(std::string_view line, std::uint64_t number,
                                  const LineSettings& settings, WallTime now);

/// Pushes every line of the file. The exit code.
Result<int> push_file(const PushArguments& arguments);

}  // namespace sluice::app
