// SPDX-License-Identifier: Apache-2.0
// SiteName: the name of a lock, a queue or another place where threads meet, as reports print it.
// A pointer to text that lives as long as the program, so that it costs nothing to carry.
#pragma once

#include <string_view>

namespace sluice {

/// A name for reports. From a literal at no cost; from other text with interned().
class SiteName {
public:
    constexpr SiteName() = default;
    /// Takes literals only: whatever is a constant expression lives for ever.
    // NOLINTNEXTLINE(google-explicit-constructor): Mutex mutex{"jobs.sync"} is the point.
    consteval SiteName(const char* text) : text_(text) {}
    /// Keeps a copy of the text for the rest of the program, once for each text; for names made at
    /// run time (pools). Limit: 256 texts of 47 bytes; further ones are called "other", longer ones
    /// are cut. Takes a lock. Any thread.
    static SiteName interned(std::string_view text) noexcept;

    /// Ends with a NUL; lives for ever.
    [[nodiscard]] constexpr const char* text() const { return text_; }

private:
    const char* text_ = "unnamed";
};

}  // namespace sluice
