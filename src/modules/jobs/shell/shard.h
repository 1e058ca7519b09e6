// SPDX-License-Identifier: Apache-2.0
// Shard: one engine and its ledger, decided by one thread at a time, and the sync thread beside it.
// Commands come in through a bounded channel to the owner thread, or, when they are few and nobody
// has the turn, are decided at once by the thread that brings them (ADR 0015). A drain decides and
// writes them; one sync covers all drains written so far, while the next drain is already being
// decided (group commit); only then are the replies released (docs/architecture.md, "A job's way").
#pragma once

#include "kernel/base/result.h"
#include "kernel/observe/metrics.h"
#include "modules/jobs/engine/config.h"
#include "modules/jobs/engine/decision.h"
#include "modules/jobs/ledger/ledger.h"
#include "modules/jobs/shell/drain.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::jobs {

/// Where replies go. Called on the shard's threads and on those that call submit_all(); must not
/// block and must not call the shard.
class ReplySink {
public:
    ReplySink() = default;
    ReplySink(const ReplySink&) = delete;
    ReplySink& operator=(const ReplySink&) = delete;
    virtual ~ReplySink() = default;

    /// Replies whose writes are durable, and connections to close after them.
    virtual void release(std::vector<Reply> replies, std::vector<ConnectionId> closes) = 0;
    /// The storage failed: every open ticket ends with this error, and its connection with it.
    virtual void fail_all(std::string_view why) = 0;
};

struct ShardOptions {
    EngineConfig engine;
    std::size_t commands_max = 65'536;  ///< waiting for the owner; past it submit() refuses
    std::size_t drain_max = 1024;       ///< commands decided together
    std::size_t inline_max = 32;        ///< jobs that the thread which brings them may decide on
    std::size_t lookup_bytes_max = Drain::lookup_bytes_default;  ///< see Drain
    std::size_t unsynced_max = 64;  ///< drains written and not yet released
    Duration retry_first =
        100ms;  ///< after a storage failure: first and longest pause before the next try
    Duration retry_max = 5s;
};

/// The disk's fullness, asked about once a second: true while pushes must be refused.
using DiskProbe = std::function<bool()>;

class Shard {
public:
    /// Restores from the ledger (this takes as long as reading every stored job) and starts both
    /// threads. `sink` and `metrics` must outlive the shard. Errors: those of Ledger::load.
    static Result<std::unique_ptr<Shard>> start(std::unique_ptr<Ledger> ledger, ReplySink& sink,
                                                Registry& metrics, ShardOptions options,
                                                DiskProbe disk);
    ~Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;

    /// Hands a command to the owner. False when the channel is full or the shard stops: say "busy".
    /// Any thread.
    [[nodiscard]] bool submit(Command command);
    /// Decides them here and now if they are few and nobody else decides; otherwise hands over as
    /// many as there is room for, in order and with one wake-up. What is left in `commands` was
    /// refused. False when the shard stops: it will never take them. Commands of one thread are
    /// decided in their order. Any thread; may write a few kilobytes to the log, never syncs.
    [[nodiscard]] bool submit_all(std::vector<Command>& commands);
    /// Makes a copy of the store in a new folder while work goes on; waits for it. Any thread but
    /// the shard's.
    Status checkpoint(const std::string& directory);
    /// Takes nothing more, decides and syncs what was submitted, closes the ledger. Idempotent.
    void stop();

private:
    struct Parts;
    explicit Shard(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::jobs
