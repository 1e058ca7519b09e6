// SPDX-License-Identifier: Apache-2.0
// LineFramer: cuts a byte stream into lines. Knows nothing of what the lines say.
#pragma once

#include "kernel/wire/byte_buffer.h"

#include <cstddef>
#include <string_view>

namespace sluice {

/// What LineFramer::next found.
enum class LineOutcome {
    line,       ///< a complete line
    need_more,  ///< no complete line yet: feed more bytes
    too_long,   ///< the line exceeds the limit; the framer stays so, the session must end
};

/// The answer of LineFramer::next.
struct FramedLine {
    LineOutcome outcome = LineOutcome::need_more;
    /// Without its LF or CR LF. Valid until the next prepare, feed or shrink.
    std::string_view text;
};

/// Incremental framing by LF with an optional CR before it. No byte is looked at twice and lines
/// are not copied, so pipelined short lines and huge ones fed in small pieces both cost O(bytes).
class LineFramer {
public:
    /// `line_max`: the most bytes of a line, not counting its CR and LF.
    explicit LineFramer(std::size_t line_max) : line_max_(line_max) {}

    /// Where a socket may read to directly; then commit what was read.
    std::span<char> prepare(std::size_t count) { return buffer_.prepare(count); }
    void commit(std::size_t count) { buffer_.commit(count); }
    void feed(std::string_view bytes) { buffer_.feed(bytes); }

    /// The next complete line. Call until need_more, then feed.
    FramedLine next();

    /// Bytes fed and not yet returned.
    [[nodiscard]] std::size_t pending() const { return buffer_.size(); }
    [[nodiscard]] std::size_t capacity() const { return buffer_.capacity(); }
    /// Gives the memory back if nothing is pending.
    void shrink() { buffer_.shrink(); }

private:
    ByteBuffer buffer_;
    std::size_t line_max_;
    std::size_t scanned_ = 0;  ///< Bytes at the front known to hold no LF.
    bool too_long_ = false;
};

}  // namespace sluice
