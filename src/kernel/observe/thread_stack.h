// SPDX-License-Identifier: Apache-2.0
// The stack of another thread of this process: for reports about a thread that does not come back.
#pragma once

#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/sync/stack_trace.h"

namespace sluice {

/// Interrupts the thread with the kernel's number `id` (ThreadNow::id) by a signal (SIGRTMIN + 3)
/// and reads its stack. A system call of that thread may end with EINTR, so this is for threads
/// that are in trouble already. One at a time; from any thread but that one. Errors: not_found (no
/// such thread), timeout (it blocks signals, or a system call that nothing interrupts has it).
Result<StackTrace> stack_of_thread(int id, Duration patience = 500ms);

}  // namespace sluice
