// SPDX-License-Identifier: Apache-2.0
// The 64-bit hash that the sketches of this folder are fed with. Not for anything that an enemy
// must not guess: it has no secret.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::work {

/// XXH3, the same on every machine.
std::uint64_t hash64(std::string_view bytes);

}  // namespace sluice::work
