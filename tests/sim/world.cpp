// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include "client.h"
#include "server.h"

#include <algorithm>
#include <exception>

namespace sluice::jobs::sim {

namespace {
constexpr std::size_t recent_max = 64;
constexpr std::uint64_t healing_events_max = 400'000;
}  // namespace

World::World(const RunOptions& options)
    : options_(options),
      swarm_(draw_swarm(options.seed)),
      random_(options.seed),
      checker_(swarm_.engine) {}
World::~World() = default;

void World::populate() {
    for (std::uint32_t i = 0; i < swarm_.queues; ++i)
        queue_names_.push_back("q" + std::to_string(i));
    server_ = std::make_unique<Server>(*this, options_.faults);
    const auto next = [&] { return static_cast<std::uint32_t>(clients_.size()); };
    clients_.push_back(make_operator(*this, next()));
    first_producer_ = clients_.size();
    for (std::uint32_t i = 0; i < swarm_.producers; ++i)
        clients_.push_back(make_producer(*this, next()));
    producers_end_ = clients_.size();
    for (std::uint32_t i = 0; i < swarm_.plain_workers; ++i)
        clients_.push_back(make_worker(*this, next(), WorkerKind::plain));
    for (std::uint32_t i = 0; i < swarm_.bare_workers; ++i)
        clients_.push_back(make_worker(*this, next(), WorkerKind::bare));
    for (std::uint32_t i = 0; i < swarm_.extended_workers; ++i)
        clients_.push_back(make_worker(*this, next(), WorkerKind::extended));
    last_arrival_.resize(2 * clients_.size() + 8);
    server_->start();
    for (const auto& client : clients_) client->start();
    if (swarm_.crash_mean > Duration{0}) at(up_to(swarm_.crash_mean * 2), EventKind::crash, 0, 0);
    if (swarm_.jump_mean > Duration{0})
        at(up_to(swarm_.jump_mean * 2), EventKind::clock_jump, 0, 0);
}

void World::trace(const std::string& line) {
    if (!options_.trace) return;
    trace_.push_back(std::to_string(time_.count() / 1000) + "us " + line);
    if (options_.trace_lines != 0 && trace_.size() > options_.trace_lines) trace_.pop_front();
}

ConnectionId World::connect(std::uint32_t client) {
    const ConnectionId connection(connections_ + 1);
    if (!server_->open(connection, client)) return {};
    ++connections_;
    return connection;
}

Duration World::travel() {
    Duration delay = up_to(swarm_.delay_max);
    if (chance(swarm_.reorder)) delay += up_to(swarm_.delay_max * 8);
    return delay;
}

void World::send(Envelope envelope) {
    if (chance(swarm_.loss)) return;
    const std::uint32_t client = envelope.client;
    const ConnectionId connection = envelope.connection;
    if (chance(swarm_.duplicate))
        at(travel(), EventKind::request, client, envelopes_.put(envelope));
    Duration arrival = time_ + travel();
    if (swarm_.reorder == 0) arrival = std::max(arrival, last_arrival_[2 * client]);
    last_arrival_[2 * client] = arrival;
    at(arrival - time_, EventKind::request, client, envelopes_.put(std::move(envelope)));
    if (chance(swarm_.breaks)) {  // on the way: both sides learn of it in their own time
        at(travel(), EventKind::closed, client, connection.value());
        if (!chance(swarm_.silent_breaks))
            at(travel(), EventKind::disconnect, client, connection.value());
    }
}

void World::hang_up(std::uint32_t client, ConnectionId connection) {
    if (chance(swarm_.silent_breaks)) return;
    at(travel(), EventKind::disconnect, client, connection.value());
}

void World::deliver(Letter letter) {
    if (chance(swarm_.loss)) return;
    const std::uint32_t client = letter.client;
    if (chance(swarm_.duplicate)) at(travel(), EventKind::letter, client, letters_.put(letter));
    Duration arrival = time_ + travel();
    if (swarm_.reorder == 0) arrival = std::max(arrival, last_arrival_[2 * client + 1]);
    last_arrival_[2 * client + 1] = arrival;
    at(arrival - time_, EventKind::letter, client, letters_.put(std::move(letter)));
}

void World::close(std::uint32_t client, ConnectionId connection) {
    at(travel(), EventKind::closed, client, connection.value());
}

void World::note_jid(const std::string& jid) {
    if (recent_.size() < recent_max)
        recent_.push_back(jid);
    else
        recent_[recent_at_++ % recent_max] = jid;
}
std::string World::recent_jid() {
    return recent_.empty() ? std::string() : recent_[random_.below(recent_.size())];
}
void World::note_ref(const JobRef& ref) {
    if (recent_refs_.size() < recent_max)
        recent_refs_.push_back(ref);
    else
        recent_refs_[recent_ref_at_++ % recent_max] = ref;
}
JobRef World::recent_ref() {
    return recent_refs_.empty() ? JobRef{} : recent_refs_[random_.below(recent_refs_.size())];
}

void World::jump() {
    if (!chaos_) return;
    constexpr Duration sizes[] = {100ms, 2s, 60s, 1h};
    const Duration size = sizes[random_.below(4)];
    wall_offset_ += random_.below(2) == 0 ? size : -size;
    server_->clock_jumped();
    at(1ms + up_to(swarm_.jump_mean * 2), EventKind::clock_jump, 0, 0);
}

void World::step(const Event& event) {
    switch (event.kind) {
        case EventKind::request: server_->receive(envelopes_.take(event.what)); break;
        case EventKind::letter: {
            Letter letter = letters_.take(event.what);
            Client& client = *clients_[letter.client];
            if (client.connection() != letter.connection) break;
            if (const auto* jobs = std::get_if<JobsReply>(&letter.body))
                server_->arrived(letter.connection, *jobs);
            client.on_reply(letter.request, letter.body);
            break;
        }
        case EventKind::closed: clients_[event.who]->closed(ConnectionId(event.what)); break;
        case EventKind::timer: clients_[event.who]->on_timer(event.what); break;
        case EventKind::disconnect: server_->disconnected(ConnectionId(event.what)); break;
        case EventKind::drain: server_->on_drain(event.what); break;
        case EventKind::sync_done: server_->on_sync_done(event.what); break;
        case EventKind::release: server_->on_release(event.what); break;
        case EventKind::crash:
            if (!chaos_) break;
            server_->crash();
            at(1ms + up_to(swarm_.crash_mean * 2), EventKind::crash, 0, 0);
            break;
        case EventKind::restart:
            if (!server_->is_up()) server_->start();
            break;
        case EventKind::clock_jump: jump(); break;
    }
}

void World::start_healing() {
    chaos_ = false;
    trace("healing begins");
    for (const auto& client : clients_) client->heal();
    for (int i = 0; i < 2; ++i) {
        const auto id = static_cast<std::uint32_t>(clients_.size());
        clients_.push_back(make_worker(*this, id, WorkerKind::healthy));
        clients_.back()->start();
    }
    last_arrival_.resize(2 * clients_.size());
}

bool World::is_over() {
    if (chaos_ || !server_->is_idle() || checker_.shadow().live() != 0) return false;
    return std::all_of(clients_.begin(), clients_.end(),
                       [](const auto& client) { return client->is_done(); });
}

Outcome World::run() {
    Outcome outcome;
    try {
        populate();
        while (!checker_.violation() && !events_.empty()) {
            const Event event = events_.pop();
            time_ = event.at;
            mix(static_cast<std::uint64_t>(time_.count()) * 16 +
                static_cast<std::uint64_t>(event.kind));
            ++handled_;
            step(event);
            if (chaos_ && handled_ >= swarm_.chaos_events) start_healing();
            if (is_over()) {
                checker_.finished(*server_->engine());
                break;
            }
            if (handled_ > swarm_.chaos_events + healing_events_max)
                checker_.fail("J9", "it does not come to an end");
        }
    } catch (const CheckFailure& failure) {
        checker_.fail("J20", std::string("a check of the engine failed: ") + failure.condition +
                                 " at " + failure.file + ":" + std::to_string(failure.line));
    } catch (const std::exception& error) {
        checker_.fail("J20", std::string("an exception: ") + error.what());
    }
    outcome.violation = checker_.violation();
    outcome.hash = hash_;
    outcome.events = handled_;
    outcome.crashes = server_->crashes();
    outcome.restarts = server_->restarts();
    outcome.pushed = checker_.shadow().size();
    outcome.deliveries = checker_.deliveries();
    outcome.virtual_time = time_;
    outcome.trace = std::move(trace_);
    return outcome;
}

Outcome run_seed(const RunOptions& options) {
    World world(options);
    return world.run();
}

}  // namespace sluice::jobs::sim
