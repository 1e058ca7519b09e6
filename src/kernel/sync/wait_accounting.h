// SPDX-License-Identifier: Apache-2.0
// Wait accounting: who waited how long on what. Every place where a thread may sleep wraps the
// sleep in a ScopedWait; totals are kept for each site and thread name. Nothing is counted, and no
// clock read, where nobody waits. This is the data of the contention profile
// (kernel/observe/contention.h).
#pragma once

#include "kernel/base/time.h"
#include "kernel/sync/site_name.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// What a wait is for; it says how to read the number.
enum class WaitKind : std::uint8_t {
    lock,       ///< a lock that another thread holds: contention
    push,       ///< room in a full queue: back-pressure
    pop,        ///< an item in an empty queue: mostly idleness
    permit,     ///< a permit or a pooled object: a concurrency limit at work
    result,     ///< the end of a task
    condition,  ///< anything else
    queued,     ///< not a thread: how long a task lay in a queue before a thread took it
};
std::string_view to_string(WaitKind kind);

/// Where somebody waits: a name and a kind. Cheap to copy; keep it as a member of what is waited
/// on.
struct WaitSite {
    SiteName name;
    WaitKind kind = WaitKind::condition;
};

/// The sum of all waits of the threads of one name at one site.
struct WaitTotal {
    std::string site;
    WaitKind kind = WaitKind::condition;
    std::string thread;
    std::uint64_t waits = 0;
    Duration total{};
    Duration longest{};
};

/// What one of our threads does now.
struct ThreadNow {
    std::string name;
    int id = 0;        ///< the kernel's number, as top -H shows it
    std::string site;  ///< what it waits on; empty while it runs
    WaitKind kind = WaitKind::condition;
    Duration since{};  ///< how long it has waited
};

/// All totals since the start, the longest first; a moment's view that other threads change
/// meanwhile. Limit: 1,024 pairs of site and thread name; what comes later is counted under the
/// site "other". Any thread.
std::vector<WaitTotal> wait_totals();

/// The running threads that were started as a Thread, by name. Any thread.
std::vector<ThreadNow> threads_now();

/// Adds one wait that somebody else measured. Any thread.
void record_wait(WaitSite site, Duration waited) noexcept;

namespace detail {

/// What the calling thread waits on now; read by other threads.
struct WaitingNow {
    std::atomic<const char*> site{nullptr};  ///< null: it runs
    std::atomic<WaitKind> kind{WaitKind::condition};
    std::atomic<Duration::rep> since{0};
};
WaitingNow& waiting_now() noexcept;

/// Makes the calling thread one of threads_now() until it ends it again. `name` is copied.
class ListedThread {
public:
    explicit ListedThread(const std::string& name);
    ~ListedThread();
    ListedThread(const ListedThread&) = delete;
    ListedThread& operator=(const ListedThread&) = delete;

private:
    friend std::vector<ThreadNow> sluice::threads_now();
    const std::string name_;
    const int id_;
    const WaitingNow& now_;
};

}  // namespace detail

/// Counts its own life as one wait of the calling thread. Make it only when the thread really is
/// going to sleep. A wait inside a wait (a condition variable inside a channel's pop) counts once,
/// for the outer site.
class [[nodiscard]] ScopedWait {
public:
    explicit ScopedWait(WaitSite site) noexcept;
    ~ScopedWait();
    ScopedWait(const ScopedWait&) = delete;
    ScopedWait& operator=(const ScopedWait&) = delete;

private:
    WaitSite site_;
    Instant begun_;
    detail::WaitingNow* outermost_;  ///< null: inside another wait
};

}  // namespace sluice
