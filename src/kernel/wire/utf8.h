// SPDX-License-Identifier: Apache-2.0
// UTF-8 one sequence at a time, as strict as RFC 3629: no overlong forms, no surrogates, nothing
// above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// What stands at the front of some bytes.
struct Utf8Step {
    /// Bytes of the sequence; if not valid, of the longest part that could have begun one (at least
    /// 1): what Unicode replaces by one U+FFFD.
    std::size_t length = 1;
    bool valid = false;
};

/// Looks at the first sequence of `bytes`, which must not be empty.
Utf8Step utf8_step(std::string_view bytes);
/// Appends the character; surrogates and numbers above U+10FFFF become U+FFFD.
void put_utf8(std::string& out, std::uint32_t character);

}  // namespace sluice
