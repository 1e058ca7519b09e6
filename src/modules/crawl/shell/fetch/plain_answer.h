// SPDX-License-Identifier: Apache-2.0
// PlainAnswer: reads one HTTP/1 answer from bytes as they come: head, framing (RFC 9112, 6),
// chunks, trailers. What it refuses is what libcurl 7.88 refuses, so that pages fare alike over
// http and https; two lengths that differ are refused, too. Pure.
#pragma once

#include "modules/crawl/core/page/fetch_answer.h"
#include "modules/crawl/shell/fetch/response_head.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::crawl {

/// For a GET; an answer to HEAD would be waited for too long.
class PlainAnswer {
public:
    enum class Verdict : std::uint8_t {
        more,      ///< it is not whole yet
        whole,     ///< also if the body's limit has cut it
        broken,    ///< cut short, or no body can be found in it
        protocol,  ///< not HTTP
        head_too_large,
    };

    /// Forgets what was read before. `body_max` is that of the answer's order.
    void begin();
    /// The next bytes. Not to be called again once it has not said `more`.
    Verdict take(std::string_view bytes, const ResponseHead::Limits& limits, FetchAnswer& answer);
    /// The server has ended the connection.
    Verdict end();

    /// Something has come.
    [[nodiscard]] bool has_begun() const { return begun_; }
    /// It is whole, nothing came behind it, and the server goes on with the connection.
    [[nodiscard]] bool keeps_connection() const { return keeps_ && state_ == State::over; }
    /// For people, if it is broken or not HTTP.
    [[nodiscard]] std::string_view problem() const { return problem_; }
    /// Which limit, if the head is too large.
    [[nodiscard]] ResponseHead::Verdict head_verdict() const { return head_verdict_; }

private:
    enum class State : std::uint8_t {
        head,
        length,
        chunk_size,
        chunk,
        chunk_end,
        trailers,
        until_end,
        over
    };

    Verdict refuse(Verdict verdict, std::string_view problem);
    bool gather(std::string_view& bytes, std::size_t line_max, Verdict& verdict);
    Verdict take_piece(std::string_view& bytes, const ResponseHead::Limits& limits,
                       FetchAnswer& answer);
    Verdict take_head_line(const ResponseHead::Limits& limits, FetchAnswer& answer);
    Verdict take_trailer(const ResponseHead::Limits& limits, FetchAnswer& answer);
    Verdict find_body(const FetchAnswer& answer);
    Verdict read_length(const FetchAnswer& answer, bool& there);
    Verdict take_chunk_size();
    Verdict take_chunk_end();
    Verdict take_body(std::string_view& bytes, FetchAnswer& answer);

    ResponseHead head_;
    State state_ = State::head;
    bool begun_ = false;
    bool wants_status_ = true;
    bool keeps_ = false;
    std::string line_;  ///< its first part, while the rest has not come
    std::string_view whole_line_;
    std::uint64_t left_ = 0;  ///< of the body or chunk
    std::string_view problem_;
    ResponseHead::Verdict head_verdict_ = ResponseHead::Verdict::fine;
};

}  // namespace sluice::crawl
