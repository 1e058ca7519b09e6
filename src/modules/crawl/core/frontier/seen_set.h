// SPDX-License-Identifier: Apache-2.0
// SeenSet: what is known of URLs, by 126-bit fingerprints, in a fixed amount of memory. Exact while
// everything fits; afterwards a cache of what was asked for lately, whose owner asks the store.
#pragma once

#include "modules/crawl/core/frontier/types.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice::crawl {

Fingerprint fingerprint(std::string_view url);
/// Of its URL; what its finder has calculated is taken.
inline Fingerprint fingerprint(const Found& found) {
    return found.print.high != 0 ? found.print : fingerprint(found.url);
}

/// Two generations of open addressing: when the young one is full the old one is dropped, and what
/// was asked for since is carried over.
class SeenSet {
public:
    /// Uses at most `bytes`, and at least what 64 entries need.
    explicit SeenSet(std::size_t bytes);

    /// What is known here; Seen::no means "unknown" unless is_whole().
    Seen find(const Fingerprint& print);
    void set(const Fingerprint& print, Seen state);
    /// Nothing was ever dropped: what is not here was never set.
    [[nodiscard]] bool is_whole() const { return whole_; }
    /// There is more on disk than was ever set here.
    void set_partial() { whole_ = false; }
    [[nodiscard]] std::size_t bytes() const;

private:
    struct Generation {
        std::vector<Fingerprint> slots;  ///< the state is in the two free bits; zero: empty
        std::size_t used = 0;
    };
    [[nodiscard]] static Fingerprint* place(Generation& generation, const Fingerprint& print);
    void turn_over();

    std::size_t slots_max_;
    Generation young_, old_;
    bool whole_ = true;
};

}  // namespace sluice::crawl
