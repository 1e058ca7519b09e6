// SPDX-License-Identifier: Apache-2.0
// SLUICE_CHECK: an assertion that stays on in release. For programmers' faults only; it never
// judges input.
#pragma once

namespace sluice {

/// Prints the failed condition with its place to stderr and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace sluice

#define SLUICE_CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::sluice::check_failed(#condition, __FILE__, __LINE__))
