// SPDX-License-Identifier: Apache-2.0
// What the threads of a worker tell each other. One thread (run()'s) owns all that is known about
// the held jobs; the others only send and receive these. An inner part of Worker.
#pragma once

#include "kernel/sync/cancel.h"
#include "kernel/sync/channel.h"
#include "sdk/handler.h"
#include "sdk/protocol/reply.h"
#include "sdk/worker.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace sluice::sdk {

/// A job as it was delivered.
struct HeldJob {
    std::uint64_t lease = 0;
    Delivery delivery;
};

// ---- to the owner

/// The end of one FETCHB, whatever it brought.
struct Fetched {
    std::vector<HeldJob> jobs;
};
/// A handler begins; sent only where there is a time limit.
struct Started {
    std::uint64_t lease = 0;
    Instant deadline;
};
struct Finished {
    std::uint64_t lease = 0;
    Outcome outcome;
    Duration took{0};
};
struct Progressed {
    std::uint64_t lease = 0;
    int percent = 0;
    std::string note;
};
/// Answers delivered to the server, and the time from sending them to its last reply.
struct Delivered {
    std::size_t count = 0;
    std::size_t stale = 0;
    Duration took{0};
};
struct BeatAnswered {
    BeatAnswer answer;
};
/// A connection was lost or not made; `fatal` ones are not tried again.
struct Trouble {
    Error error;
    bool fatal = false;
};
struct Reconnected {};
/// The sender of answers has ended, with so many undelivered, of which so many are in the spool.
struct SenderEnded {
    std::size_t unsent = 0;
    std::size_t spooled = 0;
};
/// Answers of earlier workers that the sender found in the spool.
struct Recovered {
    std::size_t count = 0;
};
/// Answers written to the spool, or why they could not be.
struct Spooled {
    std::size_t count = 0;
    Status status;
};
/// Memory runs short, or no longer.
struct Pressed {
    bool is_pressed = false;
    std::string reason;
};
/// Somebody wants a picture, and waits at this place for it.
struct PicturePlace {
    Channel<WorkerPicture> reply{1, "worker.picture"};
};
struct Inspect {
    std::shared_ptr<PicturePlace> place;
};
enum class Wish : std::uint8_t { quiet, stop, stop_now };

using WorkerEvent =
    std::variant<Fetched, Started, Finished, Progressed, Delivered, BeatAnswered, Trouble,
                 Reconnected, SenderEnded, Recovered, Spooled, Pressed, Inspect, Wish>;
using WorkerEvents = Channel<WorkerEvent>;

// ---- from the owner

/// What a handler thread runs now, for pictures: written by it, read by the owner.
struct SlotRecord {
    std::atomic<std::uint64_t> lease{0};  ///< 0: nothing
    std::atomic<std::int64_t> since{0};   ///< Instant, as nanoseconds
};

/// To a handler thread. The token is cancelled when the lease is lost and so on.
struct Task {
    HeldJob job;
    CancelToken token;
};
using Tasks = Channel<Task>;

struct FetchOrder {
    std::uint32_t max = 1;
};
using FetchOrders = Channel<FetchOrder>;

/// To the sender: one job's answer.
struct Answer {
    enum class Kind : std::uint8_t { ack, fail, requeue };
    Kind kind = Kind::ack;
    std::string jid;
    std::uint64_t lease = 0;
    std::string result;  ///< ack
    Failure failure;     ///< fail; of requeue only retry_in
};
/// To the sender: a heartbeat. Only the newest one matters.
struct BeatOrder {
    WorkerWord state = WorkerWord::running;
    std::vector<std::uint64_t> leases;
    std::vector<Progressed> progress;
};
/// To the sender: no more orders follow; deliver what there is until the deadline.
struct LastOrder {
    Instant deadline;
};
using SendOrder = std::variant<Answer, BeatOrder, LastOrder>;
using SendOrders = Channel<SendOrder>;

}  // namespace sluice::sdk
