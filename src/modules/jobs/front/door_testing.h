// SPDX-License-Identifier: Apache-2.0
// For tests only: the whole job port in this process, on a free loopback port, over a ledger in
// RAM.
#pragma once

#include "kernel/net/listener.h"
#include "kernel/net/tls.h"
#include "modules/jobs/front/faktory_session.h"
#include "modules/jobs/ledger/memory_ledger.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace sluice::jobs {

/// The job port over a ledger in RAM.
class Door {
public:
    explicit Door(const EngineConfig& engine = {}, std::shared_ptr<TlsContext> tls = nullptr,
                  FrontOptions options_of_front = {}) {
        auto runtime = Runtime::start({.io_threads = 1, .name = "io"});
        EXPECT_TRUE(runtime);
        runtime_ = std::move(*runtime);
        desks_ = std::make_unique<Desks>(*runtime_);
        front_ = std::make_unique<Front>(*desks_, metrics_, std::move(options_of_front));
        ShardOptions options;
        options.engine = engine;
        auto shard =
            Shard::start(std::make_unique<MemoryLedger>(), *desks_, metrics_, options, nullptr);
        EXPECT_TRUE(shard);
        shard_ = std::move(*shard);
        front_->shard = shard_.get();
        desks_->set_shard(shard_.get());
        ListenerOptions listening{.name = "jobs", .address = "127.0.0.1:0"};
        listening.tls = std::move(tls);
        auto listener = Listener::open(*runtime_, metrics_, std::move(listening), [this] {
            return std::make_unique<FaktorySession>(*front_);
        });
        EXPECT_TRUE(listener);
        listener_ = std::move(*listener);
    }
    ~Door() {
        listener_.reset();
        front_->passwords.drain();
        stop_queue();
        runtime_->stop(deadline_after(5s));
    }
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

    void begin_drain() { front_->draining = true; }
    /// From now on nobody has time to check a password.
    void stop_checking_passwords() { front_->passwords.drain(); }
    void stop_queue() {
        if (!stopped_) shard_->stop();
        stopped_ = true;
    }
    /// Requests that were read so far, of all connections.
    [[nodiscard]] std::uint64_t requests() const { return front_->commands.value(); }
    [[nodiscard]] std::uint16_t port() const { return listener_->address().port; }

private:
    Registry metrics_;
    std::unique_ptr<Runtime> runtime_;
    std::unique_ptr<Desks> desks_;
    std::unique_ptr<Front> front_;
    std::unique_ptr<Shard> shard_;
    std::unique_ptr<Listener> listener_;
    bool stopped_ = false;
};

}  // namespace sluice::jobs
