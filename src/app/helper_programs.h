// SPDX-License-Identifier: Apache-2.0
// From `sluice` to the programs that lie beside it and link what it does not need itself.
#pragma once

#include "kernel/base/result.h"

#include <cstddef>
#include <string>
#include <vector>

namespace sluice::app {

enum class Helper {
    worker,   ///< sluice-worker: the job types
    crawler,  ///< sluice-crawler
};

/// Replaces this process by the helper with these words; `name` is what it says it is. Comes back
/// only when it could not, with the exit code.
int become(Helper helper, std::string name, std::vector<std::string> words);

/// Runs sluice-worker with these words and waits for its end: its exit code. Errors: not_found (it
/// is not installed beside this program), io.
Result<int> run_worker(std::string name, std::vector<std::string> words);

/// The same with its standard output, at most helper_output_bytes_max of it (exhausted beyond).
struct HelperOutput {
    int exit_code = 0;
    std::string text;
};
inline constexpr std::size_t helper_output_bytes_max = 16 << 20;
Result<HelperOutput> read_worker(std::string name, std::vector<std::string> words);

}  // namespace sluice::app
