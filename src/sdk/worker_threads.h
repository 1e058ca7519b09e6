// SPDX-License-Identifier: Apache-2.0
// The threads of a worker: the fetcher (FETCHB, one connection), the sender (ACKB, FAILB, REQUEUE
// and BEAT, another one), and the handlers. Inner parts of Worker.
#pragma once

#include "kernel/algo/backoff.h"
#include "kernel/base/random.h"
#include "kernel/wire/json_reader.h"
#include "sdk/middleware.h"
#include "sdk/spool.h"
#include "sdk/worker.h"
#include "sdk/worker_asks.h"
#include "sdk/worker_events.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::sdk {

/// A connection that is opened again when it was lost, with growing pauses. One thread.
class Redial {
public:
    Redial(const WorkerOptions& options, WorkerEvents& events, std::uint64_t seed)
        : options_(options), events_(events), random_(seed) {}

    /// The connection, opened if need be. One try, after the pause that earlier failures ask for.
    /// Nothing when it failed, or `wake` or the deadline ended the pause.
    Connection* open(const Wake& wake, Instant deadline);
    /// After an error: the connection is of no more use.
    void drop(const Error& error);
    /// Puts the next failure's pause back to the shortest.
    void praise() { failures_ = 0; }
    /// A wrong password, a server that is none of ours: no use trying again.
    [[nodiscard]] bool is_hopeless() const { return hopeless_; }

private:
    void report(const Error& error, bool fatal);

    const WorkerOptions& options_;
    WorkerEvents& events_;
    Random random_;
    std::unique_ptr<Connection> connection_;
    std::uint32_t failures_ = 0;
    /// Set while a pause lasts that was ended early.
    std::optional<Instant> pause_until_;
    bool has_connected_ever_ = false;
    bool hopeless_ = false;
};

/// Runs the fetcher until its orders are closed: one Fetched for every order. When `wake` is
/// notified it asks for no more; a delivery that is under way is still received.
void run_fetcher(const WorkerOptions& options, FetchOrders& orders, WorkerEvents& events,
                 const Wake& wake);

/// What a handler thread receives from and reports to.
struct HandlerPorts {
    Tasks& tasks;
    WorkerEvents& events;
    Asks& asks;
    SlotRecord& slot;
};
/// Runs jobs one after another until the tasks are closed.
void run_handler(const WorkerOptions& options, const HandlerTable& handlers, HandlerPorts ports);

/// Runs the sender until its LastOrder. Everything that waits is sent in one write, so answers
/// batch by themselves while the server is busy and leave at once when it is idle; what was not
/// answered when a connection broke is sent again over the next one.
/// What handlers ask goes before the answers. `hurry` ends a pause between two tries, so that a new
/// order is seen. At the end the asks are closed and what waits there is refused.
struct SenderPorts {
    SendOrders& orders;
    Asks& asks;
    WorkerEvents& events;
    Wake& hurry;
    std::optional<Spool>& spool;
};
void run_sender(const WorkerOptions& options, SenderPorts ports);

/// Measures memory until `end` is notified, and tells when pressure begins and ends.
void run_memory_watch(const WorkerOptions& options, WorkerEvents& events, const Wake& end);

/// The jobs of a FETCHB reply. Errors: invalid.
Result<std::vector<HeldJob>> read_deliveries(JsonView reply);

}  // namespace sluice::sdk
