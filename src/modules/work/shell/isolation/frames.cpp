// SPDX-License-Identifier: Apache-2.0
#include "modules/work/shell/isolation/frames.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace sluice::work {

namespace {

constexpr std::size_t head_bytes = 5;

class Packer {
public:
    Packer& number(std::int64_t value) {
        text_.append(reinterpret_cast<const char*>(&value), sizeof value);
        return *this;
    }
    Packer& text(std::string_view value) {
        number(static_cast<std::int64_t>(value.size()));
        text_ += value;
        return *this;
    }
    Packer& duration(Duration value) { return number(value.count()); }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

/// Reads what a Packer wrote; a body that is too short gives zeros and is_good() false.
class Unpacker {
public:
    explicit Unpacker(std::string_view body) : rest_(body) {}
    std::int64_t number() {
        std::int64_t value = 0;
        const std::string_view bytes = take(sizeof value);
        if (bytes.size() == sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
        return value;
    }
    std::string_view text() {
        const std::int64_t size = number();
        return take(size < 0 ? rest_.size() + 1 : static_cast<std::size_t>(size));
    }
    std::string copy() { return std::string(text()); }
    Duration duration() { return Duration{number()}; }
    /// How many elements follow, each of at least 8 bytes.
    std::size_t count() {
        const std::int64_t value = number();
        if (value < 0 || static_cast<std::size_t>(value) > rest_.size() / 8) {
            is_good_ = is_good_ && value == 0;
            return 0;
        }
        return static_cast<std::size_t>(value);
    }
    [[nodiscard]] Status end() const {
        if (is_good_ && rest_.empty()) return {};
        return fail(Code::corrupt, "a frame between worker and handler process is damaged");
    }

private:
    std::string_view take(std::size_t size) {
        if (size > rest_.size()) {
            is_good_ = false;
            rest_ = {};
            return {};
        }
        const std::string_view bytes = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return bytes;
    }
    std::string_view rest_;
    bool is_good_ = true;
};

void put(Packer& out, const Error& error) {
    out.number(static_cast<std::int64_t>(error.code)).text(error.message);
}
Error get_error(Unpacker& in) {
    const auto code = static_cast<Code>(in.number());
    return Error{code, in.copy()};
}

void put(Packer& out, const sdk::TraceContext& trace) {
    out.text({reinterpret_cast<const char*>(trace.trace_id.data()), trace.trace_id.size()});
    out.text({reinterpret_cast<const char*>(trace.span_id.data()), trace.span_id.size()});
    out.number(trace.sampled ? 1 : 0).number(trace.random ? 1 : 0).text(trace.state);
}
sdk::TraceContext get_trace(Unpacker& in) {
    sdk::TraceContext trace;
    const std::string_view trace_id = in.text();
    const std::string_view span_id = in.text();
    if (trace_id.size() == trace.trace_id.size()) {
        std::memcpy(trace.trace_id.data(), trace_id.data(), trace_id.size());
    }
    if (span_id.size() == trace.span_id.size()) {
        std::memcpy(trace.span_id.data(), span_id.data(), span_id.size());
    }
    trace.sampled = in.number() != 0;
    trace.random = in.number() != 0;
    trace.state = in.copy();
    return trace;
}

void put(Packer& out, const sdk::JobSpec& job) {
    const auto optional = [&](const auto& value) {
        out.number(value ? 1 : 0).number(value ? static_cast<std::int64_t>(*value) : 0);
    };
    out.text(job.type).text(job.args).text(job.queue).text(job.jid).text(job.custom);
    optional(job.retry);
    optional(job.priority);
    out.number(job.at ? 1 : 0).number(job.at ? to_ns(*job.at) : 0);
    out.duration(job.reserve_for).duration(job.timeout);
    out.number(job.keep ? 1 : 0).duration(job.keep.value_or(Duration{0}));
    const auto& backoff = job.backoff;
    out.number(backoff ? 1 : 0);
    if (backoff) {
        out.number(static_cast<std::int64_t>(backoff->kind)).duration(backoff->base);
        out.duration(backoff->max).number(backoff->jitter_percent);
    }
    out.number(job.wait_when_worker_lost ? 1 : 0);
    out.number(job.trace ? 1 : 0);
    if (job.trace) put(out, *job.trace);
}

sdk::JobSpec get_job(Unpacker& in) {
    sdk::JobSpec job;
    const auto optional = [&](std::optional<int>& value) {
        const bool has = in.number() != 0;
        const auto number = static_cast<int>(in.number());
        if (has) value = number;
    };
    job.type = in.copy();
    job.args = in.copy();
    job.queue = in.copy();
    job.jid = in.copy();
    job.custom = in.copy();
    optional(job.retry);
    optional(job.priority);
    const bool has_at = in.number() != 0;
    const WallTime at = wall_from_ns(in.number());
    if (has_at) job.at = at;
    job.reserve_for = in.duration();
    job.timeout = in.duration();
    const bool has_keep = in.number() != 0;
    const Duration keep = in.duration();
    if (has_keep) job.keep = keep;
    if (in.number() != 0) {
        sdk::BackoffParts backoff;
        backoff.kind = static_cast<sdk::BackoffWord>(in.number());
        backoff.base = in.duration();
        backoff.max = in.duration();
        backoff.jitter_percent = static_cast<std::uint8_t>(in.number());
        job.backoff = backoff;
    }
    job.wait_when_worker_lost = in.number() != 0;
    if (in.number() != 0) job.trace = get_trace(in);
    return job;
}

Error io_error(const char* what) {
    return fail(Code::io, std::string(what) + ": " + std::generic_category().message(errno));
}

}  // namespace

Status send_frame(int socket, const Frame& frame) {
    if (frame.body.size() > frame_bytes_max) {
        return fail(Code::exhausted, "a job or result is too large for its handler process");
    }
    std::string head(head_bytes, '\0');
    const auto size = static_cast<std::uint32_t>(frame.body.size());
    std::memcpy(head.data(), &size, sizeof size);
    head[4] = static_cast<char>(frame.kind);
    std::size_t done = 0;
    const std::size_t total = head.size() + frame.body.size();
    while (done < total) {
        std::array<iovec, 2> parts{};
        const std::size_t in_body = done > head.size() ? done - head.size() : 0;
        const std::size_t in_head = std::min(done, head.size());
        parts[0] = {.iov_base = head.data() + in_head, .iov_len = head.size() - in_head};
        parts[1] = {.iov_base = const_cast<char*>(frame.body.data()) + in_body,
                    .iov_len = frame.body.size() - in_body};
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        const ssize_t count = ::sendmsg(socket, &message, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return io_error("a frame cannot be sent");
        done += static_cast<std::size_t>(count);
    }
    return {};
}

Result<bool> FrameReader::fill() {
    if (at_ == bytes_.size()) {
        bytes_.clear();
        at_ = 0;
    } else if (at_ > (std::size_t{1} << 20)) {
        bytes_.erase(0, at_);
        at_ = 0;
    }
    std::array<char, 64 * 1024> piece;
    ssize_t count = 0;
    do {
        count = ::recv(socket_, piece.data(), piece.size(), 0);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && errno == ECONNRESET) return false;
    if (count < 0) return io_error("a frame cannot be read");
    bytes_.append(piece.data(), static_cast<std::size_t>(count));
    if (bytes_.size() - at_ >= head_bytes) {
        std::uint32_t size = 0;
        std::memcpy(&size, bytes_.data() + at_, sizeof size);
        if (size > frame_bytes_max) return fail(Code::corrupt, "a frame is too large");
    }
    return count > 0;
}

std::optional<Frame> FrameReader::next() {
    if (bytes_.size() - at_ < head_bytes) return std::nullopt;
    std::uint32_t size = 0;
    std::memcpy(&size, bytes_.data() + at_, sizeof size);
    if (bytes_.size() - at_ < head_bytes + size) return std::nullopt;
    Frame frame{.kind = static_cast<FrameKind>(bytes_[at_ + 4]),
                .body = bytes_.substr(at_ + head_bytes, size)};
    at_ += head_bytes + size;
    return frame;
}

std::string encode_delivery(const sdk::Delivery& job, Duration left) {
    return Packer()
        .text(job.jid)
        .text(job.queue)
        .text(job.type)
        .text(job.args)
        .text(job.custom)
        .number(job.attempt)
        .duration(job.timeout)
        .duration(left)
        .take();
}

Result<sdk::Delivery> decode_delivery(std::string_view body, Duration& left) {
    Unpacker in(body);
    sdk::Delivery job;
    job.jid = in.copy();
    job.queue = in.copy();
    job.type = in.copy();
    job.args = in.copy();
    job.custom = in.copy();
    job.attempt = static_cast<int>(in.number());
    job.timeout = in.duration();
    left = in.duration();
    SLUICE_TRY_STATUS(in.end());
    return job;
}

std::string encode_error(const Error& error) {
    Packer out;
    put(out, error);
    return out.take();
}

Error decode_error(std::string_view body) {
    Unpacker in(body);
    Error error = get_error(in);
    const Status end = in.end();
    return end ? error : end.error();
}

std::string encode_progress(int percent, std::string_view note) {
    return Packer().number(percent).text(note).take();
}

Result<std::string_view> decode_progress(std::string_view body, int& percent) {
    Unpacker in(body);
    percent = static_cast<int>(in.number());
    const std::string_view note = in.text();
    SLUICE_TRY_STATUS(in.end());
    return note;
}

std::string encode_outcome(const sdk::Outcome& outcome) {
    Packer out;
    if (const auto* result = std::get_if<std::string>(&outcome)) {
        return out.number(1).text(*result).take();
    }
    const auto& failure = std::get<sdk::Failure>(outcome);
    out.number(0).text(failure.errtype).text(failure.message).number(failure.final ? 1 : 0);
    out.number(failure.retry_in ? 1 : 0).duration(failure.retry_in.value_or(Duration{0}));
    return out.number(failure.give_back ? 1 : 0).take();
}

Result<sdk::Outcome> decode_outcome(std::string_view body) {
    Unpacker in(body);
    if (in.number() == 1) {
        sdk::Outcome outcome = in.copy();
        SLUICE_TRY_STATUS(in.end());
        return outcome;
    }
    sdk::Failure failure;
    failure.errtype = in.copy();
    failure.message = in.copy();
    failure.final = in.number() != 0;
    const bool has_retry = in.number() != 0;
    const Duration retry_in = in.duration();
    if (has_retry) failure.retry_in = retry_in;
    failure.give_back = in.number() != 0;
    SLUICE_TRY_STATUS(in.end());
    return sdk::Outcome(std::move(failure));
}

std::string encode_jobs(std::span<const sdk::JobSpec> jobs) {
    Packer out;
    out.number(static_cast<std::int64_t>(jobs.size()));
    for (const sdk::JobSpec& job : jobs) put(out, job);
    return out.take();
}

Result<std::vector<sdk::JobSpec>> decode_jobs(std::string_view body) {
    Unpacker in(body);
    std::vector<sdk::JobSpec> jobs(in.count());
    for (sdk::JobSpec& job : jobs) job = get_job(in);
    SLUICE_TRY_STATUS(in.end());
    return jobs;
}

std::string encode_texts(std::span<const std::string> texts) {
    Packer out;
    out.number(static_cast<std::int64_t>(texts.size()));
    for (const std::string& text : texts) out.text(text);
    return out.take();
}

Result<std::vector<std::string>> decode_texts(std::string_view body) {
    Unpacker in(body);
    std::vector<std::string> texts(in.count());
    for (std::string& text : texts) text = in.copy();
    SLUICE_TRY_STATUS(in.end());
    return texts;
}

std::string encode_refusals(const Result<std::vector<sdk::Refusal>>& answer,
                            std::span<const sdk::JobSpec> jobs) {
    Packer out;
    out.number(static_cast<std::int64_t>(jobs.size()));
    for (const sdk::JobSpec& job : jobs) out.text(job.jid);
    out.number(answer ? 1 : 0);
    if (!answer) {
        put(out, answer.error());
        return out.take();
    }
    out.number(static_cast<std::int64_t>(answer->size()));
    for (const sdk::Refusal& refusal : *answer) out.text(refusal.jid).text(refusal.text);
    return out.take();
}

Result<std::vector<sdk::Refusal>> decode_refusals(std::string_view body,
                                                  std::span<sdk::JobSpec> jobs) {
    Unpacker in(body);
    const std::size_t count = in.count();
    for (std::size_t i = 0; i < count; ++i) {
        std::string jid = in.copy();
        if (i < jobs.size()) jobs[i].jid = std::move(jid);
    }
    if (in.number() == 0) {
        Error error = get_error(in);
        SLUICE_TRY_STATUS(in.end());
        return error;
    }
    std::vector<sdk::Refusal> refusals(in.count());
    for (sdk::Refusal& refusal : refusals) {
        refusal.jid = in.copy();
        refusal.text = in.copy();
    }
    SLUICE_TRY_STATUS(in.end());
    return refusals;
}

std::string encode_job_ends(const Result<std::vector<sdk::JobEnd>>& answer) {
    Packer out;
    out.number(answer ? 1 : 0);
    if (!answer) {
        put(out, answer.error());
        return out.take();
    }
    out.number(static_cast<std::int64_t>(answer->size()));
    for (const sdk::JobEnd& end : *answer) {
        out.text(end.jid).text(end.state).text(end.result).text(end.errtype).text(end.message);
    }
    return out.take();
}

Result<std::vector<sdk::JobEnd>> decode_job_ends(std::string_view body) {
    Unpacker in(body);
    if (in.number() == 0) {
        Error error = get_error(in);
        SLUICE_TRY_STATUS(in.end());
        return error;
    }
    std::vector<sdk::JobEnd> ends(in.count());
    for (sdk::JobEnd& end : ends) {
        end.jid = in.copy();
        end.state = in.copy();
        end.result = in.copy();
        end.errtype = in.copy();
        end.message = in.copy();
    }
    SLUICE_TRY_STATUS(in.end());
    return ends;
}

}  // namespace sluice::work
