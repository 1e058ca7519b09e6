// SPDX-License-Identifier: Apache-2.0
// Client: what producers, workers and the operator have in common: a connection that may be gone at
// any time, requests that may never be answered.
#pragma once

#include "modules/jobs/engine/decision.h"
#include "world.h"

namespace sluice::jobs::sim {

class Client {
public:
    Client(World& world, std::uint32_t id) : world_(world), id_(id) {}
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    virtual ~Client() = default;

    virtual void start() = 0;
    virtual void on_timer(std::uint64_t tag) = 0;
    virtual void on_reply(std::uint64_t request, ReplyBody& body) = 0;
    virtual void on_closed() {}
    /// Faults are over: finish what is under way and stay calm, or go.
    virtual void heal() = 0;
    /// Has nothing under way any more.
    [[nodiscard]] virtual bool is_done() const { return true; }

    [[nodiscard]] ConnectionId connection() const { return connection_; }
    void closed(ConnectionId connection) {
        if (connection != connection_) return;
        connection_ = {};
        on_closed();
    }

protected:
    bool connect() {
        if (!connection_) connection_ = world_.connect(id_);
        return static_cast<bool>(connection_);
    }
    void hang_up() {
        if (!connection_) return;
        world_.hang_up(id_, connection_);
        connection_ = {};
    }
    std::uint64_t send(Command command) {
        const std::uint64_t request = world_.next_number();
        if (connection_) world_.send({id_, connection_, request, std::move(command)});
        return request;
    }
    void after(Duration delay, std::uint64_t tag) { world_.at(delay, EventKind::timer, id_, tag); }

    World& world_;
    const std::uint32_t id_;
    ConnectionId connection_;
};

std::unique_ptr<Client> make_producer(World& world, std::uint32_t id);
enum class WorkerKind : std::uint8_t { plain, bare, extended, healthy };
std::unique_ptr<Client> make_worker(World& world, std::uint32_t id, WorkerKind kind);
std::unique_ptr<Client> make_operator(World& world, std::uint32_t id);

}  // namespace sluice::jobs::sim
