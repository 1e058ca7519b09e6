// SPDX-License-Identifier: Apache-2.0
#include "modules/crawl/shell/fetch/plain_answer.h"

#include "kernel/base/ascii.h"

#include <algorithm>
#include <limits>

namespace sluice::crawl {

namespace {

constexpr std::size_t chunk_line_max = 4096;
constexpr std::string_view http = "HTTP/";

/// "HTTP/1.1 200 OK", "HTTP/1.0 404".
bool is_status_line(std::string_view line) {
    if (!line.starts_with("HTTP/1.") || line.size() < 12) return false;
    if (!is_ascii_digit(line[7]) || line[8] != ' ' || line[9] < '1') return false;
    return is_ascii_digit(line[9]) && is_ascii_digit(line[10]) && is_ascii_digit(line[11]) &&
           (line.size() == 12 || !is_ascii_digit(line[12]));
}

/// Of the beginning of a line.
bool may_be_http(std::string_view begin) {
    return begin.substr(0, http.size()) == http.substr(0, begin.size());
}

bool has_word(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        if (equals_ignoring_case(trim_ascii(list.substr(0, comma)), word)) return true;
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return false;
}

unsigned hex_value(char c) {
    return static_cast<unsigned>(is_ascii_digit(c) ? c - '0' : ascii_lower(c) - 'a' + 10);
}

}  // namespace

void PlainAnswer::begin() {
    head_.begin();
    state_ = State::head;
    begun_ = keeps_ = false;
    wants_status_ = true;
    line_.clear();
    left_ = 0;
    problem_ = {};
    head_verdict_ = ResponseHead::Verdict::fine;
}

PlainAnswer::Verdict PlainAnswer::refuse(Verdict verdict, std::string_view problem) {
    state_ = State::over;
    keeps_ = false;
    problem_ = problem;
    return verdict;
}

PlainAnswer::Verdict PlainAnswer::take(std::string_view bytes, const ResponseHead::Limits& limits,
                                       FetchAnswer& answer) {
    begun_ = begun_ || !bytes.empty();
    Verdict verdict = Verdict::more;
    while (!bytes.empty() && verdict == Verdict::more) verdict = take_piece(bytes, limits, answer);
    // What came behind the answer is nobody's.
    if (!bytes.empty()) keeps_ = false;
    return verdict;
}

PlainAnswer::Verdict PlainAnswer::take_piece(std::string_view& bytes,
                                             const ResponseHead::Limits& limits,
                                             FetchAnswer& answer) {
    Verdict verdict = Verdict::more;
    switch (state_) {
        case State::length:
        case State::chunk:
        case State::until_end: return take_body(bytes, answer);
        case State::over: return Verdict::whole;
        case State::head:
        case State::trailers:
            if (!gather(bytes, limits.bytes_max, verdict)) return verdict;
            verdict = state_ == State::head ? take_head_line(limits, answer)
                                            : take_trailer(limits, answer);
            break;
        case State::chunk_size:
        case State::chunk_end:
            if (!gather(bytes, chunk_line_max, verdict)) return verdict;
            verdict = state_ == State::chunk_size ? take_chunk_size() : take_chunk_end();
            break;
    }
    line_.clear();
    return verdict;
}

/// Whether a line is whole now, which `whole_line_` then is, with its end. Lines that are too long
/// end the answer.
bool PlainAnswer::gather(std::string_view& bytes, std::size_t line_max, Verdict& verdict) {
    const std::size_t end = bytes.find('\n');
    const bool is_whole = end != std::string_view::npos;
    const std::string_view piece = bytes.substr(0, is_whole ? end + 1 : bytes.size());
    bytes.remove_prefix(piece.size());
    const bool too_long = line_.size() + piece.size() > line_max;
    if (is_whole && !too_long && line_.empty()) {
        whole_line_ = piece;
        return true;
    }
    line_ += piece.substr(0, too_long ? http.size() : piece.size());
    whole_line_ = line_;
    if (is_whole && !too_long) return true;
    if (state_ == State::head && wants_status_ && !may_be_http(whole_line_)) {
        verdict = refuse(Verdict::protocol, "the answer is not HTTP");
    } else if (too_long) {
        head_verdict_ = ResponseHead::Verdict::too_many_bytes;
        const bool in_head = state_ == State::head || state_ == State::trailers;
        verdict = refuse(in_head ? Verdict::head_too_large : Verdict::broken,
                         "a line of the answer is too long");
    }
    return false;
}

PlainAnswer::Verdict PlainAnswer::take_head_line(const ResponseHead::Limits& limits,
                                                 FetchAnswer& answer) {
    const std::string_view text = trim_ascii(whole_line_);
    const bool folded = whole_line_.front() == ' ' || whole_line_.front() == '\t';
    if (wants_status_ && (!may_be_http(whole_line_) || !is_status_line(text)))
        return refuse(Verdict::protocol, "the answer is not HTTP");
    if (whole_line_.find('\0') != std::string_view::npos)
        return refuse(Verdict::protocol, "a zero byte in the head of the answer");
    if (!wants_status_ && !folded && !text.empty() && text.find(':') == std::string_view::npos)
        return refuse(Verdict::protocol, "a line without a colon in the head of the answer");
    if (!wants_status_ && text.starts_with(http))
        return refuse(Verdict::protocol, "two status lines in one head");
    wants_status_ = false;
    head_verdict_ = head_.take(whole_line_, limits, answer);
    if (head_verdict_ != ResponseHead::Verdict::fine)
        return refuse(Verdict::head_too_large, "the head is too large");
    if (!text.empty()) return Verdict::more;
    if (answer.status == 101) return refuse(Verdict::protocol, "nobody asked for an upgrade");
    wants_status_ = !head_.is_whole();  // after 1xx
    return wants_status_ ? Verdict::more : find_body(answer);
}

/// RFC 9112, 6.3.
PlainAnswer::Verdict PlainAnswer::find_body(const FetchAnswer& answer) {
    bool chunked = false, has_length = false;
    keeps_ = answer.protocol != "HTTP/1.0";
    for (const HttpHeader& header : answer.headers) {
        if (equals_ignoring_case(header.name, "connection")) {
            if (has_word(header.value, "close")) keeps_ = false;
            if (answer.protocol == "HTTP/1.0" && has_word(header.value, "keep-alive"))
                keeps_ = true;
        } else if (equals_ignoring_case(header.name, "transfer-encoding")) {
            chunked = chunked || equals_ignoring_case(header.value, "chunked");
            if (!chunked && !equals_ignoring_case(header.value, "identity"))
                return refuse(Verdict::broken, "the answer's transfer coding is not known");
        }
    }
    const bool has_none = answer.status == 204 || answer.status == 304;
    if (!chunked && !has_none) {
        const Verdict verdict = read_length(answer, has_length);
        if (verdict != Verdict::more) return verdict;
    }
    if (has_none || (has_length && left_ == 0)) {
        state_ = State::over;
        return Verdict::whole;
    }
    head_.body_began();
    state_ = chunked ? State::chunk_size : has_length ? State::length : State::until_end;
    return Verdict::more;
}

PlainAnswer::Verdict PlainAnswer::read_length(const FetchAnswer& answer, bool& there) {
    for (const HttpHeader& header : answer.headers) {
        if (!equals_ignoring_case(header.name, "content-length")) continue;
        std::uint64_t value = 0;
        if (header.value.empty() || header.value.size() > 18 ||
            !std::all_of(header.value.begin(), header.value.end(), is_ascii_digit))
            return refuse(Verdict::protocol, "the Content-Length is not a number");
        for (const char c : header.value) value = value * 10 + static_cast<unsigned>(c - '0');
        if (there && value != left_)
            return refuse(Verdict::broken, "the answer has two lengths that differ");
        left_ = value;
        there = true;
    }
    return Verdict::more;
}

PlainAnswer::Verdict PlainAnswer::take_chunk_size() {
    std::string_view text = trim_ascii(whole_line_);
    left_ = 0;
    std::size_t digits = 0;
    while (digits < text.size() && is_ascii_hex(text[digits])) {
        if (left_ > std::numeric_limits<std::uint64_t>::max() >> 5U)
            return refuse(Verdict::broken, "a chunk is longer than any can be");
        left_ = left_ << 4U | hex_value(text[digits++]);
    }
    text.remove_prefix(digits);
    if (digits == 0 || (!text.empty() && text[0] != ';' && text[0] != ' ' && text[0] != '\t'))
        return refuse(Verdict::broken, "a chunk does not begin with its length");
    state_ = left_ == 0 ? State::trailers : State::chunk;
    return Verdict::more;
}

PlainAnswer::Verdict PlainAnswer::take_chunk_end() {
    if (whole_line_ != "\r\n" && whole_line_ != "\n")
        return refuse(Verdict::broken, "a chunk is longer than its length");
    state_ = State::chunk_size;
    return Verdict::more;
}

PlainAnswer::Verdict PlainAnswer::take_trailer(const ResponseHead::Limits& limits,
                                               FetchAnswer& answer) {
    head_verdict_ = head_.take(whole_line_, limits, answer);
    if (head_verdict_ != ResponseHead::Verdict::fine)
        return refuse(Verdict::head_too_large, "the trailers are too large");
    if (whole_line_ != "\r\n" && whole_line_ != "\n") return Verdict::more;
    state_ = State::over;
    return Verdict::whole;
}

PlainAnswer::Verdict PlainAnswer::take_body(std::string_view& bytes, FetchAnswer& answer) {
    std::string_view piece = bytes;
    if (state_ != State::until_end)
        piece = piece.substr(0, std::min<std::uint64_t>(left_, piece.size()));
    bytes.remove_prefix(piece.size());
    const std::uint64_t room = answer.order.body_max - answer.body.size();
    if (piece.size() > room) {
        answer.body.append(piece.substr(0, room));
        answer.truncated = true;
        state_ = State::over;
        keeps_ = false;  // its rest is still to come
        return Verdict::whole;
    }
    answer.body.append(piece);
    if (state_ == State::until_end) return Verdict::more;
    left_ -= piece.size();
    if (left_ > 0) return Verdict::more;
    if (state_ == State::chunk) {
        state_ = State::chunk_end;
        return Verdict::more;
    }
    state_ = State::over;
    return Verdict::whole;
}

PlainAnswer::Verdict PlainAnswer::end() {
    keeps_ = false;
    const State was = state_;
    if (was == State::over) return Verdict::whole;
    state_ = State::over;
    if (was == State::until_end) return Verdict::whole;
    if (was != State::head) return refuse(Verdict::broken, "the body is cut short");
    return refuse(Verdict::broken, begun_ ? "the head of the answer is cut short"
                                          : "the connection was closed without an answer");
}

}  // namespace sluice::crawl
