// SPDX-License-Identifier: Apache-2.0
// Pace: how fast one host is asked. Its delay grows with the host's latency and its Crawl-delay,
// and it stands still after 429, 503, Retry-After and dead connections. Gates that hosts share are
// in gates.h. Pure; the whole of it is kept on disk with the host.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/time.h"

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::crawl {

/// Defaults are those of docs/limits.md.
struct PaceConfig {
    Duration delay = 1s;          ///< between two starts at one host, at least
    std::uint32_t burst = 1;      ///< starts at once after a pause; 1 when a Crawl-delay counts
    double latency_factor = 1.0;  ///< the delay is at least this many times the latency
    Duration latency_delay_max = 30s;
    Duration crawl_delay_max = 300s;
    Duration backoff_base = 5s;  ///< doubled each time, to backoff_cap, with full jitter
    Duration backoff_cap = 1h;
    Duration retry_after_max = 24h;
    std::uint32_t dead_connects_max = 5;  ///< in a row; then the host is parked
    Duration park = 1h;
    std::uint32_t parks_max = 2;  ///< then the host is given up
    std::uint64_t faults = 0;
};

/// How a request ended, as far as the pace cares.
struct Answer {
    enum class Kind : std::uint8_t {
        fine,       ///< an answer that is not one of the others
        throttled,  ///< 429 or 503
        dead,       ///< no connection, or none that said anything
    };
    Kind kind = Kind::fine;
    Duration latency{0};                  ///< to the first byte
    std::optional<Duration> retry_after;  ///< as the header said, counted from now
};

class Pace {
public:
    /// The smallest time between two starts now.
    [[nodiscard]] Duration delay(const PaceConfig& config) const;
    /// When the next request may start.
    [[nodiscard]] WallTime next(const PaceConfig& config) const;
    void started(const PaceConfig& config, WallTime now);
    /// `random` is uniform; the jitter of a backoff is made from it.
    void answered(const PaceConfig& config, const Answer& answer, WallTime now,
                  std::uint64_t random);
    /// After a crash: as if the whole burst had been started at `now`.
    void assume_spent(const PaceConfig& config, WallTime now);
    /// The delay was changed: as if the whole burst had been started when the last request was.
    void set_delay(const PaceConfig& config);
    void set_crawl_delay(Duration delay) { crawl_delay_ = delay; }
    /// Too many dead connections, again and again: its URLs are written off.
    [[nodiscard]] bool given_up(const PaceConfig& config) const {
        return parks_ > config.parks_max;
    }
    /// Stands still until then because the host asked for it or did not answer; the epoch: does
    /// not.
    [[nodiscard]] WallTime paused_until() const { return paused_until_; }
    [[nodiscard]] Duration latency() const { return latency_; }

    /// Coding for the host's record. Version: that of the record.
    void put(std::string& out) const;
    static Pace read(ByteReader& in);

private:
    WallTime last_start_{Duration{0}};
    WallTime full_at_{Duration{0}};  ///< as in Gcra, with an interval that changes
    WallTime paused_until_{Duration{0}};
    Duration latency_{0};  ///< smoothed, 1/8 of each new one
    Duration crawl_delay_{0};
    std::uint32_t backoff_ = 0;
    std::uint32_t dead_ = 0;
    std::uint32_t parks_ = 0;
};

}  // namespace sluice::crawl
