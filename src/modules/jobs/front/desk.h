// SPDX-License-Identifier: Apache-2.0
// Desk: where replies find their way back. Each I/O thread has one desk with its open tickets;
// Desks groups what the shard releases by thread, so that a whole drain costs one wake-up a thread.
#pragma once

#include "kernel/net/runtime.h"
#include "modules/jobs/engine/decision.h"
#include "modules/jobs/shell/shard.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice::jobs {

/// Somebody who waits for replies, on one I/O thread.
class TicketHolder {
public:
    TicketHolder() = default;
    TicketHolder(const TicketHolder&) = delete;
    TicketHolder& operator=(const TicketHolder&) = delete;
    virtual ~TicketHolder() = default;
    /// The reply to the request that was given this tag.
    virtual void on_reply(std::uint64_t tag, ReplyBody&& reply) = 0;
    /// The server ends this connection once what was written is out.
    virtual void on_close_asked() = 0;
};

/// One I/O thread's table. Used on that thread only.
class Desk {
public:
    /// `thread` is where submit() is called; null only where nothing is submitted.
    explicit Desk(std::size_t thread_index, IoThread* thread = nullptr)
        : prefix_((thread_index + 1) << 56), thread_(thread) {}
    void set_shard(Shard* shard) { shard_ = shard; }

    /// Hands the command to the shard once everything that is ready on this thread has been looked
    /// at, together with the others: one lock and one wake-up for all. When the shard is too busy,
    /// the ticket is refused.
    void submit(Command command);

    /// A ticket whose reply goes to `holder.on_reply(tag, …)`.
    TicketId open(TicketHolder& holder, std::uint64_t tag);
    /// Forgets the ticket; a reply that still comes is dropped, jobs in it are given back.
    void close(TicketId ticket);
    void deliver(Reply&& reply);
    /// What the shard released while this thread was in submit(): handed out when it returns.
    void keep(std::vector<Reply> replies, std::vector<ConnectionId> closes);

    ConnectionId connect(TicketHolder& holder);
    void disconnect(ConnectionId connection);
    void ask_close(ConnectionId connection);
    /// Answers every open ticket with an error and closes every connection.
    void fail_all(std::string_view why);

private:
    struct Place {
        TicketHolder* holder = nullptr;
        std::uint64_t tag = 0;
        std::uint32_t generation = 0;
    };
    Place* find(TicketId ticket);
    void flush();
    void submit_outbox();
    void hand_out_kept();
    void post_flush();

    const std::uint64_t prefix_;
    IoThread* const thread_;
    Shard* shard_ = nullptr;
    std::vector<Command> outbox_;
    std::size_t outbox_jobs_ = 0;
    bool flush_posted_ = false;
    bool retrying_ = false;  ///< the shard was full; a later turn tries again
    std::vector<Reply> kept_replies_;
    std::vector<ConnectionId> kept_closes_;
    std::vector<Place> places_;
    std::vector<std::uint32_t> free_;
    std::unordered_map<ConnectionId, TicketHolder*> connections_;
    std::uint64_t next_connection_ = 1;
};

/// All desks, as the shard sees them.
class Desks final : public ReplySink {
public:
    explicit Desks(Runtime& runtime);

    /// Before the first connection.
    void set_shard(Shard* shard);
    [[nodiscard]] Desk& of(const IoThread& thread) { return *desks_[thread.index()]; }
    void release(std::vector<Reply> replies, std::vector<ConnectionId> closes) override;
    void fail_all(std::string_view why) override;

private:
    struct Batch {
        std::vector<Reply> replies;
        std::vector<ConnectionId> closes;
    };
    Runtime& runtime_;
    std::vector<std::unique_ptr<Desk>> desks_;
};

}  // namespace sluice::jobs
