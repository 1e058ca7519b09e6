// SPDX-License-Identifier: Apache-2.0
// Leak checks: what must have an end (threads, pools, tasks) is entered in a list while it lives,
// with the stack of its making, so that a test which leaves something behind can be told what and
// where it was made. tests/support asks after every test; the product does not ask at all.
#pragma once

#include "kernel/sync/lock_order.h"  // SLUICE_SYNC_CHECKS
#include "kernel/sync/stack_trace.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace sluice {
struct StdSync;
}

namespace sluice::leak_check {

/// What lives.
enum class Kind { thread, pool, task };
std::string_view to_string(Kind kind);

/// An entry of the list for as long as it lives. Any thread may make it and any other may end it.
class Entry {
public:
    Entry(Kind kind, std::string_view name);
    ~Entry();
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

private:
    friend struct List;
    Entry* before_ = nullptr;
    Entry* after_ = nullptr;
    std::uint64_t number_ = 0;
    const Kind kind_;
    char name_[32] = {};
    StackTrace made_;
};

/// The same for what is made too often to be listed outside debug builds; there it is nothing.
#if SLUICE_SYNC_CHECKS
using DebugEntry = Entry;
#else
struct DebugEntry {
    DebugEntry(Kind, std::string_view) {}
};
#endif

namespace detail {
struct NoEntry {
    NoEntry(Kind, std::string_view) {}
};
}  // namespace detail

/// An entry where threads are real. Under another policy (sync_policy.h) nothing outlives a test.
template <class Sync, class Real = Entry>
using EntryOf = std::conditional_t<std::is_same_v<Sync, StdSync>, Real, detail::NoEntry>;

/// Everything made from now on has a higher number.
std::uint64_t number_now();

/// Something that lives, told in words.
struct Left {
    Kind kind;
    std::string name;
    std::string made;  ///< the stack, one function a line
};
/// What was made after `number` was read and still lives, in order of making.
std::vector<Left> left_since(std::uint64_t number);

}  // namespace sluice::leak_check
