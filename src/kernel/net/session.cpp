// SPDX-License-Identifier: Apache-2.0
// The hot path: readable event -> one recv into the thread's scratch buffer -> the protocol -> one
// send of everything it wrote. An idle session holds no buffer at all.
#include "kernel/net/session.h"

#include "kernel/net/session_io.h"
#include "kernel/observe/log.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace sluice {

namespace {

// Reads in one turn before other sessions get theirs.
constexpr int read_rounds_max = 8;

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

std::string_view to_string(CloseReason reason) {
    switch (reason) {
        case CloseReason::peer_closed: return "peer_closed";
        case CloseReason::peer_reset: return "peer_reset";
        case CloseReason::local: return "local";
        case CloseReason::idle: return "idle";
        case CloseReason::deadline: return "deadline";
        case CloseReason::stalled: return "stalled";
        case CloseReason::input_limit: return "input_limit";
        case CloseReason::output_limit: return "output_limit";
        case CloseReason::tls_failed: return "tls_failed";
        case CloseReason::stopping: return "stopping";
    }
    return "unknown";
}

Session::Session(IoThread& thread, Adopt parts)
    : thread_(thread),
      handler_(std::move(parts.handler)),
      ticket_(std::move(parts.ticket)),
      options_(parts.options),
      remote_(std::move(parts.remote)) {
    io_ = std::make_unique<Io>(Io{std::move(parts.socket), {}});
}

Session::~Session() = default;

void Session::adopt(IoThread& thread, Adopt parts) {
    if (thread.draining_) return;
    const std::shared_ptr<TlsContext> tls = parts.tls;
    const std::string tls_name = std::move(parts.tls_name);
    std::shared_ptr<Session> session(new Session(thread, std::move(parts)));
    thread.add_session(session);
    session->last_activity_ = thread.now();
    if (session->options_.handshake_timeout > Duration::zero()) {
        session->deadline_ = thread.now() + session->options_.handshake_timeout;
    }
    session->update_deadline();
    const int descriptor = session->io_->socket.get();
    // Once for its whole life; what is ready already is an event, too.
    if (!thread.watch(descriptor, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, *session)) {
        return session->close();
    }
    if (!tls) return session->open();
    auto stream = TlsStream::open(*tls, descriptor, tls_name);
    if (!stream) return session->close(CloseReason::tls_failed);
    session->io_->tls = std::move(stream).value();
    session->continue_handshake();
}

bool Session::is_tls() const { return io_ && io_->tls; }

void Session::open() {
    state_ = State::open;
    handler_->on_open(*this);
    if (io_->tls) readable_ = true;  // A request may have come behind the hand-shake.
    mark_dirty();                    // Flushes a greeting.
}

void Session::continue_handshake() {
    switch (io_->tls.handshake()) {
        case TlsOutcome::done: return open();
        case TlsOutcome::wants_read: return;
        case TlsOutcome::wants_write: return await_room();
        case TlsOutcome::end:
        case TlsOutcome::failed: return close(CloseReason::tls_failed);
    }
}

void Session::on_ready(std::uint32_t events) {
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) peer_ended_ = true;
    if ((events & ~std::uint32_t{EPOLLOUT}) != 0) readable_ = true;
    // TLS may have to read before it writes on.
    if (awaits_room_ && (is_tls() || (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0)) {
        on_writable();
    }
    if (readable_) on_readable();
}

// --- input -------------------------------------------------------------------------------------

/// The socket says once that it has input: what was left in it then is read in a later turn.
void Session::read_on_later() {
    if (!readable_ || again_ || close_now_ || input_ended_ || state_ == State::closed) return;
    if (state_ == State::handshake || (state_ == State::open && !wants_input())) return;
    again_ = true;
    thread_.come_again(*this);
}

void Session::on_readable() {
    if (state_ == State::closed || close_now_ || input_ended_) return;
    if (state_ == State::handshake) return continue_handshake();
    read_rounds();
    read_on_later();
}

Session::ReadResult Session::read_some(std::size_t& count) {
    char* scratch = thread_.scratch_.get();
    if (!io_->tls) {
        ssize_t got = 0;
        do {  // An interrupted call says nothing about the socket, which will not say it again.
            got = ::recv(io_->socket.get(), scratch, scratch_bytes, MSG_DONTWAIT);
        } while (got < 0 && errno == EINTR);
        if (got > 0) {
            count = static_cast<std::size_t>(got);
            return ReadResult::data;
        }
        if (got == 0) return ReadResult::end;
        if (would_block(errno)) return ReadResult::would_block;
        reset_seen_ = true;
        return ReadResult::failed;
    }
    switch (io_->tls.read(scratch, scratch_bytes, count)) {
        case TlsOutcome::done: return ReadResult::data;
        case TlsOutcome::wants_read: return ReadResult::would_block;
        case TlsOutcome::wants_write: await_room(); return ReadResult::would_block;
        case TlsOutcome::end: return ReadResult::end;
        case TlsOutcome::failed: break;
    }
    return ReadResult::failed;
}

void Session::read_rounds() {
    for (int round = 0; round < read_rounds_max; ++round) {
        if (state_ == State::open && !wants_input()) return;
        std::size_t count = 0;
        switch (read_some(count)) {
            case ReadResult::data: break;
            case ReadResult::would_block: readable_ = false; return;
            case ReadResult::end: return input_ended();
            case ReadResult::failed:
                return close(state_ == State::lingering ? close_reason_ : CloseReason::peer_reset);
        }
        last_activity_ = thread_.now();
        take_input({thread_.scratch_.get(), count});
        if (close_now_ || closing_) return;
        // A short read has emptied the socket; saves the recv that would say so. Not for TLS: there
        // OpenSSL may hold decrypted bytes of which the socket knows nothing.
        if (!io_->tls && !peer_ended_ && count < scratch_bytes) {
            readable_ = false;
            return;
        }
    }
}

void Session::take_input(std::string_view bytes) {
    if (state_ != State::open || closing_) return;  // Lingering: nobody listens any more.
    if (in_.empty() && can_deliver()) {
        const std::size_t used = handler_->on_bytes(*this, bytes);
        SLUICE_CHECK(used <= bytes.size());
        if (used < bytes.size()) in_.assign(bytes.substr(used));
    } else {
        in_.append(bytes);
        if (can_deliver()) deliver();
    }
    if (in_.size() > options_.read_buffer_max.count) close(CloseReason::input_limit);
}

void Session::deliver() {
    const std::size_t used = handler_->on_bytes(*this, in_);
    SLUICE_CHECK(used <= in_.size());
    if (used == in_.size()) {
        in_ = std::string();  // Gives the memory back, too.
    } else {
        in_.erase(0, used);
    }
}

bool Session::can_deliver() const {
    return state_ == State::open && !closing_ && !close_now_ && !paused_ && !output_full_;
}

bool Session::wants_input() const {
    if (closing_) return true;
    return can_deliver() || in_.size() < options_.read_ahead_max.count;
}

void Session::resume_reading() {
    if (!paused_) return;
    paused_ = false;
    redeliver_ = true;
    mark_dirty();
}

void Session::input_ended() {
    input_ended_ = true;
    mark_dirty();
}

void Session::offer_end_of_input() {
    if (state_ == State::lingering) return close(close_reason_);
    if (end_offered_ || closing_ || !can_deliver()) return;
    end_offered_ = true;
    if (handler_->on_end_of_input(*this) || closing_ || close_now_) return;
    close_reason_ = CloseReason::peer_closed;
    closing_ = true;
}

// --- output ------------------------------------------------------------------------------------

void Session::mark_dirty() {
    if (dirty_ || state_ == State::closed) return;
    dirty_ = true;
    thread_.mark_dirty(*this);
}

std::string& Session::output() {
    if (!has_out_buffer_) {
        out_ = thread_.take_buffer();
        has_out_buffer_ = true;
    }
    mark_dirty();
    return out_;
}

void Session::write(std::string_view bytes) {
    if (!is_open()) return;
    if (unsent_bytes() + bytes.size() > options_.output_hard_max.count) {
        if (!flush()) return close(CloseReason::peer_reset);
        if (unsent_bytes() + bytes.size() > options_.output_hard_max.count) {
            return close(CloseReason::output_limit);
        }
    }
    output().append(bytes);
}

bool Session::flush() {
    while (out_sent_ < out_.size()) {
        const std::string_view rest = std::string_view(out_).substr(out_sent_);
        std::size_t sent = 0;
        bool blocked = false;
        if (io_->tls) {
            const TlsOutcome outcome = io_->tls.write(rest, sent);
            if (outcome == TlsOutcome::failed || outcome == TlsOutcome::end) return false;
            blocked = outcome != TlsOutcome::done;
        } else {
            const ssize_t result =
                ::send(io_->socket.get(), rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (result < 0 && errno == EINTR) continue;
            if (result < 0 && !would_block(errno)) return reset_seen_ = true, false;
            blocked = result < 0;
            sent = blocked ? 0 : static_cast<std::size_t>(result);
        }
        if (blocked) {
            await_room();
            break;
        }
        out_sent_ += sent;
        last_activity_ = last_send_ = thread_.now();
    }
    if (out_sent_ == out_.size() && has_out_buffer_) {
        thread_.give_buffer(std::exchange(out_, std::string()));
        out_sent_ = 0;
        has_out_buffer_ = false;
    } else if (out_sent_ > out_.size() / 2) {
        out_.erase(0, std::exchange(out_sent_, 0));
    }
    return true;
}

void Session::await_room() {
    if (awaits_room_ || state_ == State::closed) return;
    awaits_room_ = true;
    last_send_ = thread_.now();
    update_deadline();
}

void Session::on_writable() {
    awaits_room_ = false;
    if (state_ == State::closed || close_now_) return;
    if (state_ == State::handshake) return continue_handshake();
    if (io_->tls) readable_ = true;  // A read may have been waiting for room to write.
    mark_dirty();
}

// --- the end of a turn, and of the session -----------------------------------------------------

void Session::finish_turn() {
    dirty_ = false;
    if (state_ == State::closed) return;
    if (!close_now_ && redeliver_) {
        redeliver_ = false;
        if (!in_.empty() && can_deliver()) deliver();
    }
    if (!close_now_ && state_ != State::handshake) {
        // A protocol that saw is_output_full() has left input unread and waits to be asked again.
        const bool was_full = output_full_ || is_output_full();
        const std::uint64_t soft = options_.output_soft_max.count;
        if (!flush()) close(CloseReason::peer_reset);
        if (unsent_bytes() > options_.output_hard_max.count) close(CloseReason::output_limit);
        output_full_ = unsent_bytes() > (was_full ? soft / 2 : soft);
        if (was_full && !output_full_) redeliver_ = true, mark_dirty();
        if (input_ended_ && !redeliver_) offer_end_of_input();
        if (closing_ && !close_now_ && state_ == State::open && unsent_bytes() == 0) begin_linger();
    }
    if (close_now_) return teardown();
    read_on_later();
    update_deadline();
}

void Session::begin_linger() {
    if (io_->tls) io_->tls.shut_down();
    if (input_ended_) return close(close_reason_);
    ::shutdown(io_->socket.get(), SHUT_WR);
    state_ = State::lingering;
    in_ = std::string();
    deadline_ = thread_.now() + options_.close_linger_max;
}

void Session::close_after_flush() {
    if (closing_ || close_now_ || state_ == State::closed) return;
    if (state_ == State::handshake) return close();
    closing_ = true;
    mark_dirty();
}

void Session::close(CloseReason reason) {
    if (close_now_ || state_ == State::closed) return;
    close_reason_ = reason;
    close_now_ = true;
    mark_dirty();
}

std::uint64_t Session::unacknowledged_bytes() const {
    int bytes = 0;
    if (state_ == State::closed || ::ioctl(io_->socket.get(), SIOCOUTQ, &bytes) != 0) return 0;
    return static_cast<std::uint64_t>(std::max(bytes, 0));
}

bool Session::was_reset() const {
    if (reset_seen_) return true;
    tcp_info info{};
    socklen_t size = sizeof info;
    return ::getsockopt(io_->socket.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
           info.tcpi_state == TCP_CLOSE;
}

void Session::teardown() {
    const std::shared_ptr<Session> self = shared_from_this();
    const CloseInfo info{.reason = close_reason_,
                         .unsent_bytes = unsent_bytes(),
                         .unacknowledged_bytes = unacknowledged_bytes(),
                         .was_reset = was_reset()};
    if (is_armed_) thread_.deadlines_.erase(armed_);
    is_armed_ = false;
    const bool was_opened = state_ != State::handshake;
    state_ = State::closed;
    io_.reset();  // Closes the socket, which ends the watching as well.
    in_ = out_ = std::string();
    out_sent_ = 0;
    has_out_buffer_ = false;
    ticket_.reset();
    if (was_opened) handler_->on_closed(*this, info);
    handler_.reset();
    thread_.remove_session(*this);
}

bool Session::post(BasicTask<Session&> task) {
    return thread_.post([self = shared_from_this(), task = std::move(task)]() mutable {
        if (self->state_ == State::closed || self->close_now_) return;
        task(*self);
    });
}

// --- deadlines ---------------------------------------------------------------------------------

void Session::set_deadline(Instant at) {
    if (state_ == State::lingering || state_ == State::closed) return;
    deadline_ = at;
    update_deadline();
}

void Session::set_idle_timeout(Duration timeout) {
    options_.idle_timeout = timeout;
    update_deadline();
}

Instant Session::next_deadline() const {
    Instant next = deadline_;
    if (options_.idle_timeout > Duration::zero()) {
        next = std::min(next, last_activity_ + options_.idle_timeout);
    }
    if (awaits_room_) next = std::min(next, last_send_ + options_.output_stall_max);
    return next;
}

// The entry in the thread's table is only ever moved earlier; when it fires too early, on_deadline
// puts it where it belongs. So traffic that postpones a deadline costs nothing.
void Session::update_deadline() {
    if (state_ == State::closed) return;
    const Instant next = next_deadline();
    if (next == no_deadline || (is_armed_ && armed_->first <= next)) return;
    if (is_armed_) thread_.deadlines_.erase(armed_);
    armed_ = thread_.deadlines_.emplace(next, this);
    is_armed_ = true;
}

void Session::on_deadline() {
    const Instant now = thread_.now();
    if (next_deadline() > now) return update_deadline();
    if (state_ == State::lingering) return close(close_reason_);
    if (deadline_ <= now) return close(CloseReason::deadline);
    if (awaits_room_ && last_send_ + options_.output_stall_max <= now) {
        return close(CloseReason::stalled);
    }
    close(CloseReason::idle);
}

}  // namespace sluice
