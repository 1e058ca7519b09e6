// SPDX-License-Identifier: Apache-2.0
#include "server.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace sluice::jobs::sim {

namespace {

/// The command in a few words, for the trace.
std::string describe(const Command& command) {
    constexpr std::string_view names[] = {"tick",    "push",         "fetch", "ack",   "fail",
                                          "release", "extend",       "hello", "beat",  "disconnect",
                                          "signal",  "change queue", "sweep", "flush", "info",
                                          "get",     "wait",         "list",  "guard", "read"};
    std::ostringstream out;
    out << names[command.index()];
    std::visit(
        [&](const auto& c) {
            if constexpr (requires { c.ticket; }) out << " #" << c.ticket.value();
            if constexpr (requires { c.caller; })
                out << " by " << c.caller.name() << " on " << c.caller.connection.value();
            if constexpr (requires { c.job.jid; })
                out << " of " << c.job.jid << '/' << c.job.token.value();
        },
        command);
    const auto each_ref = [&](const auto& jobs) {
        for (const auto& item : jobs) out << ' ' << item.job.jid << '/' << item.job.token.value();
    };
    if (const auto* ack = std::get_if<Ack>(&command)) each_ref(ack->jobs);
    if (const auto* report = std::get_if<Fail>(&command)) each_ref(report->jobs);
    if (const auto* beat = std::get_if<Beat>(&command)) {
        for (const LeaseToken token : beat->leases) out << ' ' << token.value();
    }
    if (const auto* push = std::get_if<Push>(&command)) {
        for (const auto& body : push->jobs) out << ' ' << body->jid() << "->" << body->queue();
    }
    if (const auto* fetch = std::get_if<Fetch>(&command)) {
        for (const std::string& name : fetch->queues) out << ' ' << name;
        out << " max " << fetch->max << " wait " << fetch->wait.count() / 1000 << "us";
    }
    if (const auto* change = std::get_if<ChangeQueue>(&command)) {
        out << " action " << static_cast<int>(change->action) << (change->all ? " all" : "");
        for (const std::string& name : change->names) out << ' ' << name;
    }
    if (const auto* sweep = std::get_if<Sweep>(&command)) {
        out << " action " << static_cast<int>(sweep->action) << " queue " << sweep->filter.queue;
        for (const std::string& jid : sweep->filter.jids) out << ' ' << jid;
        for (const JobState state : sweep->filter.states) out << ' ' << to_string(state);
    }
    return out.str();
}

}  // namespace

Result<LedgerState> WatchedLedger::load(const std::function<void(JobRecord&&)>& visit) {
    return ledger_.load([&](JobRecord&& job) {
        checker_.loaded(job);
        visit(std::move(job));
    });
}

Status WatchedLedger::write(std::span<const Write> writes) {
    const bool kept = std::exchange(kept_, false);
    Status written = ledger_.write(writes);
    if (!written && !kept) return written;
    ++batches_;
    checker_.batch(writes);
    return written;
}

Server::Server(World& world, std::uint64_t faults)
    : world_(world), faults_(faults), ledger_(world.checker()), config_(world.swarm().engine) {
    config_.faults = faults;
}

void Server::start() { restore(); }

bool Server::is_idle() const {
    return is_up() && inbox_.empty() && turns_.empty() && !syncing_ && !drain_->has_reads();
}

bool Server::open(ConnectionId connection, std::uint32_t client) {
    if (!is_up()) return false;
    Session session;
    session.client = client;
    sessions_.emplace(connection.value(), std::move(session));
    return true;
}

void Server::receive(Envelope envelope) {
    const auto at = sessions_.find(envelope.connection.value());
    if (!is_up() || at == sessions_.end()) return;
    at->second.unread.clear();
    std::visit(
        [&](auto& command) {
            if constexpr (requires { command.ticket; }) {
                command.ticket = TicketId(next_ticket_++);
                tickets_.emplace(command.ticket.value(),
                                 Waiting{envelope.client, envelope.connection, envelope.request});
            }
            if constexpr (std::is_same_v<std::decay_t<decltype(command)>, Hello>) {
                at->second.wid = command.caller.wid;
            }
        },
        envelope.command);
    inbox_.push_back(std::move(envelope.command));
    wake(world_.up_to(world_.swarm().drain_max));
}

void Server::disconnected(ConnectionId connection) {
    const auto at = sessions_.find(connection.value());
    if (!is_up() || at == sessions_.end()) return;
    Disconnect gone;
    gone.caller = {connection, at->second.wid};
    if (world_.swarm().tells_undelivered) {
        gone.undelivered = std::move(at->second.undelivered);
        gone.unread = std::move(at->second.unread);
    }
    sessions_.erase(at);
    inbox_.push_back(std::move(gone));
    wake(world_.up_to(world_.swarm().drain_max));
}

void Server::arrived(ConnectionId connection, const JobsReply& jobs) {
    const auto at = sessions_.find(connection.value());
    if (at == sessions_.end()) return;
    for (const HandedOut& job : handed_out(jobs)) {
        if (std::erase(at->second.undelivered, job) > 0) at->second.unread.push_back(job);
    }
}

WallTime Server::read_clock() { return clock_->advance(Instant(world_.time()), world_.wall()); }

void Server::wake(Duration delay) {
    const Duration at = world_.time() + delay;
    if (wake_at_ && *wake_at_ <= at) return;
    wake_at_ = at;
    world_.at(delay, EventKind::drain, 0, ++generation_);
}

void Server::plan_next() {
    if (!inbox_.empty() || drain_->has_reads()) {
        wake(world_.up_to(world_.swarm().drain_max));
        return;
    }
    if (const auto deadline = engine_->next_deadline())
        wake(std::max(*deadline - clock_->now(), Duration{0}) +
             world_.up_to(world_.swarm().drain_max));
}

void Server::take_batch(WallTime now) {
    commands_.clear();
    const auto deadline = engine_->next_deadline();
    if (deadline && *deadline <= now) commands_.emplace_back(Tick{});
    std::size_t count =
        std::min<std::size_t>(inbox_.size(), 1 + world_.random().below(world_.swarm().batch_max));
    for (; count > 0; --count) {
        const bool flush = std::holds_alternative<Flush>(inbox_.front());
        if (flush && !commands_.empty()) return;  // judged alone
        commands_.push_back(std::move(inbox_.front()));
        inbox_.pop_front();
        if (flush) return;
    }
}

bool Server::run_drain(WallTime now, Turn& turn) {
    world_.checker().begin_drain(now);
    const bool failing = world_.chance(world_.swarm().write_failure);
    if (failing) ledger_.fail_next_write(world_.random().below(2) == 0);
    const std::uint64_t before = ledger_.batches();
    const Status done = drain_->run(commands_, now, turn.out);
    if (!done) {
        if (!planted_here(Fault::failed_write_ignored)) return false;
        // The planted server goes on as if nothing had happened.
        (void)ledger_.below().load([](JobRecord&&) {});
        world_.checker().synced(0);
        turn.out.writes.clear();
        turn.out.reads.clear();
    } else if (failing && ledger_.batches() == before) {
        ledger_.below().crash(
            ledger_.below().unsynced());  // nothing was written: no failure to see
        return false;
    }
    return true;
}

void Server::mix_turn(const Turn& turn) {
    for (const Move& move : world_.checker().shadow().moves) {
        world_.mix(move.job);
        world_.mix(static_cast<std::uint64_t>(move.after.state) + move.after.token.value() +
                   move.after.order + static_cast<std::uint64_t>(to_ns(move.after.due_at)));
    }
    for (const Reply& reply : turn.out.replies)
        world_.mix(reply.ticket.value() * 16 + reply.body.index());
    if (!world_.tracing()) return;
    for (const Command& command : commands_) world_.trace("  " + describe(command));
    for (const Move& move : world_.checker().shadow().moves) {
        std::ostringstream line;
        line << "  job " << world_.checker().shadow().facts(move.job).seq.value() << ' '
             << world_.checker().shadow().jid(move.job) << ": "
             << (move.before.exists ? to_string(move.before.state) : "new") << " -> "
             << (move.after.exists ? to_string(move.after.state) : "erased") << " attempt "
             << move.after.attempt << " lease " << move.after.token.value() << '/'
             << move.after.holder() << " order " << move.after.order;
        world_.trace(line.str());
    }
    std::ostringstream text;
    text << turn.out;
    std::istringstream lines(text.str());
    for (std::string line; std::getline(lines, line);) world_.trace("  " + line);
}

void Server::on_drain(std::uint64_t generation) {
    if (!is_up() || generation != generation_) return;
    wake_at_.reset();
    const WallTime now = read_clock();
    take_batch(now);
    Turn turn;
    if (!spare_.empty()) {
        turn = std::move(spare_.back());
        spare_.pop_back();
    }
    if (!run_drain(now, turn)) {
        fall();
        return;
    }
    Checker& checker = world_.checker();
    checker.end_drain(commands_, turn.out, *engine_, drain_->has_reads(), turn.promises);
    turn.batches = ledger_.batches();
    mix_turn(turn);
    if (world_.swarm().early_deliveries) release_early(turn);
    turns_.push_back(std::move(turn));
    if (planted_here(Fault::reply_before_commit)) synced_ = ledger_.batches();
    release_ready();
    start_sync();
    plan_next();
}

void Server::start_sync() {
    if (syncing_ || turns_.empty()) return;
    if (!turns_.front().out.needs_sync) return;
    syncing_ = true;
    sync_target_ = ledger_.batches();
    // A disk may be done long before it says so, or take later writes with it.
    synced_early_ = world_.random().below(2) == 0;
    if (synced_early_) {
        (void)ledger_.sync();
        world_.checker().synced(ledger_.below().unsynced());
    }
    world_.at(world_.up_to(world_.swarm().sync_max), EventKind::sync_done, 0, runs_);
}

void Server::on_sync_done(std::uint64_t run) {
    if (!is_up() || run != runs_ || !syncing_) return;
    syncing_ = false;
    if (!synced_early_) {
        if (world_.chance(world_.swarm().sync_failure)) ledger_.below().fail_next_sync(Code::io);
        if (!ledger_.sync()) {
            fall();
            return;
        }
        world_.checker().synced(ledger_.below().unsynced());
    }
    synced_ = std::max(synced_, sync_target_);
    if (!releasing_ && world_.random().below(4) == 0) {
        releasing_ = true;
        world_.at(world_.up_to(200us), EventKind::release, 0, runs_);
        return;
    }
    release_ready();
    start_sync();
}

void Server::on_release(std::uint64_t run) {
    if (!is_up() || run != runs_) return;
    releasing_ = false;
    release_ready();
    start_sync();
}

void Server::release_ready() {
    if (releasing_) return;
    while (!turns_.empty()) {
        Turn& turn = turns_.front();
        if (turn.out.needs_sync && turn.batches > synced_) return;
        release(turn);
        if (spare_.size() < 8) {
            turn.out.clear();
            turn.promises.clear();
            spare_.push_back(std::move(turn));
        }
        turns_.pop_front();
    }
}

void Server::send(Reply& reply) {
    const auto at = tickets_.find(reply.ticket.value());
    if (at == tickets_.end()) return;
    const Waiting to = at->second;
    tickets_.erase(at);
    const auto session = sessions_.find(to.connection.value());
    const auto* jobs = std::get_if<JobsReply>(&reply.body);
    if (session == sessions_.end()) {
        // As the desk does when the connection ends while the answer is on the way.
        if (jobs == nullptr || jobs->jobs.empty() || !world_.swarm().tells_undelivered) return;
        inbox_.push_back(Disconnect{.caller = {}, .undelivered = handed_out(*jobs)});
        return wake(world_.up_to(world_.swarm().drain_max));
    }
    if (jobs != nullptr) {
        for (const HandedOut& job : handed_out(*jobs)) session->second.undelivered.push_back(job);
    }
    world_.deliver({to.client, to.connection, to.request, std::move(reply.body)});
}

/// As the shard does: losing a lease only means that the job is delivered again.
void Server::release_early(Turn& turn) {
    for (Reply& reply : take_early(turn.out)) send(reply);
}

void Server::release(Turn& turn) {
    world_.checker().released(turn.promises);
    for (Reply& reply : turn.out.replies) send(reply);
    for (const ConnectionId connection : turn.out.closes) {
        const auto session = sessions_.find(connection.value());
        if (session == sessions_.end()) continue;
        world_.close(session->second.client, connection);
        disconnected(connection);
    }
}

void Server::crash() {
    if (!is_up()) return;
    ++crashes_;
    fall();
}

void Server::fall() {
    const std::size_t unsynced = ledger_.below().unsynced();
    const std::size_t keep = world_.random().below(unsynced + 1);
    if (world_.tracing())
        world_.trace("server falls; " + std::to_string(keep) + " of " + std::to_string(unsynced) +
                     " unsynced batches stay");
    ledger_.below().crash(keep);
    world_.checker().crashed(keep);
    std::vector<std::pair<std::uint64_t, std::uint32_t>> open;
    for (const auto& [connection, session] : sessions_)
        open.emplace_back(connection, session.client);
    std::sort(open.begin(), open.end());
    for (const auto& [connection, client] : open) world_.close(client, ConnectionId(connection));
    engine_.reset();
    drain_.reset();
    inbox_.clear();
    sessions_.clear();
    tickets_.clear();
    turns_.clear();
    syncing_ = releasing_ = false;
    wake_at_.reset();
    world_.at(1ms + world_.up_to(50ms), EventKind::restart, 0, 0);
}

void Server::restore() {
    ++runs_;
    ++generation_;
    if (runs_ > 1 && world_.chaos()) draw_limits(world_.random(), config_);
    world_.checker().configure(config_);
    // A new process reads the clock as it finds it; time never goes back for the records.
    const WallTime wall = std::max(world_.wall(), world_.checker().now());
    clock_.emplace(Instant(world_.time()), wall);
    engine_ = std::make_unique<Engine>(config_);
    drain_ = std::make_unique<Drain>(*engine_, ledger_);
    world_.checker().begin_drain(wall);
    if (const Status status = drain_->restore(wall); !status) {
        world_.checker().fail("J20", "the server does not start: " + status.error().text());
        return;
    }
    world_.checker().restored(*engine_, wall);
    synced_ = ledger_.batches();
    world_.trace("server runs");
    wake(Duration{0});
}

}  // namespace sluice::jobs::sim
