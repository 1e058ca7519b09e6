// SPDX-License-Identifier: Apache-2.0
// What the rows of http.get, http.request and http.download share. Private to this module.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/time.h"
#include "modules/work/task.h"

namespace sluice::work {

/// Of `http.request`: what is sent, what is looked at by its checks, what the result shows.
inline constexpr Bytes http_sent_max = mib(16);
inline constexpr Bytes http_checked_max = mib(4);
inline constexpr Bytes http_shown_max = kib(64);
/// Of `http.download`.
inline constexpr Bytes http_download_max{std::uint64_t{16} << 30};
inline constexpr Duration http_download_time_max{std::chrono::hours(12)};

/// Answers of a web server that say "not now" rather than "no".
inline bool asks_for_patience(int status) {
    return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
           status == 504;
}

sdk::JobType http_request(const SharedServices& services);
sdk::JobType http_download(const SharedServices& services);

}  // namespace sluice::work
