// SPDX-License-Identifier: Apache-2.0
// The things without threads, for linearizability: a bounded queue that can be closed, and a count
// of permits.
#pragma once

#include "kernel/sync/channel.h"

#include <algorithm>
#include <compare>
#include <string>
#include <vector>

namespace sluice::interleave {

/// A bounded first-in-first-out queue. With `may_refuse`, "full" and "empty" may be said at any
/// time (a lock-free ring says so while another call is under way).
struct QueueSpec {
    enum class Verb { push, pop, pop_all, close };
    struct Call {
        Verb verb = Verb::push;
        std::vector<int> values;  ///< Pushed, or popped.
        ChannelStatus status = ChannelStatus::ok;
    };
    struct State {
        std::vector<int> items;
        std::size_t capacity = 1;
        bool closed = false;
        bool may_refuse = false;
        auto operator<=>(const State&) const = default;
    };

    static bool apply(State& state, const Call& call) {
        switch (call.verb) {
            case Verb::close: state.closed = true; return true;
            case Verb::push: return apply_push(state, call);
            case Verb::pop:
            case Verb::pop_all: return apply_pop(state, call);
        }
        return false;
    }
    static std::string to_string(const Call& call) {
        static constexpr const char* verbs[] = {"push", "pop", "pop_all", "close"};
        std::string text = verbs[static_cast<int>(call.verb)];
        for (const int value : call.values) text += ' ' + std::to_string(value);
        return text + ": " + std::string(sluice::to_string(call.status));
    }

private:
    static bool apply_push(State& state, const Call& call) {
        const bool full = state.items.size() >= state.capacity;
        switch (call.status) {
            case ChannelStatus::ok:
                if (full || state.closed) return false;
                state.items.push_back(call.values.front());
                return true;
            case ChannelStatus::full:
            case ChannelStatus::timeout: return (full || state.may_refuse) && !state.closed;
            case ChannelStatus::closed: return state.closed;
            case ChannelStatus::empty: break;
        }
        return false;
    }
    static bool apply_pop(State& state, const Call& call) {
        const bool empty = state.items.empty();
        switch (call.status) {
            case ChannelStatus::ok: {
                // pop_all takes everything there is.
                if (empty || call.values.size() > state.items.size()) return false;
                if (call.verb == Verb::pop_all && call.values.size() != state.items.size())
                    return false;
                const auto end =
                    state.items.begin() + static_cast<std::ptrdiff_t>(call.values.size());
                if (!std::equal(call.values.begin(), call.values.end(), state.items.begin()))
                    return false;
                state.items.erase(state.items.begin(), end);
                return true;
            }
            case ChannelStatus::empty:
            case ChannelStatus::timeout: return (empty || state.may_refuse) && !state.closed;
            case ChannelStatus::closed: return empty && state.closed;
            case ChannelStatus::full: break;
        }
        return false;
    }
};

/// Permits: taken, refused, given back.
struct PermitSpec {
    enum class Verb { acquire, release };
    struct Call {
        Verb verb = Verb::acquire;
        int count = 1;
        bool ok = true;
    };
    using State = int;  ///< Free permits.

    static bool apply(State& free, const Call& call) {
        if (call.verb == Verb::release) {
            free += call.count;
            return true;
        }
        if (!call.ok) return free < call.count;
        if (free < call.count) return false;
        free -= call.count;
        return true;
    }
    static std::string to_string(const Call& call) {
        return std::string(call.verb == Verb::acquire ? "acquire " : "release ") +
               std::to_string(call.count) + (call.ok ? ": ok" : ": refused");
    }
};

}  // namespace sluice::interleave
