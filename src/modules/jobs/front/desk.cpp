// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/front/desk.h"

#include <iterator>
#include <string>
#include <utility>

namespace sluice::jobs {

namespace {

constexpr std::uint32_t generation_mask = 0xff'ffff;

/// From here on the owner has enough to do to be woken while this thread reads on.
constexpr std::size_t outbox_jobs_max = 32;

std::size_t jobs_in(const Command& command) {
    const auto* push = std::get_if<Push>(&command);
    return push != nullptr ? push->jobs.size() : 1;
}

TicketId ticket_of(const Command& command) {
    return std::visit(
        [](const auto& named) {
            if constexpr (requires { named.ticket; })
                return named.ticket;
            else
                return TicketId{};
        },
        command);
}

std::size_t thread_of(std::uint64_t id) { return (id >> 56) - 1; }

}  // namespace

TicketId Desk::open(TicketHolder& holder, std::uint64_t tag) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
        slot = static_cast<std::uint32_t>(places_.size());
        places_.emplace_back();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    Place& place = places_[slot];
    place.holder = &holder;
    place.tag = tag;
    return TicketId(prefix_ | static_cast<std::uint64_t>(place.generation) << 32 | slot);
}

Desk::Place* Desk::find(TicketId ticket) {
    const auto slot = static_cast<std::uint32_t>(ticket.value());
    if (slot >= places_.size()) return nullptr;
    Place& place = places_[slot];
    const auto generation = static_cast<std::uint32_t>(ticket.value() >> 32) & generation_mask;
    return place.holder != nullptr && place.generation == generation ? &place : nullptr;
}

void Desk::close(TicketId ticket) {
    Place* place = find(ticket);
    if (place == nullptr) return;
    place->holder = nullptr;
    place->generation = (place->generation + 1) & generation_mask;
    free_.push_back(static_cast<std::uint32_t>(ticket.value()));
}

void Desk::deliver(Reply&& reply) {
    Place* place = find(reply.ticket);
    if (place == nullptr) {
        // Its connection ended while the answer was on the way.
        const auto* jobs = std::get_if<JobsReply>(&reply.body);
        if (jobs == nullptr || jobs->jobs.empty()) return;
        return submit(Disconnect{.caller = {}, .undelivered = handed_out(*jobs)});
    }
    TicketHolder* holder = place->holder;
    const std::uint64_t tag = place->tag;
    close(reply.ticket);
    holder->on_reply(tag, std::move(reply.body));
}

void Desk::submit(Command command) {
    outbox_jobs_ += jobs_in(command);
    outbox_.push_back(std::move(command));
    if (outbox_jobs_ >= outbox_jobs_max && !retrying_) return flush();
    post_flush();
}

void Desk::post_flush() {
    if (std::exchange(flush_posted_, true)) return;
    thread_->post([this] {
        flush_posted_ = false;
        retrying_ = false;
        flush();
    });
}

void Desk::flush() {
    submit_outbox();
    hand_out_kept();
}

void Desk::keep(std::vector<Reply> replies, std::vector<ConnectionId> closes) {
    if (kept_replies_.empty())
        kept_replies_ = std::move(replies);
    else
        std::move(replies.begin(), replies.end(), std::back_inserter(kept_replies_));
    kept_closes_.insert(kept_closes_.end(), closes.begin(), closes.end());
}

/// After submit_outbox(), which must not be entered again by what a reply leads to.
void Desk::hand_out_kept() {
    for (Reply& reply : std::exchange(kept_replies_, {})) deliver(std::move(reply));
    for (const ConnectionId connection : std::exchange(kept_closes_, {})) ask_close(connection);
}

void Desk::submit_outbox() {
    outbox_jobs_ = 0;
    const bool taking = shard_->submit_all(outbox_);
    if (outbox_.empty()) return;
    std::vector<Command> kept;  // nobody waits for these, but they must not be lost
    for (Command& command : std::exchange(outbox_, {})) {
        const TicketId ticket = ticket_of(command);
        if (ticket && taking)
            deliver(Reply{ticket, RefusedReply{"BUSY", "server is busy, try again"}});
        else if (ticket)
            deliver(Reply{ticket, RefusedReply{"SHUTDOWN", "shutdown in progress"}});
        else if (taking)
            kept.push_back(std::move(command));
    }
    if (kept.empty()) return;
    // Tried again on a later turn, never from here: the channel may stay full for as long as a
    // reload takes.
    outbox_.insert(outbox_.begin(), std::make_move_iterator(kept.begin()),
                   std::make_move_iterator(kept.end()));
    retrying_ = true;
    post_flush();
}

ConnectionId Desk::connect(TicketHolder& holder) {
    const ConnectionId id(prefix_ | next_connection_++);
    connections_.emplace(id, &holder);
    return id;
}

void Desk::disconnect(ConnectionId connection) { connections_.erase(connection); }

void Desk::ask_close(ConnectionId connection) {
    const auto it = connections_.find(connection);
    if (it != connections_.end()) it->second->on_close_asked();
}

void Desk::fail_all(std::string_view why) {
    for (std::size_t slot = 0; slot < places_.size(); ++slot) {
        const Place& place = places_[slot];
        if (place.holder == nullptr) continue;
        const TicketId ticket(prefix_ | static_cast<std::uint64_t>(place.generation) << 32 | slot);
        deliver(Reply{ticket, RefusedReply{"UNAVAILABLE", std::string(why)}});
    }
    std::vector<ConnectionId> open;
    for (const auto& [connection, holder] : connections_) open.push_back(connection);
    for (const ConnectionId connection : open) ask_close(connection);
}

Desks::Desks(Runtime& runtime) : runtime_(runtime) {
    for (std::size_t i = 0; i < runtime.size(); ++i) {
        desks_.push_back(std::make_unique<Desk>(i, &runtime.thread(i)));
    }
}

void Desks::set_shard(Shard* shard) {
    for (const auto& desk : desks_) desk->set_shard(shard);
}

void Desks::release(std::vector<Reply> replies, std::vector<ConnectionId> closes) {
    std::vector<Batch> batches(desks_.size());
    if (desks_.size() == 1) {
        batches[0] = {std::move(replies), std::move(closes)};
    } else {
        for (Reply& reply : replies)
            batches[thread_of(reply.ticket.value())].replies.push_back(std::move(reply));
        for (const ConnectionId id : closes) batches[thread_of(id.value())].closes.push_back(id);
    }
    for (std::size_t i = 0; i < batches.size(); ++i) {
        if (batches[i].replies.empty() && batches[i].closes.empty()) continue;
        Desk* desk = desks_[i].get();
        // A turn that this thread has itself (ADR 0015): no way through its own inbox.
        if (runtime_.thread(i).is_current()) {
            desk->keep(std::move(batches[i].replies), std::move(batches[i].closes));
            continue;
        }
        runtime_.thread(i).post([desk, batch = std::move(batches[i])]() mutable {
            for (Reply& reply : batch.replies) desk->deliver(std::move(reply));
            for (const ConnectionId connection : batch.closes) desk->ask_close(connection);
        });
    }
}

void Desks::fail_all(std::string_view why) {
    for (std::size_t i = 0; i < desks_.size(); ++i) {
        Desk* desk = desks_[i].get();
        runtime_.thread(i).post([desk, text = std::string(why)] { desk->fail_all(text); });
    }
}

}  // namespace sluice::jobs
