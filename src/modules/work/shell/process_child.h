// SPDX-License-Identifier: Apache-2.0
// The two processes below a worker that run a program: the keeper, and the child that becomes the
// program. What happens between fork and exec. An inner part of process.cpp.
#pragma once

#include "modules/work/shell/confinement.h"
#include "modules/work/shell/process.h"

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstddef>

namespace sluice::work {

struct Limit {
    int resource;
    rlim_t value;
};

/// Everything the children need, made ready before fork: between fork and exec only
/// async-signal-safe functions may be called (signal-safety(7)), so there is no memory to be had.
struct ChildPlan {
    const char* path;
    const char* folder;
    char* const* arguments;
    char* const* environment;
    int input, output, errors;
    int progress;  ///< becomes descriptor 3; -1: none
    int report;    ///< errno, if the program cannot be started
    int status;    ///< how the program ended, as waitpid() says it
    int cgroup;    ///< cgroup.procs of the control group it belongs to; -1: none
    pid_t parent;
    NamespacePlan namespaces;
    std::array<Limit, 5> limits;
    std::size_t limit_count;
};

/// What the keeper is told by signals. They are blocked and waited for, so it has no handlers.
inline constexpr int keeper_end_signal = 15;  ///< SIGTERM: asks the program to end
inline constexpr int keeper_kill_signal =
    10;  ///< SIGUSR1: kills everything; also when the worker dies

/// Fills in the resource limits.
void add_limits(ChildPlan& plan, const ProcessLimits& limits);

/// Looks after one program: whatever it starts, and however that leaves its process group, becomes
/// the keeper's child once its own parent has gone, and so nothing outlives the job.
[[noreturn]] void be_keeper(const ChildPlan& plan);

}  // namespace sluice::work
