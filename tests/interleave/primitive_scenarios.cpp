// SPDX-License-Identifier: Apache-2.0
// The primitives of kernel/sync/primitives under the model.
#include "recorder.h"
#include "scenario.h"
#include "specs.h"

#include "kernel/sync/primitives/cond_var.h"
#include "kernel/sync/primitives/mutex.h"
#include "kernel/sync/primitives/rw_mutex.h"
#include "kernel/sync/primitives/semaphore.h"
#include "kernel/sync/primitives/spin_then_park.h"

namespace sluice::interleave {
namespace {

using FutexMutex = primitives::Mutex<ModelPlatform>;
using FutexRwMutex = primitives::RwMutex<ModelPlatform>;
using FutexCondVar = primitives::CondVar<ModelPlatform>;
using FutexSemaphore = primitives::Semaphore<ModelPlatform>;
using Parker = primitives::SpinThenPark<ModelPlatform>;
template <class Lock>
using Guard = primitives::LockGuard<Lock>;

template <int times>
void mutex_excludes() {
    FutexMutex mutex;
    Var<int> count(0);
    const auto add = [&] {
        for (int i = 0; i < times; ++i) {
            const Guard guard(mutex);
            count.set(count.get() + 1);
        }
    };
    together(add, add);
    MODEL_CHECK(count.get() == 2 * times);
}

/// Three at once: a woken thread must not forget the third.
void mutex_with_three() {
    FutexMutex mutex;
    Var<int> count(0);
    const auto add = [&] {
        const Guard guard(mutex);
        count.set(count.get() + 1);
    };
    together(add, add, add);
    MODEL_CHECK(count.get() == 3);
}

void mutex_try() {
    FutexMutex mutex;
    Var<int> count(0);
    together(
        [&] {
            const Guard guard(mutex);
            count.set(count.get() + 1);
        },
        [&] {
            if (!mutex.try_lock()) return;
            count.set(count.get() + 1);
            mutex.unlock();
        });
    MODEL_CHECK(count.get() >= 1);
}

/// Whoever leaves last destroys the lock: unlock() must not touch it any more.
void mutex_destroyed_by_the_last() {
    struct Shared {
        FutexMutex mutex;
        Var<int> left{2};
    };
    auto* const shared = new Shared;
    const auto leave = [shared] {
        bool last = false;
        {
            const Guard guard(shared->mutex);
            shared->left.set(shared->left.get() - 1);
            last = shared->left.get() == 0;
        }
        if (last) delete shared;
    };
    together(leave, leave);
}

/// Readers, then a writer, then readers again, in any order.
void rw_mutex_excludes() {
    FutexRwMutex mutex;
    Var<int> a(0), b(0);
    const auto write = [&] {
        const Guard guard(mutex);
        a.set(a.get() + 1);
        b.set(b.get() + 1);
    };
    const auto read = [&] {
        const primitives::SharedGuard guard(mutex);
        MODEL_CHECK(a.get() == b.get());
    };
    together(write, read, read);
    MODEL_CHECK(a.get() == 1);
}

void rw_mutex_two_writers() {
    FutexRwMutex mutex;
    Var<int> a(0);
    const auto write = [&] {
        const Guard guard(mutex);
        a.set(a.get() + 1);
    };
    const auto read = [&] {
        const primitives::SharedGuard guard(mutex);
        MODEL_CHECK(a.get() <= 2);
    };
    together(write, write, read);
    MODEL_CHECK(a.get() == 2);
}

void rw_mutex_three_writers() {
    FutexRwMutex mutex;
    Var<int> a(0);
    const auto write = [&] {
        const Guard guard(mutex);
        a.set(a.get() + 1);
    };
    together(write, write, write);
    MODEL_CHECK(a.get() == 3);
}

/// A reader that stays until the other has come in: readers must not keep each other out.
void rw_mutex_readers_together() {
    FutexRwMutex mutex;
    Var<int> a(0);
    Atomic<int> inside(0);
    const auto read = [&] {
        const primitives::SharedGuard guard(mutex);
        (void)a.get();
        inside.fetch_add(1);
        while (inside.load() < 2) ModelPlatform::pause();
    };
    together(read, read);
    const Guard guard(mutex);
    a.set(1);
}

void rw_mutex_tries() {
    FutexRwMutex mutex;
    Var<int> a(0);
    together(
        [&] {
            if (!mutex.try_lock()) return;
            a.set(a.get() + 1);
            mutex.unlock();
        },
        [&] {
            if (!mutex.try_lock_shared()) return;
            (void)a.get();
            mutex.unlock_shared();
        },
        [&] {
            const Guard guard(mutex);
            a.set(a.get() + 1);
        });
    MODEL_CHECK(a.get() >= 1);
}

/// A refused try_lock in between must not keep the others waiting.
void rw_mutex_try_against_readers() {
    FutexRwMutex mutex;
    Var<int> a(0);
    together(
        [&] {
            const primitives::SharedGuard guard(mutex);
            (void)a.get();
        },
        [&] {
            if (!mutex.try_lock()) return;
            a.set(a.get() + 1);
            mutex.unlock();
        },
        [&] {
            if (!mutex.try_lock()) return;
            a.set(a.get() + 1);
            mutex.unlock();
        });
    const Guard guard(mutex);
    a.set(a.get() + 1);
}

/// Notified outside the lock.
void cond_var_hands_over() {
    FutexMutex mutex;
    FutexCondVar changed;
    Var<int> item(0);
    together(
        [&] {
            const Guard guard(mutex);
            while (item.get() == 0) changed.wait(mutex);
            item.set(0);
        },
        [&] {
            {
                const Guard guard(mutex);
                item.set(1);
            }
            changed.notify_one();
        });
    MODEL_CHECK(item.get() == 0);
}

/// Two wait, two notifications.
void cond_var_two_waiters() {
    FutexMutex mutex;
    FutexCondVar changed;
    int items = 0;
    const auto take = [&] {
        const Guard guard(mutex);
        while (items == 0) changed.wait(mutex);
        --items;
    };
    together(take, take, [&] {
        for (int i = 0; i < 2; ++i) {
            const Guard guard(mutex);
            ++items;
            changed.notify_one();
        }
    });
    MODEL_CHECK(items == 0);
}

void cond_var_notify_all() {
    FutexMutex mutex;
    FutexCondVar changed;
    bool open = false;
    const auto enter = [&] {
        const Guard guard(mutex);
        while (!open) changed.wait(mutex);
    };
    together(enter, enter, [&] {
        {
            const Guard guard(mutex);
            open = true;
        }
        changed.notify_all();
    });
}

/// One waits with a deadline, one without: the notification must not be lost on the first.
void cond_var_deadline() {
    FutexMutex mutex;
    FutexCondVar changed;
    int items = 0;
    together(
        [&] {
            const Guard guard(mutex);
            const Instant until = soon();
            while (items == 0) {
                if (!changed.wait_until(mutex, until)) break;
            }
            if (items == 0) MODEL_CHECK(engine().now() >= until);
            if (items > 0) --items;
            // Hands on what it may have been woken for.
            if (items > 0) changed.notify_one();
        },
        [&] {
            const Guard guard(mutex);
            while (items == 0) changed.wait(mutex);
            --items;
        },
        [&] {
            const Guard guard(mutex);
            items = 2;
            changed.notify_one();
            changed.notify_one();
        });
}

void semaphore_limits() {
    FutexSemaphore permits(1);
    Var<int> used(0);
    const auto use = [&] {
        permits.acquire();
        used.set(used.get() + 1);
        permits.release();
    };
    together(use, use, use);
    MODEL_CHECK(used.get() == 3);
}

void semaphore_signals() {
    FutexSemaphore permits(0);
    Var<int> item(0);
    together(
        [&] {
            permits.acquire();
            MODEL_CHECK(item.get() == 1);
        },
        [&] {
            item.set(1);
            permits.release();
        });
}

/// Two sleep, two permits come at once.
void semaphore_releases_several() {
    FutexSemaphore permits(0);
    const auto take = [&] { permits.acquire(); };
    together(take, take, [&] { permits.release(2); });
    MODEL_CHECK(permits.available() == 0);
}

/// A deadline passes while a permit comes: it must go to the one or the other.
void semaphore_deadline() {
    FutexSemaphore permits(0);
    Recorder<PermitSpec> history(Precedence::causal);
    const auto take = [&](Instant until) {
        history.record({PermitSpec::Verb::acquire},
                       [&](auto& call) { call.ok = permits.acquire_until(until); });
    };
    together([&] { take(soon()); }, [&] { take(soon()); },
             [&] {
                 history.record({PermitSpec::Verb::release, 1, true},
                                [&](auto&) { permits.release(); });
             });
    history.check(0);
}

/// The one that got the permit destroys the semaphore.
void semaphore_destroyed_by_the_woken() {
    auto* const done = new FutexSemaphore(0);
    together([done] { done->release(); },
             [done] {
                 done->acquire();
                 delete done;
             });
}

void parker_signals() {
    Parker parker;
    Var<int> item(0);
    together(
        [&] {
            parker.wait();
            MODEL_CHECK(item.get() == 1);
        },
        [&] {
            item.set(1);
            parker.notify();
        });
}

void parker_ping_pong() {
    Parker ping, pong;
    Var<int> ball(0);
    together(
        [&] {
            for (int i = 0; i < 2; ++i) {
                ball.set(ball.get() + 1);
                ping.notify();
                pong.wait();
            }
        },
        [&] {
            for (int i = 0; i < 2; ++i) {
                ping.wait();
                ball.set(ball.get() + 1);
                pong.notify();
            }
        });
    MODEL_CHECK(ball.get() == 4);
}

/// What a deadline missed is there for the next wait.
void parker_deadline() {
    Parker parker;
    Var<int> item(0);
    together(
        [&] {
            if (!parker.wait_until(soon())) parker.wait();
            MODEL_CHECK(item.get() == 1);
        },
        [&] {
            item.set(1);
            parker.notify();
        });
}

/// The waiter destroys it at once.
void parker_destroyed_by_the_woken() {
    auto* const done = new Parker;
    together([done] { done->notify(); },
             [done] {
                 done->wait();
                 delete done;
             });
}

}  // namespace

std::vector<Scenario> primitive_scenarios() {
    const std::string mutex = "primitives/mutex.h", rw = "primitives/rw_mutex.h",
                      cv = "primitives/cond_var.h", semaphore = "primitives/semaphore.h",
                      parker = "primitives/spin_then_park.h";
    return {
        {"mutex.excludes", mutex_excludes<2>, {}, "", mutex},
        {"mutex.three", mutex_with_three, {}, "", mutex},
        {"mutex.try", mutex_try, {}, "", mutex},
        {"mutex.destroyed_by_the_last", mutex_destroyed_by_the_last, {}, "", mutex},
        {"rw_mutex.excludes", rw_mutex_excludes, {}, "", rw},
        {"rw_mutex.two_writers", rw_mutex_two_writers, {}, "", rw},
        {"rw_mutex.three_writers", rw_mutex_three_writers, {}, "", rw},
        {"rw_mutex.readers_together", rw_mutex_readers_together, {}, "", rw},
        {"rw_mutex.tries", rw_mutex_tries, {}, "", rw},
        {"rw_mutex.try_against_readers", rw_mutex_try_against_readers, {}, "", rw},
        {"cond_var.hands_over", cond_var_hands_over, {}, "", cv},
        {"cond_var.two_waiters", cond_var_two_waiters, {}, "", cv},
        {"cond_var.notify_all", cond_var_notify_all, {}, "", cv},
        {"cond_var.deadline", cond_var_deadline, {}, "", cv},
        {"semaphore.limits", semaphore_limits, {}, "", semaphore},
        {"semaphore.signals", semaphore_signals, {}, "", semaphore},
        {"semaphore.releases_several", semaphore_releases_several, {}, "", semaphore},
        {"semaphore.deadline", semaphore_deadline, {}, "", semaphore},
        {"semaphore.destroyed_by_the_woken", semaphore_destroyed_by_the_woken, {}, "", semaphore},
        {"parker.signals", parker_signals, {}, "", parker},
        {"parker.ping_pong", parker_ping_pong, {}, "", parker},
        {"parker.deadline", parker_deadline, {}, "", parker},
        {"parker.destroyed_by_the_woken", parker_destroyed_by_the_woken, {}, "", parker},
    };
}

}  // namespace sluice::interleave
