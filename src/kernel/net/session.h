// SPDX-License-Identifier: Apache-2.0
// Session: one byte-stream connection (TCP, or TLS over TCP) owned by one I/O thread, and the
// interface that a protocol implements on top. It knows limits and deadlines, but no protocol.
#pragma once

#include "kernel/base/bytes.h"
#include "kernel/base/result.h"
#include "kernel/base/time.h"
#include "kernel/net/address.h"
#include "kernel/net/runtime.h"
#include "kernel/net/task.h"
#include "kernel/sync/clock.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

class Session;
class TlsContext;

/// Why a session ended.
enum class CloseReason {
    peer_closed,   ///< The peer ended its side, in order.
    peer_reset,    ///< The peer vanished or refused data.
    local,         ///< close() or close_after_flush().
    idle,          ///< Nothing moved for the idle time.
    deadline,      ///< set_deadline() passed (hand-shake, request head).
    stalled,       ///< The peer stopped reading for output_stall_max.
    input_limit,   ///< More unread input than read_buffer_max.
    output_limit,  ///< More unsent output than output_hard_max.
    tls_failed,    ///< The TLS hand-shake or a record was bad.
    stopping,      ///< The runtime stops.
};
std::string_view to_string(CloseReason reason);

/// What is known about undelivered output at the end. Bytes that the peer's kernel has acknowledged
/// may still be unread by the peer's program.
struct CloseInfo {
    CloseReason reason = CloseReason::local;
    /// Written by the protocol but never handed to the kernel.
    std::uint64_t unsent_bytes = 0;
    /// Handed to the kernel but not acknowledged by the peer's kernel (SIOCOUTQ).
    std::uint64_t unacknowledged_bytes = 0;
    /// The connection was dead (reset or aborted) when it was closed: even acknowledged replies may
    /// never have been read.
    bool was_reset = false;
};

/// The protocol's side of a session. All calls come on the session's thread, never nested, and
/// on_closed is the last one; then the handler is destroyed.
class SessionHandler {
public:
    SessionHandler() = default;
    SessionHandler(const SessionHandler&) = delete;
    SessionHandler& operator=(const SessionHandler&) = delete;
    virtual ~SessionHandler() = default;

    /// The connection is ready (after the TLS hand-shake, if any).
    virtual void on_open(Session&) {}
    /// Everything unread so far, as bytes arrive; answers how many of them are done with. The rest
    /// comes again, in front of new bytes.
    virtual std::size_t on_bytes(Session& session, std::string_view unread) = 0;
    /// The peer sends nothing more, and all it sent was offered. False: flush and close. True: the
    /// protocol still has replies to write and calls close_after_flush() itself.
    virtual bool on_end_of_input(Session&) { return false; }
    virtual void on_closed(Session&, const CloseInfo&) {}
};

/// Limits of one session; every one of them has an effect that the peer can see.
struct SessionOptions {
    /// Unread input past this closes the session (input_limit). A frame must fit.
    Bytes read_buffer_max = mib(4);
    /// While reading is paused, up to this much is read ahead, so that a closed peer is noticed.
    Bytes read_ahead_max = kib(64);
    /// Above this much unsent output no input is offered to the protocol until half has gone.
    Bytes output_soft_max = kib(256);
    /// Above this much unsent output the session is closed (output_limit).
    Bytes output_hard_max = mib(16);
    /// From accept until the protocol calls clear_deadline() or sets another one.
    Duration handshake_timeout = 10s;
    /// Without a byte in either direction; zero means for ever.
    Duration idle_timeout{0};
    /// Output that makes no progress for this long closes the session.
    Duration output_stall_max = 60s;
    /// How long an orderly close waits for the peer's own end.
    Duration close_linger_max = 2s;
};

/// One connection. Made by a Listener. Except where a method says "any
/// thread", only code on its thread may call it.
class Session final : public std::enable_shared_from_this<Session>, private Watcher {
public:
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    /// Appends to the output; what one turn wrote leaves in one send at the end of the turn.
    /// Ignored once closing.
    void write(std::string_view bytes);
    /// The output buffer, to append to in place while is_open(); like write() otherwise, the hard
    /// limit is checked at the end of the turn.
    std::string& output();
    [[nodiscard]] std::size_t unsent_bytes() const { return out_.size() - out_sent_; }
    /// More than output_soft_max is unsent. A protocol that answers many requests of one on_bytes
    /// stops at this point and leaves the rest unread; it is offered again when half has gone.
    [[nodiscard]] bool is_output_full() const {
        return unsent_bytes() > options_.output_soft_max.count;
    }

    /// No on_bytes until resume_reading(). A closed peer is still noticed.
    void pause_reading() { paused_ = true; }
    /// Unread input is offered again at the end of this turn.
    void resume_reading();
    [[nodiscard]] bool is_paused() const { return paused_; }

    /// Closes with reason "deadline" at this time, unless set again or cleared.
    void set_deadline(Instant at);
    void clear_deadline() { deadline_ = no_deadline; }
    /// Zero means for ever.
    void set_idle_timeout(Duration timeout);
    void set_read_buffer_max(Bytes max) { options_.read_buffer_max = max; }

    /// Sends what was written, ends our side, waits a little for the peer's end. No more on_bytes.
    void close_after_flush();
    /// Drops unsent output and closes at the end of this turn.
    void close(CloseReason reason = CloseReason::local);
    /// Neither closed nor about to close.
    [[nodiscard]] bool is_open() const { return state_ == State::open && !closing_ && !close_now_; }

    /// Runs `task(session)` on the session's thread; dropped if the session has closed by then, so
    /// the task may use the handler. False if the thread has stopped. Any thread.
    bool post(BasicTask<Session&> task);
    /// Group replies by thread and post them together: one wake-up, one send a session. Any thread.
    [[nodiscard]] IoThread& thread() const { return thread_; }
    /// The peer as it appeared at accept. Any thread.
    [[nodiscard]] const HostPort& remote() const { return remote_; }
    [[nodiscard]] bool is_tls() const;

    /// Sent, but not yet acknowledged by the peer's kernel.
    [[nodiscard]] std::uint64_t unacknowledged_bytes() const;

    /// For Listener: takes over a connected, non-blocking socket. On `thread`.
    struct Adopt;
    static void adopt(IoThread& thread, Adopt parts);

private:
    friend class IoThread;
    struct Io;
    enum class State { handshake, open, lingering, closed };
    enum class ReadResult { data, would_block, end, failed };

    Session(IoThread& thread, Adopt parts);
    void open();
    void continue_handshake();
    void on_ready(std::uint32_t events) override;
    void on_readable();
    void on_writable();
    void read_rounds();
    ReadResult read_some(std::size_t& count);
    void take_input(std::string_view bytes);
    void deliver();
    void input_ended();
    void offer_end_of_input();
    [[nodiscard]] bool can_deliver() const;
    [[nodiscard]] bool wants_input() const;
    bool flush();
    void read_on_later();
    void await_room();
    void mark_dirty();
    void finish_turn();
    void begin_linger();
    void teardown();
    [[nodiscard]] bool was_reset() const;
    [[nodiscard]] Instant next_deadline() const;
    void update_deadline();
    void on_deadline();

    IoThread& thread_;
    std::unique_ptr<Io> io_;
    std::unique_ptr<SessionHandler> handler_;
    std::shared_ptr<void> ticket_;  // Gives the place in the connection limits back.
    SessionOptions options_;
    HostPort remote_;

    std::string in_;
    std::string out_;
    std::size_t out_sent_ = 0;
    Instant deadline_ = no_deadline;
    Instant last_activity_{};
    Instant last_send_{};
    IoThread::Deadlines::iterator armed_;
    std::size_t place_ = 0;  // In the thread's list of sessions.

    State state_ = State::handshake;
    CloseReason close_reason_ = CloseReason::local;
    bool is_armed_ = false;
    bool has_out_buffer_ = false;
    bool dirty_ = false;
    bool readable_ = false;     // The socket may have input that was not read yet.
    bool peer_ended_ = false;   // Its end, or an error, lies behind that input.
    bool again_ = false;        // In the thread's list of those to read on from.
    bool awaits_room_ = false;  // The kernel took no more output.
    bool paused_ = false;
    bool redeliver_ = false;
    bool output_full_ = false;
    bool input_ended_ = false;
    bool end_offered_ = false;
    bool closing_ = false;    // After the flush.
    bool close_now_ = false;  // At the end of the turn.
    bool reset_seen_ = false;
};

}  // namespace sluice
