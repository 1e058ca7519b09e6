// SPDX-License-Identifier: Apache-2.0
// WorkerOwner: the one thread that knows which jobs a worker holds and in which phase it is. All
// decisions of the worker are here; it does no I/O. An inner part of Worker.
#pragma once

#include "kernel/base/random.h"
#include "sdk/capacity.h"
#include "sdk/worker.h"
#include "sdk/worker_asks.h"
#include "sdk/worker_events.h"
#include "sdk/worker_ready.h"
#include "sdk/worker_threads.h"

#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::sdk {

/// WorkerCounters for one writer and any readers.
struct SharedCounters {
    std::atomic<std::uint64_t> fetched{0};
    std::atomic<std::uint64_t> succeeded{0};
    std::atomic<std::uint64_t> failed{0};
    std::atomic<std::uint64_t> timed_out{0};
    std::atomic<std::uint64_t> cancelled{0};
    std::atomic<std::uint64_t> released{0};
    std::atomic<std::uint64_t> lost{0};
    std::atomic<std::uint64_t> stale{0};
    std::atomic<std::uint64_t> unsent{0};
    std::atomic<std::uint64_t> reconnects{0};
    std::atomic<std::uint64_t> beats{0};
    std::atomic<std::uint64_t> crashed{0};
    std::atomic<std::uint64_t> spooled{0};
    std::atomic<std::uint64_t> recovered{0};
    std::atomic<std::uint64_t> pressures{0};
    std::atomic<bool> under_pressure{false};
    std::atomic<std::uint32_t> running{0};
    std::atomic<std::uint32_t> held{0};
    std::atomic<std::uint32_t> parked{0};
    [[nodiscard]] WorkerCounters read() const;
};

/// The channels between the owner and the other threads.
struct WorkerChannels {
    explicit WorkerChannels(const WorkerOptions& options);
    /// Most jobs held, and most answers that may wait before nothing more is fetched.
    std::size_t held_max;
    std::size_t answers_max;
    WorkerEvents events;
    Tasks tasks;
    FetchOrders fetches;
    SendOrders sends;
    Asks asks;  ///< from the handlers to the sender
    std::vector<SlotRecord> slots;
    Wake leave;  ///< notified: the fetcher comes home
    Wake hurry;  ///< notified: the sender looks at its orders, even between two tries
};

class WorkerOwner {
public:
    WorkerOwner(const WorkerOptions& options, const HandlerTable& handlers,
                WorkerChannels& channels, SharedCounters& counters);

    /// Until the sender has ended. The error that made it stop, if one did.
    Status run();

private:
    enum class Phase : std::uint8_t { running, quiet, draining, cancelling, parting };
    enum class Why : std::uint8_t { none, cancel_requested, timed_out, lost, stopping };
    struct Held {
        Delivery delivery;  ///< without args and custom
        CancelSource source;
        Instant deadline = Instant::max();
        Why why = Why::none;
        Progressed progress;
        bool has_news = false;
        /// Its type has terms: it is counted by admission_.
        std::optional<Admission::Type> type{};
        /// While it waits for what it needs.
        std::optional<Task> parked{};
    };
    using HeldJobs = std::unordered_map<std::uint64_t, Held>;

    void on(Fetched& fetched);
    void on(const Started& started);
    void on(Finished& finished);
    void on(Progressed& progressed);
    void on(const Delivered& delivered);
    void on(const BeatAnswered& answered);
    void on(const Trouble& trouble);
    void on(const Reconnected& reconnected);
    void on(const SenderEnded& ended);
    void on(const Recovered& recovered);
    void on(const Spooled& spooled);
    void on(const Pressed& pressed);
    void on(const Inspect& inspect);
    void on(const Wish& wish);

    [[nodiscard]] std::optional<Admission::Type> admission_type(std::string_view type) const;
    void take_in(HeldJobs::iterator job, Task task);
    void hand_over(Task task);
    void hand_over_tasks();
    void start_admitted();
    void unpark(HeldJobs::iterator job);
    HeldJobs::iterator forget(HeldJobs::iterator job);
    void stop_overdue(Instant now);
    void pass_time(Instant now);
    [[nodiscard]] Instant next_deadline() const;
    void order_fetch();
    void note_fetched(std::size_t jobs);
    void watch_ready();
    void review_ready(Instant now);
    void beat(Instant now);
    void leave_queue(Phase phase);
    void start_drain();
    void start_cancel();
    void part_if_done();
    void stop_job(HeldJobs::iterator job, Why why, Error reason);
    void settle(HeldJobs::iterator job, Outcome&& outcome);
    void release(const std::string& jid, std::uint64_t lease,
                 std::optional<Duration> pause = std::nullopt);
    std::optional<Duration> pause_of(const Held& held, const Outcome& outcome);
    void answer(Answer answer);
    void send_answers();
    void remember(const Held& held, const Failure& failure);
    void say(const std::string& line) const;
    void publish();

    const WorkerOptions& options_;
    WorkerChannels& channels_;
    SharedCounters& counters_;
    Phase phase_ = Phase::running;
    HeldJobs held_;
    Admission admission_;
    /// Types with terms only.
    std::map<std::string_view, Admission::Type> admission_types_;
    /// Of this turn.
    std::vector<Task> new_tasks_;
    std::vector<SendOrder> new_answers_;
    std::size_t unanswered_ = 0;
    bool is_fetching_ = false;
    bool has_ended_ = false;
    Instant next_beat_{};
    /// Not later than the earliest deadline of a held job.
    Instant next_timeout_ = Instant::max();
    Instant phase_deadline_ = Instant::max();
    Status verdict_;
    /// The server was not to be reached the last time.
    bool is_away_ = false;
    std::optional<std::string> pressure_;
    struct Remembered {
        WorkerPicture::Failed failed;
        Instant at;
    };
    std::deque<Remembered> failures_;  ///< newest first
    /// By type: how many of its jobs in a row their handler gave back. At most one of each handler.
    std::map<std::string, std::uint32_t, std::less<>> given_back_;
    ReadyTarget ready_;
    /// The next fetch is not ordered before this; no pause: never.
    Instant next_fetch_ = Instant::max();
    /// What the last one was ordered for, and when.
    std::uint32_t fetch_max_ = 0;
    Instant fetch_ordered_{};
    /// When to look whether jobs wait behind long ones; none waited the last time: never.
    Instant next_review_ = Instant::max();
    /// No more are held ready than this, while nothing ends.
    std::uint32_t ready_limit_ = UINT32_MAX;
    /// The last end of a job since the watch began, or its beginning.
    Instant last_end_{};
    Random random_;
};

}  // namespace sluice::sdk
