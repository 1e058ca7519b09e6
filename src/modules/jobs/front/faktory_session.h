// SPDX-License-Identifier: Apache-2.0
// FaktorySession: one connection of the job port (docs/protocol.md). Reads request lines, turns
// them into commands (verbs.cpp), and writes the replies (replies.cpp) strictly in the order of the
// requests, however they come back; so pipelining works. Lives on its session's I/O thread.
#pragma once

#include "kernel/net/session.h"
#include "kernel/wire/json_reader.h"
#include "modules/jobs/front/desk.h"
#include "modules/jobs/front/front.h"
#include "sdk/protocol/handshake.h"
#include "sdk/protocol/request.h"

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::jobs {

class FaktorySession final : public SessionHandler, public TicketHolder {
public:
    explicit FaktorySession(Front& front) : front_(front) {}
    ~FaktorySession() override;

    void on_open(Session& session) override;
    std::size_t on_bytes(Session& session, std::string_view unread) override;
    bool on_end_of_input(Session& session) override;
    void on_closed(Session& session, const CloseInfo& info) override;

    void on_reply(std::uint64_t tag, ReplyBody&& reply) override;
    void on_close_asked() override;

private:
    /// A request without its reply on the wire yet.
    struct Request {
        sdk::Verb verb = sdk::Verb::unknown;
        TicketId ticket;  ///< none: answered here
        bool done = false;
        std::string text;                ///< the reply's bytes, kept until it is its turn
        std::string detail;              ///< PUSHB: refusals so far; FAIL, BEAT: whom it is about
        std::vector<std::string> names;  ///< ACKB, FAILB: jids; LATENCY: queues; WAIT: jids
    };
    /// A delivery whose bytes may not have arrived yet.
    struct Delivery {
        std::uint64_t end = 0;  ///< position in the stream of replies after which it has arrived
        std::vector<HandedOut> jobs;
        Instant at;
    };

    // verbs.cpp
    void handle(std::string_view line);
    void handle_hello(std::string_view line);
    void prove(sdk::HelloRequest hello);
    void accept(sdk::HelloRequest hello);
    void push(std::string_view argument);
    void push_bulk(std::string_view argument);
    void fetch(std::string_view argument);
    void fetch_bulk(std::string_view argument);
    void ack(std::string_view argument);
    void ack_bulk(std::string_view argument);
    void fail_job(std::string_view argument);
    void fail_bulk(std::string_view argument);
    void beat(std::string_view argument);
    void queue(std::string_view argument);
    void mutate(std::string_view argument);
    void requeue(std::string_view argument);
    void extend(std::string_view argument);
    void cancel(std::string_view argument);
    void job(std::string_view argument);
    void wait(std::string_view argument);
    void dispatch(const sdk::RequestLine& request);
    std::optional<JsonView> read_json(std::string_view argument);

    /// Begins a request that the shard answers; the command must carry the ticket.
    Request& begin(sdk::Verb verb);
    void submit(Command command);
    /// Answers the newest request here and now.
    void answer(std::string bytes);
    void refuse(std::string_view message);
    void refuse_shutdown();
    void answer_no_jobs();
    [[nodiscard]] std::size_t line_max() const;
    void refuse_long_line();

    // replies.cpp
    void render(Request& request, ReplyBody&& reply);
    void render_jobs(Request& request, JobsReply&& reply);
    void render_verdicts(Request& request, const VerdictReply& reply);
    void render_beat(Request& request, const BeatReply& reply);
    void write_ready();

    [[nodiscard]] Caller caller() const { return {connection_, wid_}; }
    void hang_up();

    Front& front_;
    Session* session_ = nullptr;
    Desk* desk_ = nullptr;
    ConnectionId connection_;
    std::optional<sdk::Challenge> challenge_;
    std::shared_ptr<const std::string> wid_;
    bool greeted_ = false;  ///< HELLO was accepted
    bool is_tls_ = false;
    bool extended_ = false;
    bool hanging_up_ = false;
    std::size_t scanned_ = 0;  ///< of the unread bytes, known to hold no line end

    std::deque<Request> requests_;  ///< oldest first
    std::size_t listings_ = 0;      ///< of these, with answers of megabytes
    std::uint64_t first_tag_ = 0;   ///< of requests_.front()
    std::uint64_t written_ = 0;     ///< bytes of replies since the connection began
    std::uint64_t known_read_ = 0;  ///< of these, written before the last request came
    std::deque<Delivery> deliveries_;
};

}  // namespace sluice::jobs
