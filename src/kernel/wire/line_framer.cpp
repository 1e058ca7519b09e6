// SPDX-License-Identifier: Apache-2.0
// The scan for LF, which remembers how far it came.
#include "kernel/wire/line_framer.h"

#include <cstring>

namespace sluice {

FramedLine LineFramer::next() {
    if (too_long_) return {LineOutcome::too_long, {}};
    const std::string_view bytes = buffer_.view();
    const void* found = bytes.size() == scanned_
                            ? nullptr
                            : std::memchr(bytes.data() + scanned_, '\n', bytes.size() - scanned_);
    if (found == nullptr) {
        scanned_ = bytes.size();
        // One byte more may be the CR of a line that just fits.
        const bool ends_in_cr = !bytes.empty() && bytes.back() == '\r';
        too_long_ = bytes.size() > line_max_ + (ends_in_cr ? 1 : 0);
        return {too_long_ ? LineOutcome::too_long : LineOutcome::need_more, {}};
    }
    const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    std::string_view line = bytes.substr(0, length);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() > line_max_) {
        too_long_ = true;
        return {LineOutcome::too_long, {}};
    }
    buffer_.consume(length + 1);
    scanned_ = 0;
    return {LineOutcome::line, line};
}

}  // namespace sluice
