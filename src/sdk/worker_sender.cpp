// SPDX-License-Identifier: Apache-2.0
// The sender of worker_threads.h.
#include "kernel/base/text.h"
#include "kernel/sync/clock.h"
#include "kernel/wire/json_text.h"
#include "sdk/protocol/job_json.h"
#include "sdk/protocol/request.h"
#include "sdk/worker_threads.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::sdk {

namespace {

constexpr std::size_t batch_items_max = 1'000;
constexpr std::uint32_t refusals_max = 5;
constexpr std::size_t batch_bytes_max = std::size_t{8} << 20;
constexpr std::size_t batch_asks_max = 16;
/// Between two looks while a reply does not come.
constexpr Duration spool_interval = 200ms;

void put_name(JsonWriter& json, const Answer& answer) {
    json.key("jid").string(answer.jid);
    json.key("lease").string(format_lease(answer.lease));
}

void put_ack(JsonWriter& json, const Answer& answer) {
    json.begin_object();
    put_name(json, answer);
    if (!answer.result.empty()) json.key("result").raw(answer.result);
    json.end_object();
}

void put_fail(JsonWriter& json, const Answer& answer) {
    json.begin_object();
    put_name(json, answer);
    // The server keeps no more of them. Whole, a few long ones would make a line that it refuses.
    json.key("errtype").string(truncate_utf8(answer.failure.errtype, errtype_bytes_max));
    json.key("message").string(truncate_utf8(answer.failure.message, message_bytes_max));
    if (answer.failure.retry_in) {
        const double seconds = to_seconds(*answer.failure.retry_in);
        json.key("retry_in").number(std::max(seconds, 0.0));
    }
    if (answer.failure.final) json.key("final").boolean(true);
    json.end_object();
}

std::string beat_line(const WorkerOptions& options, const BeatOrder& beat) {
    std::string line = "BEAT ";
    JsonWriter json(line);
    json.begin_object();
    json.key("wid").string(options.identity.wid);
    if (beat.state != WorkerWord::running) json.key("current_state").string(to_string(beat.state));
    json.key("jobs").begin_array();
    for (const std::uint64_t lease : beat.leases) json.string(format_lease(lease));
    json.end_array();
    if (!beat.progress.empty()) {
        json.key("progress").begin_array();
        for (const Progressed& step : beat.progress) {
            json.begin_object().key("lease").string(format_lease(step.lease));
            json.key("percent").integer(step.percent).key("note").string(step.note).end_object();
        }
        json.end_array();
    }
    json.end_object();
    return line + "\r\n";
}

/// What goes out in one write, and which reply belongs to what.
struct Batch {
    enum class Line : std::uint8_t { ask, ackb, failb, requeue, beat };
    std::string text;
    std::vector<Line> lines;
    std::size_t answers = 0;  ///< from the front of those that wait
};

class Sender {
public:
    Sender(const WorkerOptions& options, SenderPorts ports)
        : options_(options),
          orders_(ports.orders),
          asks_(ports.asks),
          events_(ports.events),
          hurry_(ports.hurry),
          spool_(ports.spool),
          sources_({&ports.orders, &ports.asks}),
          redial_(options, ports.events,
                  ~static_cast<std::uint64_t>(monotonic_now().time_since_epoch().count())) {}

    void run() {
        take_recovered();
        while (take_orders()) {
            // A last beat is not worth dialling for.
            if (is_last_ && waiting_.empty()) break;
            if (waiting_.empty() && asked_.empty() && !beat_) continue;
            if (monotonic_now() >= deadline_) break;
            Connection* connection = redial_.open(hurry_, deadline_);
            if (redial_.is_hopeless()) break;
            if (connection == nullptr) {
                keep_waiting();
                continue;
            }
            keep_unsent();
            const Batch batch = make_batch();
            std::optional<BeatOrder> beat = std::exchange(beat_, std::nullopt);
            const Status sent = exchange(*connection, batch);
            if (sent) {
                redial_.praise();
                refusals_ = 0;
                items_max_ = batch_items_max;
            } else {
                if (!beat_) beat_ = std::move(beat);
                redial_.drop(sent.error());
                keep_waiting();
            }
        }
        keep_waiting();
        refuse_asks();
        events_.push(SenderEnded{.unsent = waiting_.size(), .spooled = spooled_});
    }

private:
    /// Waits for an order unless there is something to send. False: closed and nothing more to do.
    bool take_orders() {
        hurry_.clear();
        take_asks();
        const bool idle = waiting_.empty() && asked_.empty() && !beat_ && !is_last_;
        if (idle) sources_.wait_until(no_deadline);
        if (idle) take_asks();
        return !(collect() == ChannelStatus::closed && idle);
    }

    /// What has been ordered by now.
    ChannelStatus collect() {
        std::vector<SendOrder> taken;
        const ChannelStatus status = orders_.try_pop_all(taken, orders_.capacity());
        for (SendOrder& order : taken) {
            if (auto* answer = std::get_if<Answer>(&order)) {
                waiting_.push_back(std::move(*answer));
            } else if (auto* beat = std::get_if<BeatOrder>(&order)) {
                beat_ = std::move(*beat);
            } else {
                deadline_ = std::get<LastOrder>(order).deadline;
                is_last_ = true;
            }
        }
        return status;
    }

    void take_asks() {
        std::vector<Ask> taken;
        asks_.try_pop_all(taken, asks_.capacity());
        std::move(taken.begin(), taken.end(), std::back_inserter(asked_));
        std::erase_if(asked_, [](const Ask& ask) { return ask.place->is_abandoned.load(); });
    }

    void refuse_asks() {
        asks_.close();
        take_asks();
        for (const Ask& ask : asked_) {
            ask.place->reply.try_push(fail(Code::cancelled, "the worker stops"));
        }
        asked_.clear();
    }

    /// What earlier workers could not deliver comes first.
    void take_recovered() {
        if (!spool_) return;
        auto recovered = spool_->take_recovered();
        if (recovered.empty()) return;
        spooled_ = recovered.size();
        synced_ = spooled_;
        is_spool_used_ = true;
        events_.push(Recovered{recovered.size()});
        std::move(recovered.begin(), recovered.end(), std::back_inserter(waiting_));
    }

    /// To the spool with what waits and is not there yet, before it is sent: whoever ends this
    /// process does not end the answers. Not synced, which each batch would have to wait for.
    void keep_unsent() {
        if (!spool_ || is_spool_full_ || spooled_ >= waiting_.size()) return;
        std::vector<const Answer*> fresh;
        for (std::size_t i = spooled_; i < waiting_.size(); ++i) fresh.push_back(&waiting_[i]);
        const Status kept = spool_->append(fresh);
        is_spool_full_ = !kept;
        if (kept) spooled_ = waiting_.size();
        is_spool_used_ = is_spool_used_ || kept.has_value();
        if (!kept) events_.push(Spooled{.count = 0, .status = kept});
    }

    /// The server is away or does not answer: what waits may have to wait for long.
    void keep_waiting() {
        keep_unsent();
        if (spooled_ <= synced_) return;
        const Status synced = spool_->sync();
        events_.push(Spooled{.count = synced ? spooled_ - synced_ : 0, .status = synced});
        synced_ = spooled_;  // a disk that fails is told of once, not with every try
    }

    void forget_delivered(std::size_t count) {
        synced_ -= std::min(synced_, count);
        spooled_ -= std::min(spooled_, count);
        if (!is_spool_used_ || spooled_ > 0) return;
        const Status cleared = spool_->clear();
        if (!cleared) events_.push(Trouble{.error = cleared.error()});
        is_spool_used_ = false;
        is_spool_full_ = false;
    }

    /// What was asked, in the order of asking.
    void put_asks(Batch& batch) const {
        for (const Ask& ask : asked_) {
            if (batch.lines.size() >= batch_asks_max || batch.text.size() >= batch_bytes_max) break;
            batch.text += ask.line;
            batch.lines.push_back(Batch::Line::ask);
        }
    }

    template <class Put>
    void put_list(Batch& batch, Batch::Line line, std::string_view verb, Answer::Kind kind,
                  Put&& put) const {
        bool any = false;
        std::string text(verb);
        JsonWriter json(text);
        json.begin_array();
        for (std::size_t i = 0; i < batch.answers; ++i) {
            if (waiting_[i].kind != kind) continue;
            put(json, waiting_[i]);
            any = true;
        }
        json.end_array();
        if (!any) return;
        (batch.text += text) += "\r\n";
        batch.lines.push_back(line);
    }

    Batch make_batch() const {
        Batch batch;
        put_asks(batch);
        std::size_t bytes = 0;
        while (batch.answers < waiting_.size() && batch.answers < items_max_ &&
               bytes < batch_bytes_max) {
            bytes += waiting_[batch.answers].result.size() + 256;
            ++batch.answers;
        }
        put_list(batch, Batch::Line::ackb, "ACKB ", Answer::Kind::ack, &put_ack);
        put_list(batch, Batch::Line::failb, "FAILB ", Answer::Kind::fail, &put_fail);
        for (std::size_t i = 0; i < batch.answers; ++i) {
            if (waiting_[i].kind != Answer::Kind::requeue) continue;
            batch.text += "REQUEUE ";
            JsonWriter json(batch.text);
            json.begin_object();
            put_name(json, waiting_[i]);
            if (const auto pause = waiting_[i].failure.retry_in) {
                const double seconds = to_seconds(*pause);
                json.key("delay_s").number(std::max(seconds, 0.0));
            }
            json.end_object();
            batch.text += "\r\n";
            batch.lines.push_back(Batch::Line::requeue);
        }
        // Last, so that it does not list what the lines before it have just ended.
        if (beat_) {
            batch.text += beat_line(options_, *beat_);
            batch.lines.push_back(Batch::Line::beat);
        }
        return batch;
    }

    Status exchange(Connection& connection, const Batch& batch) {
        const Instant begin = monotonic_now();
        const Instant reply_by = std::min(begin + options_.reply_timeout, deadline_);
        SLUICE_TRY_STATUS(connection.write(batch.text, {.deadline = reply_by}));
        std::size_t stale = 0;
        std::optional<BeatAnswer> answer;
        for (const Batch::Line line : batch.lines) {
            auto reply = read_reply(connection, reply_by);
            const bool is_ask = line == Batch::Line::ask;
            if (!reply) {
                // A reply that is too long is so every time, and all answers would wait behind it.
                if (is_ask && reply.error().code == Code::exhausted) answer_ask(reply.error());
                return std::move(reply).error();
            }
            if (is_ask) {
                answer_ask(*std::move(reply));
                continue;
            }
            SLUICE_TRY_STATUS(take_reply(line, *reply, stale, answer));
        }
        waiting_.erase(waiting_.begin(),
                       waiting_.begin() + static_cast<std::ptrdiff_t>(batch.answers));
        forget_delivered(batch.answers);
        if (batch.answers > 0) {
            events_.push(
                Delivered{.count = batch.answers, .stale = stale, .took = monotonic_now() - begin});
        }
        if (answer) events_.push(BeatAnswered{std::move(*answer)});
        return {};
    }

    /// The first one: once and for all, whatever becomes of the lines behind it.
    void answer_ask(Result<Reply> reply) {
        asked_.front().place->reply.try_push(std::move(reply));
        asked_.pop_front();
    }

    /// While a reply does not come, what has ended meanwhile goes into the spool.
    Result<Reply> read_reply(Connection& connection, Instant reply_by) {
        for (;;) {
            const Instant next_look = deadline_after(spool_interval);
            const bool is_last_look = !spool_ || next_look >= reply_by;
            auto reply = connection.read({.deadline = is_last_look ? reply_by : next_look});
            if (reply || is_last_look || reply.error().code != Code::timeout) return reply;
            collect();
            keep_waiting();
        }
    }

    /// The server has no time for it now, stops, or reads its store again: it says nothing about
    /// the answers, which are worth keeping until it has time.
    static bool is_servers_trouble(const Reply& reply) {
        constexpr std::string_view words[] = {"BUSY ", "SHUTDOWN ", "UNAVAILABLE "};
        return reply.kind == ReplyKind::error &&
               std::any_of(std::begin(words), std::end(words), [&](std::string_view word) {
                   return std::string_view(reply.text).starts_with(word);
               });
    }

    /// Any other refusal may be the fault of one bad answer in the line. So it is sent again, one
    /// answer at a time, and an answer that is refused again and again is given up.
    bool give_up_on_refused() {
        if (items_max_ == 1 && ++refusals_ >= refusals_max) return true;
        items_max_ = 1;
        return false;
    }

    Status take_reply(Batch::Line line, const Reply& reply, std::size_t& stale,
                      std::optional<BeatAnswer>& answer) {
        if (line == Batch::Line::requeue) {
            // Refused means that the lease is not ours any more, which is what was wanted.
            stale += reply.kind == ReplyKind::error ? 1 : 0;
            return {};
        }
        if (reply.kind != ReplyKind::bulk) {
            if (line == Batch::Line::beat || is_servers_trouble(reply) || !give_up_on_refused()) {
                return error_of(reply);
            }
            events_.push(Trouble{.error = error_of(reply).in("an answer was given up")});
            return {};
        }
        SLUICE_TRY(const JsonView json, parser_.parse(reply.text));
        if (line == Batch::Line::beat) {
            SLUICE_TRY(answer, parse_beat_answer(json));
            return {};
        }
        SLUICE_TRY(const auto refused, parse_refusals(json));
        stale += refused.size();
        return {};
    }

    const WorkerOptions& options_;
    SendOrders& orders_;
    Asks& asks_;
    WorkerEvents& events_;
    Wake& hurry_;
    std::optional<Spool>& spool_;
    Selector sources_;
    Redial redial_;
    JsonParser parser_;
    std::deque<Ask> asked_;
    std::deque<Answer> waiting_;
    /// From the front of `waiting_`: in the spool; and on the disk, told as Spooled.
    std::size_t spooled_ = 0;
    std::size_t synced_ = 0;
    bool is_spool_used_ = false;
    bool is_spool_full_ = false;
    std::optional<BeatOrder> beat_;
    std::size_t items_max_ = batch_items_max;
    std::uint32_t refusals_ = 0;
    bool is_last_ = false;
    Instant deadline_ = no_deadline;
};

}  // namespace

void run_sender(const WorkerOptions& options, SenderPorts ports) { Sender(options, ports).run(); }

}  // namespace sluice::sdk
