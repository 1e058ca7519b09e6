// SPDX-License-Identifier: Apache-2.0
// Engine: runs one execution of a scenario. It decides who runs next, what an atomic load reads,
// who is woken, and sees data races, deadlocks and uses after the end of a life. One program has
// one engine, and it is not for several real threads.
//
// The model of memory: every atomic has its stores in one order, which is the order of execution. A
// load may read any store that is not older than one it must know of (coherence and happens-before,
// kept as views); a read-modify-write reads the newest. Release, acquire, fences, release sequences
// and seq_cst follow C++20, where seq_cst operations are totally ordered as they are executed.
// Not modelled: a load that reads a store which is executed later (load buffering), and stores
// whose order contradicts every interleaving (2+2W).
#pragma once

#include "choices.h"
#include "fiber.h"
#include "mutation.h"
#include "view.h"

#include "kernel/base/time.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <source_location>
#include <string>
#include <vector>

namespace sluice::interleave {

using Order = std::memory_order;
using Where = std::source_location;

/// How much of the rare an execution may contain. The rest is explored in full.
struct Limits {
    int preemptions = 2;  ///< Switches away from a thread that could go on.
    int stale = 2;        ///< Loads that do not read the newest store.
    int timeouts = 1;     ///< Deadlines that pass although something else could happen.
    int spurious = 1;   ///< Wake-ups for nothing and weak compare-and-swaps that fail for nothing.
    int steps = 2'000;  ///< More are reported as a loop without an end.
    /// Also preempt before the unlock of a model mutex; matters where try_lock is used.
    bool unlock_points = false;
};

/// Why a blocked thread goes on.
enum class Wake : std::uint8_t { notified, timeout, spurious };

/// What a thread is blocked on.
enum class Block : std::uint8_t { mutex, condition, futex, join };

class Engine {
public:
    Engine();
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    // --- from outside -----------------------------------------------------------------------

    /// Runs `body` as thread 0 with the choices of `choices`. What went wrong, or nothing.
    std::optional<std::string> run(const std::function<void()>& body, const Limits& limits);
    Choices choices;
    /// The mutation under test, if any.
    std::optional<Mutation> mutation;
    /// Where all possible mutations are noted, if anywhere.
    std::set<Mutation>* sites = nullptr;
    /// Where the steps are written to, if anywhere.
    std::vector<std::string>* trace = nullptr;

    // --- threads, from inside -----------------------------------------------------------------

    int spawn(std::function<void()> body);
    void join(int thread);
    [[nodiscard]] int current() const { return current_; }
    [[nodiscard]] bool is_running() const { return running_; }
    /// A place where another thread may go on.
    void step();
    /// The thread spins: somebody else goes on, if anybody can.
    void yield();
    /// Until wake(). The deadline is a choice.
    Wake block(Block on, const void* object, Instant deadline, bool may_be_spurious);
    /// Wakes up to `count` threads that are blocked on `object`; which, is a choice.
    void wake(const void* object, std::uint32_t count);
    [[nodiscard]] Instant now() const { return now_; }
    [[noreturn]] void fail(const std::string& what);
    [[nodiscard]] View& view() { return self().view; }
    /// Ends the current step of the clock: what follows is not known to those who read up to here.
    void tick() { ++self().view.clock.at[current_]; }
    [[nodiscard]] const Limits& limits() const { return limits_; }
    void note(const std::string& text, const Where& where);
    /// Is a trace wanted?
    [[nodiscard]] bool is_tracing() const { return trace != nullptr; }

    // --- atomics, from inside -----------------------------------------------------------------

    int add_location(const void* address, std::uint64_t value);
    void remove_location(int location, const void* address);
    std::uint64_t load(int location, const void* address, Order order, const Where& where);
    void store(int location, const void* address, std::uint64_t value, Order order,
               const Where& where);
    struct Swap {
        std::uint64_t expected = 0, desired = 0;
        Order success = Order::seq_cst, failure = Order::seq_cst;
        bool weak = false;
    };
    /// True on success; else the value read is in `swap.expected`.
    bool compare_exchange(int location, const void* address, Swap& swap, const Where& where);
    /// `change` maps the old value to the new one. The old one is returned.
    template <class Change>
    std::uint64_t modify(int location, const void* address, Order order, Change change,
                         const char* what, const Where& where) {
        begin_access(location, address);
        const std::uint64_t before = newest(location);
        replace(location, change(before), weakened(order, where), what, where);
        return before;
    }
    void fence(Order order);

    /// The kernel compares, and blocks if equal (of the bits in `mask`).
    std::optional<Wake> futex_wait(int location, const void* address, std::uint64_t expected,
                                   std::uint64_t mask, Instant deadline, const Where& where);
    void futex_wake(int location, std::uint32_t count, const Where& where);
    /// The mutations of a notification; how many are woken.
    std::uint32_t weakened_count(std::uint32_t count, const Where& where);

    // --- plain data, from inside --------------------------------------------------------------

    void data_born(const void* address, const Where& where);
    void data_read(const void* address, const Where& where);
    void data_written(const void* address, const Where& where);
    void data_dead(const void* address, const Where& where);

private:
    enum class Status : std::uint8_t { unused, ready, blocked, finished };
    enum class Mode : std::uint8_t { running, yielding, stuck };

    struct Thread {
        Thread() : fiber(256 * 1024) {}
        Fiber fiber;
        Status status = Status::unused;
        std::function<void()> body;
        View view;
        View acquired;  ///< What relaxed loads have read, for a later acquire fence.
        View released;  ///< The view at the last release fence.
        Block block = Block::join;
        const void* object = nullptr;
        Instant deadline = Instant::max();
        bool may_be_spurious = false;
        Wake wake = Wake::notified;
        Where where;
    };
    struct Message {
        std::uint64_t value = 0;
        View view;
    };
    struct Location {
        const void* address = nullptr;
        bool alive = false;
        Clock born;
        Clock accesses;
        std::vector<Message> messages;
    };
    struct Datum {
        const void* address = nullptr;
        std::uint64_t execution = 0;
        bool alive = false;
        int writer = 0;
        std::uint32_t written = 0;
        Clock reads;
        Where where;
    };
    struct Candidate {
        int thread;
        std::optional<Wake> wake;
    };

    Thread& self() { return *threads_[current_]; }
    static void thread_entry(void* index);
    void thread_main(int index);
    void reset(const Limits& limits);
    void pick(Mode mode);
    void add_candidates(Mode mode);
    void leave(int next, bool for_ever);
    [[nodiscard]] std::string deadlock() const;

    void begin_access(int location, const void* address);
    [[nodiscard]] std::uint64_t newest(int location) const {
        return locations_[location].messages.back().value;
    }
    void read(int location, std::uint32_t index, Order order);
    void replace(int location, std::uint64_t value, Order order, const char* what,
                 const Where& where);
    void append(int location, std::uint64_t value, Order order, const View* continued);
    std::uint32_t choose_stale(std::uint32_t oldest, std::uint32_t newest);
    bool is_mutated(const Where& where, Weakening weakening);
    Order weakened(Order order, const Where& where);
    Order weakened_failure(Order order, const Where& where);
    Datum& datum(const void* address);
    void check_write(const Datum& datum, const char* what, const Where& where);
    std::string race(const Datum& datum, const char* what, int other, const Where& where) const;

    Limits limits_;
    Limits left_;
    bool running_ = false;
    std::uint64_t execution_ = 0;
    int steps_ = 0;
    int live_data_ = 0;
    int current_ = 0;
    int thread_count_ = 0;
    int location_count_ = 0;
    Instant now_{};
    View sequential_;  ///< What seq_cst operations have agreed on.
    View kernel_;      ///< What system calls, being full barriers, have made visible to each other.
    Fiber outside_;
    std::unique_ptr<Thread> threads_[threads_max];
    Location locations_[locations_max];
    std::vector<Datum> data_;
    std::vector<Candidate> candidates_;
    std::optional<std::string> failure_;
};

/// The one engine.
Engine& engine();

/// While this lives, memory given back by the code under test stays set aside.
class HeapGuard {
public:
    HeapGuard();
    ~HeapGuard();
    HeapGuard(const HeapGuard&) = delete;
    HeapGuard& operator=(const HeapGuard&) = delete;
};

}  // namespace sluice::interleave
