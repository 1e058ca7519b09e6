// SPDX-License-Identifier: Apache-2.0
// Rates: all that may be changed while a crawl runs, and its record on disk. Pure.
#pragma once

#include "kernel/base/result.h"
#include "modules/crawl/core/politeness/gates.h"
#include "modules/crawl/core/politeness/pace.h"

#include <optional>
#include <string>
#include <string_view>

namespace sluice::crawl {

struct Rates {
    PaceConfig pace;
    GateConfig gates;
};

/// Key of the one record.
std::string rates_key();
/// `begun_with` are those that the run was given by its caller.
std::string rates_record(const Rates& rates, const Rates& begun_with);
/// The rates of the record, if `begun_with` are the same as then; nothing if the caller has chosen
/// others since. How many requests may run at once is no part of that comparison. Errors: corrupt.
Result<std::optional<Rates>> read_rates(std::string_view record, const Rates& begun_with);

}  // namespace sluice::crawl
