// SPDX-License-Identifier: Apache-2.0
// TokenBucket: so many per time, with a burst; for one owner (SharedTokenBucket is for many
// threads). Pure: the caller passes the time in.
#pragma once

#include "kernel/algo/gcra.h"

namespace sluice {

/// One bucket; starts full. A time before an earlier one only makes it wait. `Time` is Instant or
/// WallTime.
template <class Time = Instant>
class TokenBucket {
public:
    explicit TokenBucket(TokenBucketLimit limit) : gcra_(limit) {}

    /// Takes `count` tokens, or none.
    TokensTaken take(Time now, std::uint64_t count = 1) { return gcra_.take(full_at_, now, count); }
    /// Tokens there now.
    [[nodiscard]] std::uint64_t left_at(Time now) const { return gcra_.left_at(full_at_, now); }
    /// True when the bucket is as good as new, so that a table of buckets may forget it.
    [[nodiscard]] bool is_full(Time now) const { return full_at_ <= now; }
    /// Between two tokens.
    [[nodiscard]] Duration interval() const { return gcra_.interval(); }

private:
    Gcra gcra_;
    Time full_at_{Duration{0}};
};

}  // namespace sluice
