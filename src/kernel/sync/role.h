// SPDX-License-Identifier: Apache-2.0
// Role: proof that code runs on the thread that owns some data. Not a lock: nobody ever waits.
// State is declared SLUICE_GUARDED_BY(owner_); clang rejects code that has not proved the role, and
// debug builds also compare thread ids.
#pragma once

#include "kernel/base/annotations.h"
#include "kernel/base/check.h"

#include <atomic>
#include <thread>

namespace sluice {

/// The right to touch one owner's data. The first thread that takes the role owns it until it
/// leaves.
class SLUICE_CAPABILITY("role") Role {
public:
    Role() = default;
    Role(const Role&) = delete;
    Role& operator=(const Role&) = delete;

    /// Becomes the owner. In debug builds a second owner stops the process.
    void take() SLUICE_ACQUIRE() {
#ifndef NDEBUG
        auto nobody = std::thread::id{};
        SLUICE_CHECK(owner_.compare_exchange_strong(nobody, std::this_thread::get_id()));
#endif
    }
    void leave() SLUICE_RELEASE() {
#ifndef NDEBUG
        SLUICE_CHECK(owner_.load() == std::this_thread::get_id());
        owner_.store(std::thread::id{});
#endif
    }
    /// Vouches that this is the owner's thread (for callbacks that the owner runs). Debug builds
    /// stop the process if it is not.
    void assert_held() const SLUICE_ASSERT_CAPABILITY(this) {
#ifndef NDEBUG
        SLUICE_CHECK(owner_.load() == std::this_thread::get_id());
#endif
    }

private:
    // Present in every build, so that the layout does not depend on NDEBUG.
    std::atomic<std::thread::id> owner_{};
};

/// Holds a Role for a scope: usually the whole body of the owner's thread.
class SLUICE_SCOPED_CAPABILITY RoleScope {
public:
    explicit RoleScope(Role& role) SLUICE_ACQUIRE(role) : role_(role) { role_.take(); }
    ~RoleScope() SLUICE_RELEASE() { role_.leave(); }
    RoleScope(const RoleScope&) = delete;
    RoleScope& operator=(const RoleScope&) = delete;

private:
    Role& role_;
};

}  // namespace sluice
