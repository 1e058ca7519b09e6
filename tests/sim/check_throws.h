// SPDX-License-Identifier: Apache-2.0
// Included before every file of the simulator's build: a failed SLUICE_CHECK ends the history that
// is simulated, not the program, so that planted faults can run into the engine's own checks.
#pragma once

#include "kernel/base/check.h"

namespace sluice {

/// A SLUICE_CHECK that failed in simulated code.
struct CheckFailure {
    const char* condition;
    const char* file;
    int line;
};

[[noreturn]] inline void throw_check_failure(const char* condition, const char* file, int line) {
    throw CheckFailure{condition, file, line};
}

}  // namespace sluice

#undef SLUICE_CHECK
#define SLUICE_CHECK(condition)         \
    ((condition) ? static_cast<void>(0) \
                 : ::sluice::throw_check_failure(#condition, __FILE__, __LINE__))
