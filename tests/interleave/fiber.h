// SPDX-License-Identifier: Apache-2.0
// Fiber: a thread of the model — a stack of its own, run by hand. Switching is a function call;
// nothing runs at the same time.
#pragma once

#include <cstddef>
#include <memory>

namespace sluice::interleave {

/// A stack and a place to go on from. A fiber is started any number of times; what stood on its
/// stack before is forgotten without running destructors.
class Fiber {
public:
    /// The stack that the program runs on already.
    Fiber();
    /// A new stack of `stack_bytes`.
    explicit Fiber(std::size_t stack_bytes);
    ~Fiber();
    Fiber(const Fiber&) = delete;
    Fiber& operator=(const Fiber&) = delete;

    /// The next switch to this fiber calls `entry(argument)`, which must never return.
    void prepare(void (*entry)(void*), void* argument);
    /// Leaves `this`, which must be running, for `to`. Returns when somebody switches back; nobody
    /// may if it is `for_ever`.
    void switch_to(Fiber& to, bool for_ever = false);

private:
    struct Context;
    static void begin();

    std::unique_ptr<Context> context_;
    std::size_t stack_bytes_ = 0;
    void* stack_ = nullptr;
    void (*entry_)(void*) = nullptr;
    void* argument_ = nullptr;
};

}  // namespace sluice::interleave
