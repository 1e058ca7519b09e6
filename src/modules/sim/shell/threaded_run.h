// SPDX-License-Identifier: Apache-2.0
// The threaded run: real producer threads push work through the real bounded Channel to real
// consumer threads. Times are the machine's; what happens to which item is the seed's. The same in
// virtual time is not here.
#pragma once

#include "kernel/algo/histogram.h"
#include "kernel/base/result.h"
#include "kernel/sync/cancel.h"
#include "modules/sim/core/dist.h"
#include "modules/sim/core/dist_arrivals.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::sim {

inline constexpr std::uint64_t threaded_items_max = 100'000'000;
inline constexpr std::uint32_t threaded_producers_max = 256;
inline constexpr std::uint32_t threaded_consumers_max = 1'024;
inline constexpr std::uint64_t threaded_capacity_max = 1'000'000;
inline constexpr std::uint32_t threaded_retries_max = 100;
inline constexpr std::uint32_t threaded_priorities_max = 9;
inline constexpr std::uint64_t threaded_sample_max = 10'000;

/// How consumers learn that no more work comes.
enum class ShutdownStyle : std::uint8_t {
    close,    ///< The queue is closed.
    sentinel  ///< One item that is no work is pushed for each consumer.
};
std::string_view to_string(ShutdownStyle style);

/// What is run. check() says whether it makes sense.
struct ThreadedConfig {
    std::uint64_t items = 20;
    std::uint32_t producers = 1;
    std::uint32_t consumers = 3;
    std::uint64_t capacity = 10;
    double failure_rate = 0;    ///< Of an attempt, 0 to 1.
    std::uint32_t retries = 0;  ///< Further attempts of an item after a failed one.
    /// Levels; the highest number is taken first. 1 is plain first in, first out.
    std::uint32_t priorities = 1;
    Duration timeout{0};  ///< A consumer's wait on an empty queue; 0: no limit.
    std::uint64_t seed = 1;
    ShutdownStyle shutdown = ShutdownStyle::close;
    /// Of each producer; none: as fast as the queue takes items.
    std::optional<ArrivalProcess> arrival{};
    Distribution service{};
    std::uint64_t sample = 10;  ///< Items whose story is told.

    /// Errors: invalid, naming the flag of the command line and the allowed range.
    [[nodiscard]] Status check() const;
};

/// How an item ended.
enum class ItemEnd : std::uint8_t { consumed, failed, left };
std::string_view to_string(ItemEnd end);

/// The story of one item.
struct ItemResult {
    std::uint64_t item = 0;
    std::uint32_t producer = 0;
    std::uint32_t consumer = 0;  ///< Of the last attempt.
    std::uint32_t priority = 1;  ///< The highest is taken first.
    std::uint32_t attempts = 0;
    ItemEnd end = ItemEnd::left;
    Duration waited{0};  ///< From the last offer until a consumer took it.
    Duration worked{0};  ///< The last attempt.
};

struct ProducerStats {
    std::uint64_t produced = 0;
    Duration blocked_on_full{0};
};

struct ConsumerStats {
    std::uint64_t consumed = 0;
    std::uint64_t failed = 0;    ///< Items that failed for good in its hands.
    std::uint64_t attempts = 0;  ///< Ended attempts.
    std::uint64_t timeouts = 0;
    Duration busy{0};
    Duration blocked_on_empty{0};
    /// Busy time over attempts.
    [[nodiscard]] Duration mean_time() const {
        return attempts == 0 ? Duration{0} : busy / static_cast<std::int64_t>(attempts);
    }
};

/// How the run ended.
enum class RunEnd : std::uint8_t { complete, stopped, cancelled };
std::string_view to_string(RunEnd end);

/// Always: produced = consumed + failed + left.
struct ThreadedStats {
    std::uint64_t produced = 0;
    std::uint64_t consumed = 0;
    std::uint64_t failed = 0;   ///< Items that failed for good.
    std::uint64_t left = 0;     ///< Produced, and neither: in the queue or in hand at a cancel.
    std::uint64_t retried = 0;  ///< Attempts after the first.
    std::uint64_t timeouts = 0;
    std::uint64_t queue_depth_max = 0;
    double queue_depth_mean = 0;  ///< Over time.
    double throughput = 0;        ///< Ended items a second.
    Duration elapsed{0};
    Duration blocked_on_full{0};
    Duration blocked_on_empty{0};
    Histogram wait;
    Histogram work;
    RunEnd end = RunEnd::complete;
    std::vector<ProducerStats> producers;
    std::vector<ConsumerStats> consumers;
};

struct ThreadedReport {
    ThreadedConfig config;
    ThreadedStats stats;
    std::vector<ItemResult> sample;  ///< By item number.
};

/// The wishes of whoever watches a run, and what it sees. Any thread.
class ThreadedControl {
public:
    /// Producers end; what is in the queue is still worked on.
    void stop() { stop_.cancel(); }
    /// Everything ends now; what is unfinished counts as left.
    void cancel() { cancel_.cancel(); }

    [[nodiscard]] CancelToken stop_token() const { return stop_.token(); }
    [[nodiscard]] CancelToken cancel_token() const { return cancel_.token(); }

    /// Items produced and ended so far.
    std::atomic<std::uint64_t> produced{0};
    std::atomic<std::uint64_t> ended{0};

private:
    CancelSource cancel_;
    CancelSource stop_{cancel_.token()};
};

/// Runs to the end on threads of its own and joins them all. Blocks. Errors: invalid (the
/// configuration).
Result<ThreadedReport> run_threaded(const ThreadedConfig& config, ThreadedControl& control);

}  // namespace sluice::sim
