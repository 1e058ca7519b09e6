// SPDX-License-Identifier: Apache-2.0
// What the crawl's store keeps of each URL that was not had, for the list of broken links.
// Version 1: varint 1, Failure, status, problem. A change gets a new number here.
#pragma once

#include "kernel/base/result.h"
#include "modules/crawl/core/frontier/types.h"

#include <string>
#include <string_view>

namespace sluice::crawl {

struct FailureRecord {
    Failure failure = Failure::http;
    int status = 0;  ///< 0: nobody answered
    std::string problem;
};

std::string failure_record(const FailureRecord& failure);
/// Errors: corrupt.
Result<FailureRecord> read_failure(std::string_view record);

}  // namespace sluice::crawl
