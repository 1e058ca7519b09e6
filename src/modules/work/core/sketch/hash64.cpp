// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/sketch/hash64.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sluice::work {

std::uint64_t hash64(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace sluice::work
