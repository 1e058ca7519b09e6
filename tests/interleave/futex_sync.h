// SPDX-License-Identifier: Apache-2.0
// FutexSync: the Sync policy made of the primitives, themselves under the model. So Channel is
// checked down to the futex.
#pragma once

#include "model.h"

#include "kernel/sync/primitives/cond_var.h"
#include "kernel/sync/primitives/mutex.h"
#include "kernel/sync/scoped_lock.h"

namespace sluice::interleave {

struct FutexSync {
    using Mutex = primitives::Mutex<ModelPlatform>;
    using MutexLock = ScopedLock<Mutex>;
    using CondVar = primitives::CondVar<ModelPlatform>;
    template <class T>
    using Atomic = interleave::Atomic<T>;
    static Instant now() { return engine().now(); }
    using ThreadId = int;
    static ThreadId this_thread() noexcept { return engine().current(); }
};

}  // namespace sluice::interleave
