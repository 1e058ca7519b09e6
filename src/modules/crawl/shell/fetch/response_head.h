// SPDX-License-Identifier: Apache-2.0
// ResponseHead: puts the lines of an answer's head, as they come, into a FetchAnswer. What a line
// means is not looked at, but for the status. Pure.
#pragma once

#include "modules/crawl/core/page/fetch_answer.h"

#include <cstddef>
#include <string_view>

namespace sluice::crawl {

class ResponseHead {
public:
    struct Limits {
        std::size_t bytes_max = 64 * 1024;  ///< all lines since begin()
        std::size_t count_max = 256;        ///< fields
    };
    enum class Verdict { fine, too_many_bytes, too_many_fields };

    /// Forgets what was read before.
    void begin() { *this = {}; }
    /// One line with its end. A status line begins another answer (after 1xx, or after a login), of
    /// which alone the fields are kept; lines behind the head are trailers and are not kept; lines
    /// without a colon are left out. A folded line continues the value before it (RFC 9112, 5.2).
    Verdict take(std::string_view line, const Limits& limits, FetchAnswer& answer);

    /// The head of a final answer (not 1xx) has ended.
    [[nodiscard]] bool is_whole() const { return whole_; }
    /// The body has begun: all further lines are trailers.
    void body_began() { trailers_ = true; }

private:
    std::size_t bytes_ = 0;
    bool whole_ = false;
    bool trailers_ = false;
};

}  // namespace sluice::crawl
