// SPDX-License-Identifier: Apache-2.0
// World: one simulated history. It owns virtual time, the network between clients and server, and
// everybody in it. One seed, one history.
#pragma once

#include "checker.h"
#include "event_queue.h"
#include "kernel/base/random.h"
#include "swarm.h"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace sluice::jobs::sim {

class Client;
class Server;

struct RunOptions {
    std::uint64_t seed = 1;
    std::uint64_t faults = 0;       ///< bits of Fault
    bool trace = false;             ///< keep readable lines of what happens
    std::size_t trace_lines = 200;  ///< the last so many; 0: all
};

struct Outcome {
    std::optional<Violation> violation;
    std::uint64_t hash = 0;  ///< of everything that happened (J22)
    std::uint64_t events = 0;
    std::uint64_t crashes = 0;
    std::uint64_t restarts = 0;
    std::uint64_t pushed = 0;
    std::uint64_t deliveries = 0;
    Duration virtual_time{};
    std::deque<std::string> trace;
};

/// Plays one history to its end or to the first violation.
Outcome run_seed(const RunOptions& options);

/// A value on its way, named by its place.
template <class T>
class Pool {
public:
    std::uint64_t put(T value) {
        if (free_.empty()) {
            values_.push_back(std::move(value));
            return values_.size() - 1;
        }
        const std::uint64_t place = free_.back();
        free_.pop_back();
        values_[place] = std::move(value);
        return place;
    }
    T take(std::uint64_t place) {
        free_.push_back(place);
        return std::move(values_[place]);
    }

private:
    std::vector<T> values_;
    std::vector<std::uint64_t> free_;
};

/// A request on its way to the server.
struct Envelope {
    std::uint32_t client = 0;
    ConnectionId connection;
    std::uint64_t request = 0;
    Command command;
};
/// A reply on its way to a client.
struct Letter {
    std::uint32_t client = 0;
    ConnectionId connection;
    std::uint64_t request = 0;
    ReplyBody body;
};

class World {
public:
    explicit World(const RunOptions& options);
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    Outcome run();

    // For everybody.
    [[nodiscard]] Duration time() const { return time_; }
    [[nodiscard]] WallTime wall() const { return base + time_ + wall_offset_; }
    [[nodiscard]] bool chaos() const { return chaos_; }
    [[nodiscard]] const Swarm& swarm() const { return swarm_; }
    [[nodiscard]] Checker& checker() { return checker_; }
    Random& random() { return random_; }
    /// A chance in thousandths; never while healing.
    bool chance(std::uint32_t thousandths) {
        return thousandths != 0 && chaos_ && random_.below(1000) < thousandths;
    }
    Duration up_to(Duration most) {
        return Duration(static_cast<Duration::rep>(
            random_.below(static_cast<std::uint64_t>(most.count()) + 1)));
    }
    void at(Duration delay, EventKind kind, std::uint32_t who, std::uint64_t what) {
        events_.push(time_ + delay, kind, who, what);
    }
    [[nodiscard]] bool tracing() const { return options_.trace; }
    void trace(const std::string& line);
    void mix(std::uint64_t value) {
        hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15ULL;
        hash_ ^= hash_ >> 32U;
    }

    // For clients.
    ConnectionId connect(std::uint32_t client);
    void send(Envelope envelope);
    /// The client's side of the connection is gone; the server learns of it later or never.
    void hang_up(std::uint32_t client, ConnectionId connection);
    [[nodiscard]] const std::vector<std::string>& queue_names() const { return queue_names_; }
    /// A jid that was pushed lately, or an empty text.
    std::string recent_jid();
    void note_jid(const std::string& jid);
    /// A lease that was given lately.
    JobRef recent_ref();
    void note_ref(const JobRef& ref);
    std::uint64_t next_number() { return ++numbers_; }

    // For the server.
    void deliver(Letter letter);
    /// The server closed the connection, or died.
    void close(std::uint32_t client, ConnectionId connection);

private:
    static constexpr WallTime base = wall_from_ns(1'700'000'000'000'000'000);

    void populate();
    void step(const Event& event);
    void start_healing();
    [[nodiscard]] bool is_over();
    Duration travel();
    void jump();

    RunOptions options_;
    Swarm swarm_;
    Random random_;
    Checker checker_;
    EventQueue events_;
    Duration time_{};
    Duration wall_offset_{};
    bool chaos_ = true;
    std::uint64_t handled_ = 0;
    std::uint64_t hash_ = 1;
    std::uint64_t numbers_ = 0;
    std::uint64_t connections_ = 0;
    Pool<Envelope> envelopes_;
    Pool<Letter> letters_;
    std::vector<Duration> last_arrival_;  ///< per client, both directions
    std::vector<std::string> queue_names_;
    std::vector<std::string> recent_;
    std::vector<JobRef> recent_refs_;
    std::size_t recent_at_ = 0;
    std::size_t recent_ref_at_ = 0;
    std::deque<std::string> trace_;
    std::unique_ptr<Server> server_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::size_t first_producer_ = 0;
    std::size_t producers_end_ = 0;
};

}  // namespace sluice::jobs::sim
