// SPDX-License-Identifier: Apache-2.0
// Task: a callable that is run once and may be move-only (std::move_only_function is C++23).
#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace sluice {

/// Something to run once on another thread. Empty when default-constructed or moved from.
template <class... Args>
class BasicTask {
public:
    BasicTask() = default;
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, BasicTask> &&
                 std::is_invocable_v<F&, Args...>)
    BasicTask(F callable)  // NOLINT(google-explicit-constructor)
        : call_(std::make_unique<Holder<F>>(std::move(callable))) {}

    void operator()(Args... args) { call_->run(std::forward<Args>(args)...); }
    explicit operator bool() const { return call_ != nullptr; }

private:
    struct Call {
        virtual ~Call() = default;
        virtual void run(Args... args) = 0;
    };
    template <class F>
    struct Holder final : Call {
        explicit Holder(F f) : callable(std::move(f)) {}
        void run(Args... args) override { callable(std::forward<Args>(args)...); }
        F callable;
    };
    std::unique_ptr<Call> call_;
};

using Task = BasicTask<>;

}  // namespace sluice
