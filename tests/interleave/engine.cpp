// SPDX-License-Identifier: Apache-2.0
// Threads of the model: who runs, who waits, who is woken.
#include "engine.h"

#include <cstdlib>

namespace sluice::interleave {
namespace {

const char* name_of(Block on) {
    switch (on) {
        case Block::mutex: return "a mutex";
        case Block::condition: return "a condition variable";
        case Block::futex: return "a futex";
        case Block::join: return "the end of another thread";
    }
    return "something";
}

std::string place(const Where& where) {
    return std::string(base_name(where.file_name())) + ':' + std::to_string(where.line());
}

}  // namespace

Engine& engine() {
    static Engine one;
    return one;
}

Engine::Engine() : data_(8192) {
    for (auto& thread : threads_) thread = std::make_unique<Thread>();
}

Engine::~Engine() = default;

void Engine::reset(const Limits& limits) {
    limits_ = left_ = limits;
    ++execution_;
    steps_ = live_data_ = current_ = thread_count_ = 0;
    for (int i = 0; i < location_count_; ++i) {
        locations_[i].messages.clear();
        locations_[i].alive = false;
    }
    location_count_ = 0;
    now_ = Instant{} + 1s;
    sequential_ = kernel_ = View{};
    failure_.reset();
    choices.rewind();
    for (auto& thread : threads_) thread->status = Status::unused;
    if (trace != nullptr) trace->clear();
}

std::optional<std::string> Engine::run(const std::function<void()>& body, const Limits& limits) {
    reset(limits);
    const HeapGuard heap;
    running_ = true;
    spawn(body);
    outside_.switch_to(threads_[0]->fiber);
    running_ = false;
    for (auto& thread : threads_) thread->body = nullptr;
    if (!failure_ && live_data_ != 0)
        failure_ = std::to_string(live_data_) + " items were never destroyed";
    return failure_;
}

int Engine::spawn(std::function<void()> body) {
    if (thread_count_ == threads_max) fail("more threads than the model has");
    const int index = thread_count_++;
    Thread& thread = *threads_[index];
    thread.body = std::move(body);
    thread.status = Status::ready;
    thread.acquired = thread.released = View{};
    if (index == 0) {
        thread.view = View{};
    } else {
        thread.view = view();
        tick();
    }
    thread.view.clock.at[index] = 1;
    thread.fiber.prepare(&Engine::thread_entry, reinterpret_cast<void*>(std::intptr_t{index}));
    return index;
}

void Engine::thread_entry(void* index) {
    engine().thread_main(static_cast<int>(reinterpret_cast<std::intptr_t>(index)));
}

void Engine::thread_main(int index) {
    Thread& thread = *threads_[index];
    thread.body();
    thread.status = Status::finished;
    for (int i = 0; i < thread_count_; ++i) {
        Thread& other = *threads_[i];
        if (other.status == Status::blocked && other.block == Block::join &&
            other.object == &thread)
            other.status = Status::ready;
    }
    pick(Mode::stuck);
    std::abort();
}

void Engine::join(int index) {
    step();
    Thread& other = *threads_[index];
    while (other.status != Status::finished) block(Block::join, &other, Instant::max(), false);
    view().join(other.view);
}

void Engine::fail(const std::string& what) {
    if (!running_) {
        // A mistake of the test itself.
        std::fprintf(stderr, "interleave: %s\n", what.c_str());
        std::abort();
    }
    failure_ = "thread " + std::to_string(current_) + ": " + what;
    if (trace != nullptr) trace->push_back(*failure_);
    self().fiber.switch_to(outside_);
    std::abort();
}

void Engine::note(const std::string& text, const Where& where) {
    if (trace == nullptr) return;
    trace->push_back("thread " + std::to_string(current_) + "  " + text + "  " + place(where));
}

void Engine::step() {
    if (!running_) fail("an operation of the model outside of a scenario");
    if (++steps_ > limits_.steps)
        fail("no end after " + std::to_string(limits_.steps) + " steps: a loop that waits awake?");
    pick(Mode::running);
}

void Engine::yield() {
    if (++steps_ > limits_.steps)
        fail("no end after " + std::to_string(limits_.steps) + " steps: a loop that waits awake?");
    now_ += 1us;
    pick(Mode::yielding);
}

void Engine::add_candidates(Mode mode) {
    candidates_.clear();
    if (mode == Mode::running) {
        candidates_.push_back({current_, std::nullopt});
        if (left_.preemptions <= 0) return;
    }
    bool can_run = mode == Mode::running;
    for (int i = 1; i < thread_count_; ++i) {
        const int thread = (current_ + i) % thread_count_;
        if (threads_[thread]->status != Status::ready) continue;
        candidates_.push_back({thread, std::nullopt});
        can_run = true;
    }
    if (mode == Mode::yielding && !can_run) {
        candidates_.push_back({current_, std::nullopt});
        can_run = true;
    }
    // A deadline passes, and a wake-up for nothing happens, as long as there are some left; and a
    // deadline passes when nothing else can happen. A wake-up for nothing rescues nobody.
    for (int thread = 0; thread < thread_count_; ++thread) {
        const Thread& waiter = *threads_[thread];
        if (waiter.status != Status::blocked) continue;
        if (waiter.deadline != Instant::max() && (left_.timeouts > 0 || !can_run))
            candidates_.push_back({thread, Wake::timeout});
        if (waiter.may_be_spurious && left_.spurious > 0 && can_run)
            candidates_.push_back({thread, Wake::spurious});
    }
}

void Engine::pick(Mode mode) {
    add_candidates(mode);
    if (candidates_.empty()) {
        for (int i = 0; i < thread_count_; ++i) {
            if (threads_[i]->status == Status::blocked) fail(deadlock());
        }
        self().fiber.switch_to(outside_, true);
        std::abort();
    }
    const auto count = static_cast<std::uint32_t>(candidates_.size());
    const Candidate next = candidates_[choices.choose(count, mode != Mode::running)];
    if (mode == Mode::running && next.thread != current_) --left_.preemptions;
    if (next.wake) {
        Thread& waiter = *threads_[next.thread];
        waiter.status = Status::ready;
        waiter.wake = *next.wake;
        if (*next.wake == Wake::timeout) {
            --left_.timeouts;
            now_ = std::max(now_, waiter.deadline);
        } else {
            --left_.spurious;
        }
    }
    if (next.thread != current_) leave(next.thread, self().status == Status::finished);
}

void Engine::leave(int next, bool for_ever) {
    Thread& from = self();
    current_ = next;
    from.fiber.switch_to(threads_[next]->fiber, for_ever);
}

Wake Engine::block(Block on, const void* object, Instant deadline, bool may_be_spurious) {
    Thread& thread = self();
    thread.status = Status::blocked;
    thread.block = on;
    thread.object = object;
    thread.deadline = deadline;
    thread.may_be_spurious = may_be_spurious;
    thread.wake = Wake::notified;
    if (trace != nullptr)
        trace->push_back("thread " + std::to_string(current_) + "  waits for " + name_of(on));
    pick(Mode::stuck);
    if (trace != nullptr) {
        trace->push_back("thread " + std::to_string(current_) +
                         (thread.wake == Wake::notified  ? "  goes on"
                          : thread.wake == Wake::timeout ? "  goes on: its deadline has passed"
                                                         : "  is woken for nothing"));
    }
    return thread.wake;
}

void Engine::wake(const void* object, std::uint32_t count) {
    while (count-- > 0) {
        int sleepers[threads_max] = {};
        std::uint32_t found = 0;
        for (int i = 0; i < thread_count_; ++i) {
            if (threads_[i]->status == Status::blocked && threads_[i]->object == object)
                sleepers[found++] = i;
        }
        if (found == 0) return;
        // If all are woken, the order makes no difference.
        const std::uint32_t chosen = count + 1 >= found ? 0 : choices.choose(found, true);
        threads_[sleepers[chosen]]->status = Status::ready;
        threads_[sleepers[chosen]]->wake = Wake::notified;
    }
}

std::string Engine::deadlock() const {
    std::string text = "everybody waits (deadlock or lost wake-up):";
    for (int i = 0; i < thread_count_; ++i) {
        const Thread& thread = *threads_[i];
        if (thread.status == Status::blocked)
            text += " thread " + std::to_string(i) + " for " + name_of(thread.block) + ";";
    }
    text.back() = '.';
    return text;
}

}  // namespace sluice::interleave
