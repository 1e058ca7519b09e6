// SPDX-License-Identifier: Apache-2.0
// Pulse: by which work that must not take long shows that it ends. It says when a turn begins and
// when it is over; a turn that does not end is a stall, which watchdog.h reports.
#pragma once

#include "kernel/base/time.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/site_name.h"

#include <atomic>
#include <string>
#include <vector>

namespace sluice {

/// The sign of life of one piece of work that one thread at a time does. Made and destroyed by any
/// thread; seen by stalls() while it exists.
class Pulse {
public:
    explicit Pulse(SiteName name);
    ~Pulse();
    Pulse(const Pulse&) = delete;
    Pulse& operator=(const Pulse&) = delete;

    /// A turn of the calling thread begins, or goes on and has got somewhere. One clock reading and
    /// two atomic stores.
    void beat() noexcept;
    /// The turn is over, or waits on purpose.
    void rest() noexcept { since_.store(resting, std::memory_order_release); }

    /// A turn from here to the end of the block.
    class [[nodiscard]] Turn {
    public:
        explicit Turn(Pulse& pulse) noexcept : pulse_(pulse) { pulse_.beat(); }
        ~Turn() { pulse_.rest(); }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

    private:
        Pulse& pulse_;
    };

private:
    friend std::vector<struct Stall> stalls(Duration longer_than, Instant now);
    static constexpr Duration::rep resting = -1;

    const SiteName name_;
    std::atomic<Duration::rep> since_{resting};
    std::atomic<int> thread_{0};
};

/// A turn that has not ended.
struct Stall {
    std::string site;    ///< the name of the pulse
    std::string thread;  ///< the name of the thread
    int id = 0;          ///< the kernel's number of the thread
    Instant since{};     ///< when the turn began
    Duration lasts{};

    /// "thread jobs-sync has been in jobs.sync for 3.2 s"
    [[nodiscard]] std::string text() const;
};

/// What counts as a stall where nothing else is said.
inline constexpr Duration stall_limit = 2s;

/// All turns that last longer than that at `now`. Any thread.
std::vector<Stall> stalls(Duration longer_than = stall_limit, Instant now = monotonic_now());

}  // namespace sluice
