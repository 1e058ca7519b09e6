// SPDX-License-Identifier: Apache-2.0
// What the kernel says of this process, for INFO and metrics.
#pragma once

#include "kernel/base/bytes.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice {

/// Memory in RAM now; zero where it cannot be read. One small read of /proc.
Bytes resident_memory();
/// Tells the allocator to give large blocks back at once instead of keeping them for later, so that
/// memory in RAM stays what is in use. Once, before other threads exist.
void keep_memory_small();
/// Gives memory that the allocator keeps for later back to the kernel; after work that needed much
/// for once.
void return_free_memory();
/// Lets this process have as many files and sockets open as the system allows it: the soft limit,
/// 1,024 on most systems, becomes the hard one. Once, at the start; programs that it runs inherit
/// it.
void raise_open_files();
/// How many files and sockets this process may have open at once.
std::size_t open_files_max();
/// User and system time used so far, in seconds.
double cpu_seconds();

/// The name of the thread with the kernel's number `id`, as top -H shows it; "?" when it has gone.
std::string thread_name(int id);
/// What the kernel says the thread does: its state (R, S, D …: see proc(5)) and, where the kernel
/// tells, the function that it sleeps in: "D in folio_wait_bit_common". "gone" when it has gone.
std::string thread_state(int id);

}  // namespace sluice
