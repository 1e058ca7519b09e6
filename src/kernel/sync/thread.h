// SPDX-License-Identifier: Apache-2.0
// Thread: a named thread that joins when its object goes. Never detached, never without a last
// catch.
#pragma once

#include "kernel/sync/leak_check.h"
#include "kernel/sync/wait_accounting.h"

#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace sluice {

struct StdSync;

namespace detail {
/// Names the calling thread; the kernel keeps 15 bytes.
void name_this_thread(const std::string& name) noexcept;
/// Says on stderr that an exception left a thread's entry, and aborts. Call inside a catch.
[[noreturn]] void thread_entry_threw(const std::string& name) noexcept;
[[noreturn]] void thread_not_started(const std::string& name) noexcept;
}  // namespace detail

/// A running thread. The destructor (and the assignment of another one) joins, so tell it to end
/// first. If the machine has no thread to give, the process stops with a message: threads are
/// started once, at the start of a module, and nothing can work without them.
class Thread {
public:
    Thread() = default;
    /// `entry()` runs on the new thread; it may be move-only. Names longer than 15 bytes are cut.
    template <class Entry>
    Thread(std::string name, Entry entry) {
        try {
            // Made here, so that it knows who started the thread; gone when the thread ends.
            auto alive = std::make_unique<leak_check::Entry>(leak_check::Kind::thread, name);
            thread_ =
                std::thread([name, alive = std::move(alive), entry = std::move(entry)]() mutable {
                    detail::name_this_thread(name);
                    const detail::ListedThread listed(name);
                    try {
                        entry();
                    } catch (...) {
                        detail::thread_entry_threw(name);
                    }
                });
        } catch (const std::exception&) {
            detail::thread_not_started(name);
        }
    }
    ~Thread() { join(); }
    Thread(Thread&&) noexcept = default;
    Thread& operator=(Thread&& other) noexcept {
        join();
        thread_ = std::move(other.thread_);
        return *this;
    }
    Thread(const Thread&) = delete;
    Thread& operator=(const Thread&) = delete;

    [[nodiscard]] bool joinable() const { return thread_.joinable(); }
    /// Waits for the end of the thread; does nothing where there is none.
    void join() noexcept {
        if (thread_.joinable()) thread_.join();
    }
    [[nodiscard]] std::thread::id id() const { return thread_.get_id(); }

private:
    std::thread thread_;
};

/// For a thread whose work may start a little later: when the calling thread is woken it no longer
/// interrupts whoever runs on that processor, but waits until that one sleeps (SCHED_BATCH). Its
/// share of the time stays what it was. Where the kernel refuses, everything stays as it was.
void interrupt_nobody() noexcept;

namespace detail {
template <class Sync>
struct ThreadOfPolicy {
    using type = typename Sync::Thread;
};
template <>
struct ThreadOfPolicy<StdSync> {
    using type = Thread;
};
}  // namespace detail

/// The threads of a policy (sync_policy.h); Thread in the product.
template <class Sync>
using ThreadOf = typename detail::ThreadOfPolicy<Sync>::type;

}  // namespace sluice
