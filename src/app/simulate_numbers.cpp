// SPDX-License-Identifier: Apache-2.0
#include "app/simulate.h"

#include <charconv>

namespace sluice::app {

Result<std::uint64_t> read_count(const CountFlag& flag) {
    std::uint64_t count = 0;
    const char* end = flag.text.data() + flag.text.size();
    const auto [stop, error] = std::from_chars(flag.text.data(), end, count);
    if (error == std::errc{} && stop == end && !flag.text.empty() && count >= flag.least &&
        count <= flag.most)
        return count;
    return fail(Code::invalid, flag.flag + " must be a whole number from " +
                                   std::to_string(flag.least) + " to " + std::to_string(flag.most) +
                                   ", not '" + flag.text + "'");
}

Result<double> read_share(const std::string& flag, const std::string& text) {
    double share = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, share);
    if (error == std::errc{} && stop == end && share >= 0 && share <= 1) return share;
    return fail(Code::invalid, flag + " must be a share from 0 to 1, not '" + text + "'");
}

}  // namespace sluice::app
