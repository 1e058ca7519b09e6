// SPDX-License-Identifier: Apache-2.0
// Punycode (RFC 3492), without the prefix "xn--". Time is the length squared: callers limit it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::crawl::idna {

/// Appends the label; false if a number in it would not fit into 32 bits.
bool append_punycode(std::u32string_view label, std::string& out);
/// The label that lower- or upper-case Punycode stands for; nothing if it is none.
std::optional<std::u32string> decode_punycode(std::u32string_view text);

}  // namespace sluice::crawl::idna
