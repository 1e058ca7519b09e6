// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them, the same in the terminal and in the report.
#pragma once

#include "kernel/base/time.h"
#include "modules/crawl/core/frontier/types.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// "12,345".
std::string count_words(std::uint64_t count);
/// "417 B", "3.4 KiB", "12.0 GiB".
std::string byte_words(double bytes);
/// "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".
std::string duration_words(Duration duration);
/// "0.25", "3.1", "417", "12,345".
std::string rate_words(double per_second);
/// "1 page", "12,345 pages".
std::string plural(std::uint64_t count, std::string_view noun);
/// "4.2 %"; "<0.1 %" rather than nothing.
std::string share_words(std::uint64_t part, std::uint64_t whole);

/// What a person should know of it: "robots.txt forbids it".
std::string_view explain(Exclusion exclusion);
/// "the name could not be resolved".
std::string_view explain(Failure failure);

}  // namespace sluice::crawl
