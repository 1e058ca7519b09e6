// SPDX-License-Identifier: Apache-2.0
// What this process may use of the machine: processors and memory, by affinity and by the limits of
// its control groups (versions 1 and 2), and how its memory stands now. Linux's /proc and /sys.
#pragma once

#include "sdk/needs.h"
#include "sdk/pressure.h"

#include <string>

namespace sluice::sdk {

/// `root` stands before /proc and /sys, for tests. Processors: those it may run on, or the quota of
/// a control group if that is less; memory: that of the machine or of the smallest control group.
Capacity detect_capacity(const std::string& root = "");

/// Of the machine, or of the control group with a limit that has least left.
MemorySample sample_memory(const std::string& root = "");

}  // namespace sluice::sdk
