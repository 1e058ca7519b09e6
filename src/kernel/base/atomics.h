// SPDX-License-Identifier: Apache-2.0
// StdAtomics: where lock-free code gets its atomics from. The code takes it as a template
// parameter, so that the model checker of tests/interleave can put its own in their place; nothing
// else ever does.
#pragma once

#include <atomic>
#include <cstddef>

namespace sluice {

/// The atomics of the machine.
struct StdAtomics {
    template <class T>
    using Atomic = std::atomic<T>;
};

/// What two threads must not share if they are not to slow each other down, in bytes.
inline constexpr std::size_t cache_line = 64;

}  // namespace sluice
