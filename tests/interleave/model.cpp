// SPDX-License-Identifier: Apache-2.0
// Locks and the futex of the model.
#include "model.h"

namespace sluice::interleave {

Mutex::~Mutex() {
    Engine& model = engine();
    if (!model.is_running()) return;
    if (owner_ >= 0) model.fail("a mutex is destroyed while it is held");
    if (!model.view().clock.covers(view_.clock))
        model.fail("a mutex is destroyed while another thread may still be using it");
}

void Mutex::take() {
    while (owner_ >= 0) engine().block(Block::mutex, this, Instant::max(), false);
    owner_ = engine().current();
    engine().view().join(view_);
}

void Mutex::give() {
    owner_ = -1;
    view_ = engine().view();
    engine().tick();
    engine().wake(this, primitives::everybody);
}

void Mutex::lock(Where where) {
    engine().step();
    if (owner_ == engine().current()) engine().fail("a mutex is locked twice by one thread");
    take();
    engine().note("locks", where);
}

bool Mutex::try_lock(Where where) {
    engine().step();
    if (owner_ >= 0) return false;
    take();
    engine().note("locks", where);
    return true;
}

void Mutex::unlock(Where where) {
    if (engine().limits().unlock_points) engine().step();
    if (owner_ != engine().current()) engine().fail("a mutex is unlocked by a stranger");
    engine().note("unlocks", where);
    give();
}

void CondVar::notify_one(Where where) noexcept {
    engine().step();
    engine().note("notifies one", where);
    engine().wake(this, engine().weakened_count(1, where));
}

void CondVar::notify_all(Where where) noexcept {
    engine().step();
    engine().note("notifies all", where);
    engine().wake(this, engine().weakened_count(primitives::everybody, where));
}

bool CondVar::wait_until(Mutex& mutex, Instant deadline, Where where) {
    engine().step();
    if (mutex.owner_ != engine().current()) engine().fail("a wait without the mutex");
    engine().note("waits", where);
    mutex.give();
    const Wake ended = engine().block(Block::condition, this, deadline, true);
    mutex.take();
    return ended != Wake::timeout;
}

namespace {

primitives::FutexWait as_futex_wait(std::optional<Wake> ended) {
    if (!ended) return primitives::FutexWait::changed;
    return *ended == Wake::timeout ? primitives::FutexWait::timeout : primitives::FutexWait::woken;
}

}  // namespace

primitives::FutexWait ModelPlatform::futex_wait(const Atomic<std::uint32_t>& word,
                                                std::uint32_t expected, Instant deadline,
                                                Where where) noexcept {
    return as_futex_wait(
        engine().futex_wait(word.location(), &word, expected, 0xFFFFFFFF, deadline, where));
}

primitives::FutexWait ModelPlatform::futex_wait_low(const Atomic<std::uint64_t>& word,
                                                    std::uint32_t expected, Instant deadline,
                                                    Where where) noexcept {
    return as_futex_wait(
        engine().futex_wait(word.location(), &word, expected, 0xFFFFFFFF, deadline, where));
}

}  // namespace sluice::interleave
