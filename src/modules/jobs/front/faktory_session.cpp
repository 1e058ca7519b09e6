// SPDX-License-Identifier: Apache-2.0
#include "modules/jobs/front/faktory_session.h"

#include "kernel/observe/log.h"
#include "kernel/wire/resp.h"

#include <openssl/rand.h>

#include <array>

namespace sluice::jobs {

namespace {
constexpr std::size_t line_end_bytes = 2;  ///< CR LF
constexpr std::size_t listings_max = 2;

bool is_listing(sdk::Verb verb) { return verb == sdk::Verb::job || verb == sdk::Verb::info; }
}  // namespace

FaktorySession::~FaktorySession() = default;

void FaktorySession::on_open(Session& session) {
    session_ = &session;
    is_tls_ = session.is_tls();
    desk_ = &front_.desks.of(session.thread());
    connection_ = desk_->connect(*this);
    front_.connections.fetch_add(1, std::memory_order_relaxed);
    session.set_deadline(session.thread().now() + front_.options.handshake_timeout);
    session.set_read_buffer_max(Bytes{front_.options.handshake_line_max.count + line_end_bytes});
    if (!front_.options.password.empty()) {
        std::array<std::uint8_t, sdk::challenge_bytes> random{};
        if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) {
            log_error("no random bytes for a challenge: connection closed");
            session.close();
            return;
        }
        challenge_ = sdk::make_challenge(random);
    }
    std::string greeting = "+";
    greeting += sdk::render_greeting(
        {.version = sdk::protocol_version, .challenge = challenge_, .extended = true});
    greeting += "\r\n";
    session.write(greeting);
    written_ += greeting.size();
}

std::size_t FaktorySession::on_bytes(Session& session, std::string_view unread) {
    std::size_t begin = 0;
    while (session.is_open() && !hanging_up_ && !session.is_paused()) {
        // Listings are decided at once: a thousand of them would be answered with gigabytes before
        // the client has read any.
        if (requests_.size() >= front_.options.requests_max || listings_ >= listings_max) {
            session.pause_reading();
            break;
        }
        if (session.is_output_full()) break;
        const std::size_t end = unread.find('\n', begin + scanned_);
        const bool is_whole = end != std::string_view::npos;
        std::string_view line = unread.substr(begin, is_whole ? end - begin : end);
        scanned_ = is_whole ? 0 : line.size();
        // Of a line that is not whole yet, this may be the first byte of its end.
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        if (line.size() > line_max()) {
            refuse_long_line();
            return unread.size();
        }
        if (!is_whole) break;
        handle(line);
        begin = end + 1;
    }
    return begin;
}

bool FaktorySession::on_end_of_input(Session&) {
    hang_up();
    return !requests_.empty();
}

/// Takes no more requests; closes once those that were read are answered.
void FaktorySession::hang_up() {
    hanging_up_ = true;
    if (requests_.empty() && session_ != nullptr) session_->close_after_flush();
}

void FaktorySession::on_closed(Session&, const CloseInfo& info) {
    for (const Request& request : requests_) {
        if (!request.done) desk_->close(request.ticket);
    }
    desk_->disconnect(connection_);
    front_.connections.fetch_sub(1, std::memory_order_relaxed);
    if (greeted_) {
        Disconnect gone{.caller = caller()};
        const Instant now = monotonic_now();
        const std::uint64_t missing = info.unsent_bytes + info.unacknowledged_bytes;
        for (const Delivery& delivery : deliveries_) {
            // The kernel counts encrypted bytes, which are more than ours: over TLS a job may have
            // arrived although it seems to be among the missing ones. Not if nothing followed it.
            const bool answered = is_tls_ && delivery.end <= known_read_;
            const bool arrived = answered || delivery.end + missing <= written_;
            // A program that ends with unread bytes resets its connections.
            const bool unread = info.was_reset && delivery.end > known_read_ &&
                                now - delivery.at <= front_.options.unread_within;
            if (arrived && !unread) continue;
            auto& where = arrived ? gone.unread : gone.undelivered;
            where.insert(where.end(), delivery.jobs.begin(), delivery.jobs.end());
        }
        desk_->submit(std::move(gone));
    }
    session_ = nullptr;
}

void FaktorySession::on_close_asked() {
    if (session_ != nullptr) session_->close_after_flush();
}

void FaktorySession::on_reply(std::uint64_t tag, ReplyBody&& reply) {
    Request& request = requests_[tag - first_tag_];
    render(request, std::move(reply));
    request.done = true;
    write_ready();
}

FaktorySession::Request& FaktorySession::begin(sdk::Verb verb) {
    requests_.emplace_back();
    Request& request = requests_.back();
    request.verb = verb;
    if (is_listing(verb)) ++listings_;
    return request;
}

void FaktorySession::submit(Command command) {
    Request& request = requests_.back();
    request.ticket = desk_->open(*this, first_tag_ + requests_.size() - 1);
    std::visit(
        [&](auto& named) {
            if constexpr (requires { named.ticket = request.ticket; })
                named.ticket = request.ticket;
        },
        command);
    desk_->submit(std::move(command));
}

void FaktorySession::answer(std::string bytes) {
    Request& request = requests_.back();
    request.text = std::move(bytes);
    request.done = true;
    write_ready();
}

void FaktorySession::refuse(std::string_view message) {
    front_.refused.add();
    std::string text;
    put_resp_error(text, "ERR", sdk::error_line(message));
    answer(std::move(text));
}

/// The server stops: what was pushed by now is kept, nothing more is taken.
void FaktorySession::refuse_shutdown() {
    front_.refused.add();
    std::string text;
    put_resp_error(text, extended_ ? "SHUTDOWN" : "ERR", "shutdown in progress");
    answer(std::move(text));
}

/// As to a fetch that found nothing. A job given out now would hang on a connection about to end.
void FaktorySession::answer_no_jobs() {
    std::string text;
    if (requests_.back().verb == sdk::Verb::fetchb)
        put_resp_bulk(text, "[]");
    else
        put_resp_null(text);
    answer(std::move(text));
}

std::size_t FaktorySession::line_max() const {
    return (greeted_ ? front_.options.line_max : front_.options.handshake_line_max).count;
}

/// What follows in the stream cannot be understood any more. Before HELLO nobody is told why.
void FaktorySession::refuse_long_line() {
    if (!greeted_) {
        session_->close();
        return;
    }
    begin(sdk::Verb::unknown);
    front_.refused.add();
    std::string text;
    put_resp_error(text, extended_ ? "TOOLARGE" : "ERR",
                   "the request line is too long; at most " +
                       std::to_string(front_.options.line_max.count) + " bytes");
    hanging_up_ = true;
    answer(std::move(text));
}

/// Writes every reply whose turn has come.
void FaktorySession::write_ready() {
    while (!requests_.empty() && requests_.front().done) {
        session_->write(requests_.front().text);
        // Too much for a reader as slow as this one: on_closed finds it among what never arrived.
        if (!session_->is_open()) return;
        written_ += requests_.front().text.size();
        if (is_listing(requests_.front().verb)) --listings_;
        requests_.pop_front();
        ++first_tag_;
    }
    if (hanging_up_ && requests_.empty()) {
        session_->close_after_flush();
    } else if (session_->is_paused() && requests_.size() <= front_.options.requests_max / 2 &&
               listings_ < listings_max) {
        session_->resume_reading();
    }
}

}  // namespace sluice::jobs
