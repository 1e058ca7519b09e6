// SPDX-License-Identifier: Apache-2.0
// Runs one program to its end, shut in: no shell, given arguments and environment only, its own
// process group, no new privileges, resource limits, bounded output. Which programs may run is not
// decided here (exec_type.cpp does that).
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/sync/cancel.h"
#include "modules/work/shell/confinement.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::work {

/// What the kernel holds the program to (setrlimit(2)), each process of it for itself; without a
/// value the worker's own limit stays. Core dumps are always off.
struct ProcessLimits {
    std::optional<Duration> cpu_time{};
    std::optional<Bytes> memory{};     ///< Address space.
    std::optional<Bytes> file_size{};  ///< Of any file it writes.
    std::optional<std::uint64_t> open_files{};
};

struct ProcessSpec {
    std::string path;  ///< Absolute.
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  ///< NAME=value; nothing else is passed on.
    std::string folder = "/";              ///< Where it starts.
    std::string input;                     ///< What it reads; empty means /dev/null.
    Duration timeout{60s};
    /// Between SIGTERM and SIGKILL.
    Duration grace{2s};
    /// What is kept of each of its two outputs; the rest is read and thrown away.
    Bytes output_kept_max = kib(256);
    /// Above this much of both together the program is killed.
    Bytes output_total_max = mib(64);
    ProcessLimits limits{};
    Namespaces namespaces{};
    /// Folder of a control group (version 2) that it is put in; empty: the worker's.
    std::string cgroup{};
    /// Given what the program writes to its standard error, piece by piece as it comes, on the
    /// calling thread; then nothing of it is kept.
    std::function<void(std::string_view)> on_errors{};
    /// Opens descriptor 3 to the program, and is given what comes from there.
    std::function<void(std::string_view)> on_progress{};
};

/// What an output stream gave.
struct ProcessOutput {
    std::string text;
    std::uint64_t bytes = 0;  ///< All of it, kept or not.
    [[nodiscard]] bool is_cut() const { return bytes > text.size(); }
};

struct ProcessResult {
    int exit_code = 0;  ///< 128 + the signal where one ended it.
    int signal = 0;     ///< 0 where it ended by itself.
    ProcessOutput out;
    ProcessOutput err;
};

/// Runs the program and waits for its end, then kills every process that it has left behind, also
/// one that has left its group and session (setsid, daemons): a keeper process between the worker
/// and the program adopts them. On timeout or cancel: SIGTERM to the program's group, after the
/// grace SIGKILL to everything; when the worker dies, SIGKILL to everything. (A program that kills
/// its own keeper is not held; a service manager's control group holds that one.) Safe to call from
/// several threads at once. Errors: not_found, denied (cannot be executed), invalid (arguments and
/// environment are longer than the system takes), timeout, cancelled, exhausted (too much output),
/// io.
Result<ProcessResult> run_process(const ProcessSpec& spec, const CancelToken& cancel);

}  // namespace sluice::work
