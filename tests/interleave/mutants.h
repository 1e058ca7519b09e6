// SPDX-License-Identifier: Apache-2.0
// Mutants: each operation of the code under test made weaker, one at a time, and which scenario
// notices. A weakening that nobody notices is a hole in the scenarios, or an order too strong.
#pragma once

#include "scenario.h"

#include <map>
#include <string>
#include <string_view>

namespace sluice::interleave {

/// Each weakening that the scenarios of `subject` (as "primitives/mutex.h"; empty: of all) come
/// upon → the scenario that caught it, or "".
std::map<Mutation, std::string> try_mutations(std::string_view subject);

/// Why a weakening that no scenario notices is left as it is, or null if it must be caught.
const char* why_left(const Mutation& mutation);

}  // namespace sluice::interleave
