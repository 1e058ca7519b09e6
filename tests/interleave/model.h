// SPDX-License-Identifier: Apache-2.0
// What a scenario is written with: atomics, plain data, locks and threads of the model, and the two
// policies that put them under the code of kernel/sync: ModelPlatform (atomics and futex) and
// ModelSync (mutex and condition variable as single steps).
#pragma once

#include "engine.h"

#include "kernel/base/annotations.h"
#include "kernel/sync/primitives/platform.h"

#include <array>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace sluice::interleave {

/// Fails the execution, with the text, unless the condition holds.
#define MODEL_CHECK(condition)                                                                   \
    ((condition)                                                                                 \
         ? static_cast<void>(0)                                                                  \
         : ::sluice::interleave::engine().fail(std::string("check failed: " #condition " at ") + \
                                               ::sluice::interleave::base_name(__FILE__) + ':' + \
                                               std::to_string(__LINE__)))

/// An atomic of the model, with the face of std::atomic.
template <class T>
class Atomic {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));

public:
    Atomic() : Atomic(T{}) {}
    Atomic(T value) : location_(engine().add_location(this, to_word(value))) {}
    ~Atomic() { engine().remove_location(location_, this); }
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;

    T load(Order order = Order::seq_cst, Where where = Where::current()) const {
        return from_word(engine().load(location_, this, order, where));
    }
    void store(T value, Order order = Order::seq_cst, Where where = Where::current()) {
        engine().store(location_, this, to_word(value), order, where);
    }
    T exchange(T value, Order order = Order::seq_cst, Where where = Where::current()) {
        return change([value](T) { return value; }, order, "exchanges", where);
    }
    T fetch_add(T by, Order order = Order::seq_cst, Where where = Where::current()) {
        return change([by](T v) { return static_cast<T>(v + by); }, order, "adds to", where);
    }
    T fetch_sub(T by, Order order = Order::seq_cst, Where where = Where::current()) {
        return change([by](T v) { return static_cast<T>(v - by); }, order, "subtracts from", where);
    }
    T fetch_or(T by, Order order = Order::seq_cst, Where where = Where::current()) {
        return change([by](T v) { return static_cast<T>(v | by); }, order, "ors", where);
    }
    T fetch_and(T by, Order order = Order::seq_cst, Where where = Where::current()) {
        return change([by](T v) { return static_cast<T>(v & by); }, order, "ands", where);
    }
    bool compare_exchange_strong(T& expected, T desired, Order success, Order failure,
                                 Where where = Where::current()) {
        return swap(expected, desired, success, failure, false, where);
    }
    bool compare_exchange_weak(T& expected, T desired, Order success, Order failure,
                               Where where = Where::current()) {
        return swap(expected, desired, success, failure, true, where);
    }
    bool compare_exchange_strong(T& expected, T desired, Order order = Order::seq_cst,
                                 Where where = Where::current()) {
        return swap(expected, desired, order, failure_of(order), false, where);
    }
    bool compare_exchange_weak(T& expected, T desired, Order order = Order::seq_cst,
                               Where where = Where::current()) {
        return swap(expected, desired, order, failure_of(order), true, where);
    }

    [[nodiscard]] int location() const { return location_; }

private:
    static std::uint64_t to_word(T value) {
        std::uint64_t word = 0;
        std::memcpy(&word, static_cast<const void*>(&value), sizeof(T));
        return word;
    }
    static T from_word(std::uint64_t word) {
        T value;
        std::memcpy(static_cast<void*>(&value), &word, sizeof(T));
        return value;
    }
    static Order failure_of(Order order) {
        if (order == Order::acq_rel) return Order::acquire;
        return order == Order::release ? Order::relaxed : order;
    }
    template <class Change>
    T change(Change by, Order order, const char* what, const Where& where) {
        return from_word(engine().modify(
            location_, this, order,
            [&by](std::uint64_t word) { return to_word(by(from_word(word))); }, what, where));
    }
    bool swap(T& expected, T desired, Order success, Order failure, bool weak, const Where& where) {
        Engine::Swap wanted{to_word(expected), to_word(desired), success, failure, weak};
        if (engine().compare_exchange(location_, this, wanted, where)) return true;
        expected = from_word(wanted.expected);
        return false;
    }

    int location_;
};

/// Plain data: every access is checked for a race. May be moved like a value, and lie in raw
/// storage. What is not destroyed by the end of the execution is reported.
template <class T>
class Var {
public:
    Var(T value = T{}, Where where = Where::current()) : value_(value) {
        engine().data_born(this, where);
    }
    ~Var() {
        if (engine().is_running()) engine().data_dead(this, Where::current());
    }
    Var(Var&& other, Where where = Where::current()) noexcept : value_(other.take(where)) {
        engine().data_born(this, where);
    }
    Var& operator=(Var&& other) noexcept {
        set(other.take(Where::current()), Where::current());
        return *this;
    }
    Var(const Var&) = delete;
    Var& operator=(const Var&) = delete;

    [[nodiscard]] T get(Where where = Where::current()) const {
        engine().data_read(this, where);
        return value_;
    }
    void set(T value, Where where = Where::current()) {
        engine().data_written(this, where);
        value_ = value;
    }

private:
    // Taking leaves an empty value behind, so it is a write.
    T take(const Where& where) {
        engine().data_written(this, where);
        return std::exchange(value_, T{});
    }

    T value_;
};

/// A thread of the model. join() before the scenario ends.
class Thread {
public:
    template <class Body>
    explicit Thread(Body body) : index_(engine().spawn(std::move(body))) {}
    void join() { engine().join(index_); }

private:
    int index_;
};

/// A thread with the face of sluice::Thread: it has a name and is joined by its end.
class NamedThread {
public:
    template <class Entry>
    NamedThread(const std::string&, Entry entry) : thread_(std::in_place, std::move(entry)) {}
    ~NamedThread() { join(); }
    NamedThread(NamedThread&& other) noexcept : thread_(std::exchange(other.thread_, {})) {}
    NamedThread& operator=(NamedThread&&) = delete;
    NamedThread(const NamedThread&) = delete;
    NamedThread& operator=(const NamedThread&) = delete;

    void join() noexcept {
        if (thread_) std::exchange(thread_, {})->join();
    }

private:
    std::optional<Thread> thread_;
};

/// Runs each body on a thread of its own and waits for the end of all.
template <class... Bodies>
void together(Bodies... bodies) {
    std::array<Thread, sizeof...(bodies)> threads{Thread(std::move(bodies))...};
    for (Thread& thread : threads) thread.join();
}

/// A lock whose lock and unlock are single steps.
class SLUICE_CAPABILITY("mutex") Mutex {
public:
    Mutex() = default;
    ~Mutex();
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;

    void lock(Where where = Where::current()) SLUICE_ACQUIRE();
    void unlock(Where where = Where::current()) SLUICE_RELEASE();
    [[nodiscard]] bool try_lock(Where where = Where::current()) SLUICE_TRY_ACQUIRE(true);

private:
    friend class CondVar;
    void take();
    void give();
    int owner_ = -1;
    View view_;
};

/// Holds a model mutex for a scope, like kernel/sync's MutexLock.
class SLUICE_SCOPED_CAPABILITY MutexLock {
public:
    explicit MutexLock(Mutex& mutex, Where where = Where::current()) SLUICE_ACQUIRE(mutex)
        : mutex_(mutex), held_(true) {
        mutex_.lock(where);
    }
    ~MutexLock() SLUICE_RELEASE() {
        if (held_) mutex_.unlock();
    }
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;
    void unlock(Where where = Where::current()) SLUICE_RELEASE() {
        held_ = false;
        mutex_.unlock(where);
    }
    void lock(Where where = Where::current()) SLUICE_ACQUIRE() {
        mutex_.lock(where);
        held_ = true;
    }

private:
    Mutex& mutex_;
    bool held_;
};

/// A condition variable whose operations are single steps. It wakes for nothing now and then, and
/// whom notify_one() wakes is a choice.
class CondVar {
public:
    CondVar() = default;
    CondVar(const CondVar&) = delete;
    CondVar& operator=(const CondVar&) = delete;

    void notify_one(Where where = Where::current()) noexcept;
    void notify_all(Where where = Where::current()) noexcept;
    void wait(Mutex& mutex, Where where = Where::current()) SLUICE_REQUIRES(mutex) {
        wait_until(mutex, Instant::max(), where);
    }
    bool wait_until(Mutex& mutex, Instant deadline, Where where = Where::current())
        SLUICE_REQUIRES(mutex);
};

/// For the primitives and the rings.
struct ModelPlatform {
    template <class T>
    using Atomic = interleave::Atomic<T>;
    static constexpr int spins_max = 1;
    static constexpr int brief_looks = 1;

    static primitives::FutexWait futex_wait(const Atomic<std::uint32_t>& word,
                                            std::uint32_t expected,
                                            Instant deadline = Instant::max(),
                                            Where where = Where::current()) noexcept;
    static primitives::FutexWait futex_wait_low(const Atomic<std::uint64_t>& word,
                                                std::uint32_t expected,
                                                Instant deadline = Instant::max(),
                                                Where where = Where::current()) noexcept;
    static void futex_wake(const Atomic<std::uint32_t>& word, std::uint32_t count,
                           Where where = Where::current()) noexcept {
        engine().futex_wake(word.location(), count, where);
    }
    static void futex_wake_low(const Atomic<std::uint64_t>& word, std::uint32_t count,
                               Where where = Where::current()) noexcept {
        engine().futex_wake(word.location(), count, where);
    }
    static void pause() noexcept { engine().yield(); }
    static void pause_briefly(int) noexcept { engine().yield(); }
};

/// For the classes of kernel/sync that take a Sync policy.
struct ModelSync {
    using Mutex = interleave::Mutex;
    using MutexLock = interleave::MutexLock;
    using CondVar = interleave::CondVar;
    using Thread = NamedThread;
    template <class T>
    using Atomic = interleave::Atomic<T>;
    static Instant now() { return engine().now(); }
    using ThreadId = int;
    static ThreadId this_thread() noexcept { return engine().current(); }
};

/// A deadline that the model may let pass at any time.
inline Instant soon() { return engine().now() + 1ms; }

}  // namespace sluice::interleave
