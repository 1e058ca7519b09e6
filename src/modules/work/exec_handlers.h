// SPDX-License-Identifier: Apache-2.0
// Programs as handlers: a job type of its own for each program that the settings name. What program
// and worker say to each other is core/exec_protocol.h; docs/operations.md tells it to people.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "sdk/handler.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::work {

/// The end of what a program wrote on standard error, in the message of a failed job.
inline constexpr std::size_t exec_complaint_bytes_max = 2000;

/// What is done when the kernel does not offer a namespace that was wanted.
enum class Confine : std::uint8_t {
    where_possible,  ///< it runs without
    required,        ///< the worker does not start
};

/// One program that runs all jobs of one type.
struct ExecHandler {
    std::string name;  ///< The job type.
    /// The program, absolute or found in /usr/local/bin, /usr/bin, /bin, and its arguments. No
    /// shell.
    std::vector<std::string> command{};
    std::string summary{};
    /// Where it starts; empty: the folder for writing, else /.
    std::string folder{};
    /// NAME=value, beside PATH, LANG, TMPDIR and SLUICE_…; nothing of the worker's is passed on.
    std::vector<std::string> environment{};
    /// Progress comes on descriptor 3 and not in lines of standard error.
    bool progress_on_descriptor = false;
    /// Exit codes and ranges ("64-78"); all others mean: try again.
    std::vector<std::string> success{"0"};
    std::vector<std::string> never_retry{"64", "65"};
    std::vector<std::string> give_back{};
    Duration timeout{3600s};
    Duration grace{2s};  ///< between SIGTERM and SIGKILL
    Duration cpu_time{3600s};
    Bytes memory{std::uint64_t{4} << 30};  ///< address space of each process
    Bytes file_size{std::uint64_t{1} << 30};
    std::uint64_t open_files = 1024;
    Bytes output_max = mib(1);  ///< of standard output; the job fails for good past it
    bool network = false;
    bool private_tmp = true;
    Confine confine = Confine::where_possible;
    /// With WorkSettings::cgroup only, all its processes together; 0: no limit.
    Bytes group_memory{0};
    std::uint64_t group_processes = 0;
    double group_cpu = 0;
};

/// One row for each. Errors: invalid (a setting; the message names it), not_found (the program),
/// denied (confinement is required and not to be had).
Result<std::vector<sdk::JobType>> exec_handler_types(const std::vector<ExecHandler>& handlers,
                                                     const std::string& write_root,
                                                     const std::string& cgroup);
/// For people: how each program is shut in, and what is missing for it on this machine.
std::vector<std::string> describe_confinement(const std::vector<ExecHandler>& handlers,
                                              const std::string& cgroup);

}  // namespace sluice::work
