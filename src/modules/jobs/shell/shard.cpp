// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/shell/shard.h"

#include "kernel/observe/log.h"
#include "kernel/observe/process.h"
#include "kernel/observe/pulse.h"
#include "kernel/sync/channel.h"
#include "kernel/sync/clock.h"
#include "kernel/sync/mutex.h"
#include "kernel/sync/thread.h"
#include "modules/jobs/engine/engine.h"
#include "modules/jobs/shell/drain.h"
#include "modules/jobs/shell/shard_metrics.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <optional>
#include <utility>

namespace sluice::jobs {

namespace {

/// A drain that has been written and waits for its sync.
struct Written {
    std::vector<Reply> replies;
    std::vector<ConnectionId> closes;
    bool needs_sync = false;
    std::uint64_t generation = 0;  ///< which restoring of the engine decided it
    Instant written_at{};
};

/// A request to the owner that is no command of the queue. Held by both until it is answered.
struct CheckpointRequest {
    std::string directory;
    Channel<Status> done{1, "jobs.checkpoint"};
};

constexpr Duration disk_probe_every = 1s;
/// Whoever asks while a reload pauses is told why after at most so long. Not at once: each time all
/// connections end, and clients that come back at once would keep the I/O threads busy with that.
constexpr Duration told_every = 500ms;
/// After a busy time (so many jobs at least), and once so few came in each of so many seconds,
/// memory that is kept for speed is given back. By then the ledger has done so, too (Ledger::rest).
constexpr std::uint64_t busy_jobs_min = 1000;
constexpr std::uint64_t quiet_jobs_max = 100;
constexpr std::uint32_t quiet_seconds_min = 8;
/// What a queue with durability = async was promised: at most so much of it is lost by a power cut.
constexpr Duration async_sync_every = 1s;

/// What clients are told while the queue reloads after `error`.
std::string_view told_of(const Error& error) {
    if (error.code == Code::exhausted)
        return "the server's disk is full; free space or add more, then try again";
    return "the server's storage failed; it is reloading, try again";
}

/// A lease that has run out must not be handed out, however long the threads between here and the
/// socket stand still (reliability.md J5). At `at` it was `now`.
void limit_sending(std::vector<Reply>& early, WallTime now, Instant at) {
    for (Reply& reply : early) {
        auto* jobs = std::get_if<JobsReply>(&reply.body);
        if (jobs == nullptr) continue;
        for (const JobRecord& job : jobs->jobs)
            jobs->send_by = std::min(jobs->send_by, at + (job.head.lease.expires_at - now));
    }
}

std::size_t jobs_in(const std::vector<Command>& commands) {
    std::size_t jobs = 0;
    for (const Command& command : commands) {
        const auto* push = std::get_if<Push>(&command);
        jobs += push != nullptr ? push->jobs.size() : 1;
    }
    return jobs;
}

}  // namespace

struct Shard::Parts {
    Parts(std::unique_ptr<Ledger> ledger_in, ReplySink& sink_in, Registry& registry,
          ShardOptions options_in)
        : ledger(std::move(ledger_in)),
          sink(sink_in),
          options(std::move(options_in)),
          metrics(registry),
          inbox(options.commands_max, "jobs.commands"),
          written(options.unsynced_max, "jobs.unsynced"),
          clock(monotonic_now(), wall_now()) {}

    // Owner thread.
    void own() SLUICE_EXCLUDES(turn);
    void one_turn() SLUICE_REQUIRES(turn);
    void make_checkpoints(const Status& able) SLUICE_REQUIRES(turn)
        SLUICE_EXCLUDES(checkpoints_mutex);
    void stop_and_reload(const Error& error) SLUICE_REQUIRES(turn);
    void tell_until(Instant end, std::string_view why) SLUICE_REQUIRES(turn);
    // Whoever has the turn.
    void probe_disk() SLUICE_REQUIRES(turn);
    void give_back_when_quiet() SLUICE_REQUIRES(turn);
    void collect() SLUICE_REQUIRES(turn);
    void decide() SLUICE_REQUIRES(turn);
    Status restore() SLUICE_REQUIRES(turn);
    [[nodiscard]] Instant wake_at() const SLUICE_REQUIRES(turn);
    WallTime read_clock() SLUICE_REQUIRES(turn);
    // The caller's thread.
    bool take_turn(std::vector<Command>& given) SLUICE_EXCLUDES(turn);
    bool may_be_decided_here() SLUICE_REQUIRES(turn);
    void wake_owner_in_time() SLUICE_REQUIRES(turn);
    // Sync thread.
    void keep_synced();
    bool sync(std::uint64_t of_generation) SLUICE_EXCLUDES(sync_mutex);
    bool finish(std::vector<Written>& batch);

    std::unique_ptr<Ledger> ledger;
    ReplySink& sink;
    const ShardOptions options;
    ShardMetrics metrics;
    DiskProbe disk;

    Channel<Command> inbox;
    Channel<Written> written;
    Mutex sync_mutex{"jobs.sync"};  ///< held during a sync and during a reload, which must not meet
    std::atomic<std::uint64_t> failed_generation{0};  ///< the sync thread saw this generation fail
    std::atomic<std::uint64_t> generation{1};
    std::atomic<bool> stopping{false};
    Mutex checkpoints_mutex{"jobs.checkpoints"};
    std::vector<std::shared_ptr<CheckpointRequest>> checkpoints
        SLUICE_GUARDED_BY(checkpoints_mutex);

    /// For the watchdog: the turn, whoever has it, and the sync.
    Pulse turn_pulse{"jobs.turn"};
    Pulse sync_pulse{"jobs.sync"};
    /// Who holds it decides: the owner thread, or for a short turn the thread that brings commands.
    Mutex turn{"jobs.turn"};
    DisciplinedClock clock SLUICE_GUARDED_BY(turn);
    std::unique_ptr<Engine> engine SLUICE_GUARDED_BY(turn);
    std::unique_ptr<Drain> drain SLUICE_GUARDED_BY(turn);
    std::vector<Command> incoming SLUICE_GUARDED_BY(turn);  ///< as the channel gave them
    std::vector<Command> commands SLUICE_GUARDED_BY(turn);  ///< of the turn
    Decision decision SLUICE_GUARDED_BY(turn);
    Instant probe_at SLUICE_GUARDED_BY(turn){};
    Instant owner_wakes_at SLUICE_GUARDED_BY(turn){};  ///< until then it sleeps, if nobody calls
    bool disk_full SLUICE_GUARDED_BY(turn) = false;
    std::uint64_t jobs_lately SLUICE_GUARDED_BY(turn) = 0;  ///< since the last look, and
    std::uint64_t jobs_busy SLUICE_GUARDED_BY(turn) = 0;    ///< since memory was given back
    std::uint32_t quiet_seconds SLUICE_GUARDED_BY(turn) = 0;
    /// Set when a turn could not be written: the engine is ahead of the ledger until it is
    /// reloaded.
    std::optional<Error> broken SLUICE_GUARDED_BY(turn);

    Thread owner_thread;
    Thread sync_thread;
};

WallTime Shard::Parts::read_clock() { return clock.advance(monotonic_now(), wall_now()); }

Status Shard::Parts::restore() {
    const Instant begun = monotonic_now();
    engine = std::make_unique<Engine>(options.engine);
    drain = std::make_unique<Drain>(*engine, *ledger, options.lookup_bytes_max);
    {
        MutexLock lock(sync_mutex);
        SLUICE_TRY_STATUS(drain->restore(read_clock()));
    }
    return_free_memory();  // every stored job was in memory for a moment
    if (disk_full) engine->apply(GuardDisk{true}, clock.now(), decision);
    log_info("queue restored",
             {{"jobs_in_memory", engine->resident()},
              {"enqueued", engine->counts()[static_cast<std::size_t>(JobState::enqueued)]},
              {"running", engine->counts()[static_cast<std::size_t>(JobState::running)]},
              {"seconds", monotonic_now() - begun}});
    return {};
}

Instant Shard::Parts::wake_at() const {
    const auto deadline = engine->next_deadline();
    Instant at = probe_at;
    if (deadline)
        at = std::min(at, monotonic_now() + std::max(*deadline - clock.now(), Duration{0}));
    return at;
}

/// What is due and what waits in the channel.
void Shard::Parts::collect() {
    incoming.clear();
    const ChannelStatus status = inbox.try_pop_all(incoming, options.drain_max);
    if (status == ChannelStatus::closed) stopping = true;
    const WallTime now = read_clock();
    const auto deadline = engine->next_deadline();
    if (deadline && *deadline <= now) commands.emplace_back(Tick{});
    if (commands.empty()) {
        commands.swap(incoming);
    } else {
        for (Command& command : incoming) commands.push_back(std::move(command));
    }
}

/// Between two drains, so that a copy holds whole decisions. With an error nobody is kept waiting
/// for what cannot be had now.
void Shard::Parts::make_checkpoints(const Status& able) {
    std::vector<std::shared_ptr<CheckpointRequest>> wanted;
    {
        MutexLock lock(checkpoints_mutex);
        wanted.swap(checkpoints);
    }
    for (const auto& request : wanted) {
        Status done = able ? ledger->checkpoint(request->directory) : Status(able);
        (void)request->done.try_push(std::move(done));
    }
}

/// Once a second.
void Shard::Parts::probe_disk() {
    const Instant now = monotonic_now();
    if (now < probe_at) return;
    probe_at = now + disk_probe_every;
    if (Status rested = ledger->rest(); !rested) broken = std::move(rested).error();
    give_back_when_quiet();
    if (!disk) return;
    const bool full = disk();
    if (full == std::exchange(disk_full, full)) return;
    if (full)
        log_error("disk nearly full: pushes are refused until there is space again");
    else
        log_info("there is disk space again: pushes are accepted");
    commands.emplace_back(GuardDisk{full});
}

void Shard::Parts::give_back_when_quiet() {
    quiet_seconds = jobs_lately < quiet_jobs_max ? quiet_seconds + 1 : 0;
    jobs_lately = 0;
    if (quiet_seconds < quiet_seconds_min || jobs_busy < busy_jobs_min) return;
    jobs_busy = 0;
    incoming = std::vector<Command>();
    if (commands.empty()) commands = std::vector<Command>();
    decision = Decision();
    drain->give_back();
    return_free_memory();
}

void Shard::Parts::decide() {
    decision.clear();
    const std::size_t jobs = jobs_in(commands);
    jobs_lately += jobs;
    jobs_busy += jobs;
    const Instant begun = monotonic_now();
    const Status status = drain->run(commands, clock.now(), decision);
    if (!status) {
        broken = status.error();
        return;
    }
    for (const Note& note : decision.notes) {
        log_info("queue event", {{"event", note.event}, {"detail", note.detail}});
    }
    metrics.drained(commands.size(), monotonic_now() - begun, *engine);
    if (std::vector<Reply> early = take_early(decision); !early.empty()) {
        limit_sending(early, clock.now(), begun);
        sink.release(std::move(early), {});
    }
    if (decision.replies.empty() && decision.closes.empty() && !decision.needs_sync) return;
    written.push(Written{.replies = std::move(decision.replies),
                         .closes = std::move(decision.closes),
                         .needs_sync = decision.needs_sync,
                         .generation = generation,
                         .written_at = begun});
}

void Shard::Parts::one_turn() {
    const Pulse::Turn watched(turn_pulse);
    commands.clear();
    probe_disk();  // first, so that what is collected is decided under its verdict
    collect();
    if (failed_generation == generation && !broken) broken = fail(Code::io, "a sync failed");
    if (broken) return stop_and_reload(*std::exchange(broken, std::nullopt));
    make_checkpoints({});
    if (!commands.empty() || drain->has_reads()) decide();
    if (broken) stop_and_reload(*std::exchange(broken, std::nullopt));
}

/// A few commands are decided by the thread that brings them, when nobody else has the turn: that
/// saves them the way to the owner thread. False: they are still in `given`, for the owner.
bool Shard::Parts::take_turn(std::vector<Command>& given) {
    if (jobs_in(given) > options.inline_max || !turn.try_lock()) return false;
    const bool able = may_be_decided_here();
    if (able) {
        const Pulse::Turn watched(turn_pulse);
        commands.clear();
        probe_disk();
        collect();  // what waits was brought earlier, by this thread too
        std::move(given.begin(), given.end(), std::back_inserter(commands));
        given.clear();
        decide();
        wake_owner_in_time();
    }
    turn.unlock();
    return able;
}

bool Shard::Parts::may_be_decided_here() {
    return !stopping && !broken && failed_generation != generation && !drain->has_reads() &&
           !inbox.is_closed() && inbox.counters().depth <= options.inline_max &&
           written.counters().depth < options.unsynced_max / 2;  // a push there must not wait
}

/// After a turn on another thread: the owner may have to wake earlier than it meant to.
void Shard::Parts::wake_owner_in_time() {
    const Instant wanted = broken || drain->has_reads() ? Instant{} : wake_at();
    if (wanted >= owner_wakes_at) return;
    owner_wakes_at = wanted;
    (void)inbox.try_push(Command{Tick{}});  // a full inbox wakes it, too
}

/// The engine is ahead of the ledger: nothing it decided since may be served. Everybody is told,
/// the engine is thrown away, and a new one is restored from what is stored.
void Shard::Parts::stop_and_reload(const Error& error) {
    log_error("storage failed: the queue stops and reloads", {{"error", error.text()}});
    metrics.storage_failures.add();
    ++generation;
    Duration pause = options.retry_first;
    std::string_view told = told_of(error);
    Code code = error.code;
    while (!stopping) {
        turn_pulse.beat();
        incoming.clear();
        if (inbox.try_pop_all(incoming, options.commands_max) == ChannelStatus::closed) break;
        sink.fail_all(told);
        make_checkpoints(fail(code, std::string(told)));
        decision.clear();
        const Status restored = restore();
        if (restored) return;
        log_error("reload failed, trying again",
                  {{"error", restored.error().text()}, {"pause", pause}});
        told = told_of(restored.error());
        code = restored.error().code;
        turn_pulse.rest();  // a pause is no stall
        tell_until(monotonic_now() + pause, told);
        stopping = inbox.is_closed();
        pause = std::min(pause * 2, options.retry_max);
    }
}

/// The pause before the next reload: all that comes in fails. Ends early when the shard stops.
void Shard::Parts::tell_until(Instant end, std::string_view why) {
    for (Instant now = monotonic_now(); now < end && !inbox.is_closed(); now = monotonic_now()) {
        const Instant next = std::min(end, now + told_every);
        bool has_asked = false;
        incoming.clear();
        while (inbox.pop_all(incoming, options.commands_max, next) == ChannelStatus::ok) {
            incoming.clear();
            has_asked = true;
        }
        if (has_asked) sink.fail_all(why);
    }
}

void Shard::Parts::own() {
    turn.lock();
    while (!stopping) {
        one_turn();
        if (drain->has_reads()) continue;
        owner_wakes_at = wake_at();
        const Instant until = owner_wakes_at;
        turn.unlock();
        (void)inbox.wait(until);
        turn.lock();
    }
    make_checkpoints(fail(Code::cancelled, "the server stops"));
    written.close();
    turn.unlock();
}

/// False when it failed; the owner has been told then.
bool Shard::Parts::sync(std::uint64_t of_generation) {
    const Instant begun = monotonic_now();
    MutexLock lock(sync_mutex);
    const Pulse::Turn watched(sync_pulse);
    const ScopedWait counted({"jobs.disk", WaitKind::condition});
    if (const Status synced = ledger->sync(); !synced) {
        log_error("sync failed", {{"error", synced.error().text()}});
        failed_generation = of_generation;
        (void)inbox.try_push(Command{Tick{}});  // wakes the owner
        return false;
    }
    metrics.sync_seconds.observe(monotonic_now() - begun);
    return true;
}

/// One sync for everything that has been written meanwhile, then the replies. True when something
/// was released that no sync has covered yet.
bool Shard::Parts::finish(std::vector<Written>& batch) {
    const bool needs_sync = std::any_of(batch.begin(), batch.end(), [this](const Written& one) {
        return one.needs_sync && one.generation != failed_generation;
    });
    if (needs_sync && !sync(batch.back().generation)) return false;
    const Instant now = monotonic_now();
    // Together: one wake-up of whom they go to, and one send for each of its connections.
    std::vector<Reply> replies;
    std::vector<ConnectionId> closes;
    for (Written& one : batch) {
        if (one.generation == failed_generation || one.generation != generation) continue;
        metrics.commit_seconds.observe(now - one.written_at);
        if (replies.empty())
            replies = std::move(one.replies);
        else
            std::move(one.replies.begin(), one.replies.end(), std::back_inserter(replies));
        closes.insert(closes.end(), one.closes.begin(), one.closes.end());
    }
    if (!replies.empty() || !closes.empty()) sink.release(std::move(replies), std::move(closes));
    return !needs_sync;
}

void Shard::Parts::keep_synced() {
    interrupt_nobody();  // the I/O thread decides more meanwhile, which the same sync covers
    std::vector<Written> batch;
    Instant sync_at = no_deadline;  // for what was released without a sync
    for (;;) {
        const ChannelStatus status = written.pop_all(batch, options.unsynced_max, sync_at);
        if (status == ChannelStatus::closed) return;
        if (status == ChannelStatus::timeout) {
            sync_at = no_deadline;
            (void)sync(generation);
            continue;
        }
        const bool open = finish(batch);
        if (!open)
            sync_at = no_deadline;
        else if (sync_at == no_deadline)
            sync_at = deadline_after(async_sync_every);
        batch.clear();
    }
}

Shard::Shard(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Result<std::unique_ptr<Shard>> Shard::start(std::unique_ptr<Ledger> ledger, ReplySink& sink,
                                            Registry& metrics, ShardOptions options,
                                            DiskProbe disk) {
    auto parts = std::make_unique<Parts>(std::move(ledger), sink, metrics, std::move(options));
    parts->disk = std::move(disk);
    {
        MutexLock lock(parts->turn);
        SLUICE_TRY_STATUS(parts->restore());
    }
    Parts* raw = parts.get();
    parts->sync_thread = Thread("jobs-sync", [raw] { raw->keep_synced(); });
    parts->owner_thread = Thread("jobs-owner", [raw] { raw->own(); });
    return std::unique_ptr<Shard>(new Shard(std::move(parts)));
}

Shard::~Shard() { stop(); }

bool Shard::submit(Command command) {
    return parts_->inbox.try_push(std::move(command)) == ChannelStatus::ok;
}

bool Shard::submit_all(std::vector<Command>& commands) {
    if (parts_->take_turn(commands)) return true;
    return parts_->inbox.try_push_all(commands) != ChannelStatus::closed;
}

Status Shard::checkpoint(const std::string& directory) {
    const auto request = std::make_shared<CheckpointRequest>();
    request->directory = directory;
    {
        MutexLock lock(parts_->checkpoints_mutex);
        parts_->checkpoints.push_back(request);
    }
    if (!submit(Tick{}))
        return fail(Code::busy, "the queue is busy or stopping; try the backup again");
    Status done;
    (void)request->done.pop(done);  // is never closed
    return done;
}

void Shard::stop() {
    parts_->inbox.close();
    parts_->owner_thread.join();
    parts_->sync_thread.join();
    if (const Status closed = parts_->ledger->close(); !closed) {
        log_error("closing the store failed", {{"error", closed.error().text()}});
    }
}

}  // namespace sluice::jobs
