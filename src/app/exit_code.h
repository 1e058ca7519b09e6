// SPDX-License-Identifier: Apache-2.0
// What the program's exit codes mean (docs/operations.md, "Exit codes").
#pragma once

namespace sluice::app {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_not_found = 3;
inline constexpr int exit_no_server = 4;
inline constexpr int exit_timeout = 5;
inline constexpr int exit_job_failed = 6;

}  // namespace sluice::app
