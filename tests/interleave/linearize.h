// SPDX-License-Identifier: Apache-2.0
// Is a history of calls as if they had happened one after another? The search of Wing and Gong
// ("Testing and Verifying Concurrent Objects", 1993), remembering where it has been (Lowe 2017).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace sluice::interleave {

/// At most this many calls in one history.
inline constexpr std::size_t calls_max = 64;

/// Calls with what they answered, and which of them ended before which began.
template <class Call>
struct History {
    std::vector<Call> calls;
    /// Per call: a bit for each call that it came after.
    std::vector<std::uint64_t> after;
};

/// `Spec` is the thing without threads: a State that can be copied and compared (<), a Call, and
/// apply(state, call), which says whether the call could have been answered so in this state, and
/// changes the state.
template <class Spec>
class Linearizer {
public:
    using Call = typename Spec::Call;
    using State = typename Spec::State;

    explicit Linearizer(const History<Call>& history) : history_(history) {}

    /// Is there an order of the calls that the specification allows?
    bool search(const State& initial) { return from(0, initial); }

private:
    bool from(std::uint64_t done, const State& state) {
        const std::size_t count = history_.calls.size();
        if (done == (count == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1))
            return true;
        if (!visited_.insert({done, state}).second) return false;
        for (std::size_t i = 0; i < count; ++i) {
            const std::uint64_t bit = std::uint64_t{1} << i;
            if ((done & bit) != 0 || (history_.after[i] & ~done) != 0) continue;
            State next = state;
            if (Spec::apply(next, history_.calls[i]) && from(done | bit, next)) return true;
        }
        return false;
    }

    const History<Call>& history_;
    std::set<std::pair<std::uint64_t, State>> visited_;
};

template <class Spec>
bool is_linearizable(const History<typename Spec::Call>& history,
                     const typename Spec::State& initial) {
    return Linearizer<Spec>(history).search(initial);
}

}  // namespace sluice::interleave
