// SPDX-License-Identifier: Apache-2.0
// Recorder: the history of what the threads of a scenario called, and what they were answered.
#pragma once

#include "linearize.h"
#include "model.h"

#include <string>
#include <utility>
#include <vector>

namespace sluice::interleave {

/// Which calls count as one after the other, in a history of the model.
enum class Precedence {
    /// By the order of execution, as a clock on the wall would see it. For things made of locks.
    execution,
    /// By happens-before only. For lock-free things: with relaxed or acquire loads an answer may be
    /// old, and nobody can tell unless something else orders the two calls.
    causal
};

/// Records the calls of model threads.
template <class Spec>
class Recorder {
public:
    using Call = typename Spec::Call;

    explicit Recorder(Precedence precedence) : precedence_(precedence) {}

    /// Makes the call: `perform(call)` does it and fills in the answer.
    template <class Perform>
    void record(Call call, Perform perform) {
        Entry entry;
        entry.thread = engine().current();
        entry.invoked = engine().view().clock;
        entry.begun = ++ticks_;
        perform(call);
        entry.ended = ++ticks_;
        engine().tick();
        entry.answered = engine().view().clock.at[entry.thread];
        engine().tick();
        entry.call = std::move(call);
        entries_.push_back(std::move(entry));
    }

    /// Fails the execution if the history has no explanation.
    void check(const typename Spec::State& initial) const {
        History<Call> history;
        for (const Entry& entry : entries_) {
            history.calls.push_back(entry.call);
            std::uint64_t after = 0;
            for (std::size_t i = 0; i < entries_.size(); ++i) {
                if (precedes(entries_[i], entry)) after |= std::uint64_t{1} << i;
            }
            history.after.push_back(after);
        }
        if (is_linearizable<Spec>(history, initial)) return;
        std::string text = "not linearizable:";
        for (const Entry& entry : entries_)
            text += " [thread " + std::to_string(entry.thread) + ' ' + Spec::to_string(entry.call) +
                    ']';
        engine().fail(text);
    }

private:
    struct Entry {
        Call call{};
        int thread = 0;
        Clock invoked;
        std::uint32_t answered = 0;
        std::uint64_t begun = 0, ended = 0;
    };

    [[nodiscard]] bool precedes(const Entry& a, const Entry& b) const {
        if (&a == &b) return false;
        if (precedence_ == Precedence::execution) return a.ended < b.begun;
        return b.invoked.at[a.thread] >= a.answered;
    }

    Precedence precedence_;
    std::uint64_t ticks_ = 0;
    std::vector<Entry> entries_;
};

}  // namespace sluice::interleave
