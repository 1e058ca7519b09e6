// SPDX-License-Identifier: Apache-2.0
// Memory of the model: what an atomic load may read, what happens before what, and data races.
#include "engine.h"

#include <algorithm>

namespace sluice::interleave {
namespace {

bool acquires(Order order) {
    return order == Order::acquire || order == Order::consume || order == Order::acq_rel ||
           order == Order::seq_cst;
}

bool releases(Order order) {
    return order == Order::release || order == Order::acq_rel || order == Order::seq_cst;
}

const char* name_of(Order order) {
    switch (order) {
        case Order::relaxed: return "relaxed";
        case Order::consume: return "consume";
        case Order::acquire: return "acquire";
        case Order::release: return "release";
        case Order::acq_rel: return "acq_rel";
        case Order::seq_cst: return "seq_cst";
    }
    return "?";
}

std::string atomic(int location) { return "atomic " + std::to_string(location); }

// How many stores back a load may reach.
constexpr std::uint32_t stale_reach = 3;

}  // namespace

// --- atomics ------------------------------------------------------------------------------------

int Engine::add_location(const void* address, std::uint64_t value) {
    if (!running_) fail("an atomic of the model outside of a scenario");
    if (location_count_ == locations_max) fail("more atomics than the model has");
    const int index = location_count_++;
    Location& location = locations_[index];
    location.address = address;
    location.alive = true;
    location.born = Clock{};
    location.born.at[current_] = view().clock.at[current_];
    location.accesses = Clock{};
    location.messages.push_back({value, View{}});
    tick();
    return index;
}

void Engine::remove_location(int index, const void* address) {
    if (!running_) return;
    Location& location = locations_[index];
    if (!location.alive || location.address != address) fail("an atomic is destroyed twice");
    location.alive = false;
    if (!view().clock.covers(location.accesses))
        fail(atomic(index) + " ends its life while another thread may still be using it");
}

void Engine::begin_access(int index, const void* address) {
    step();
    if (index < 0 || index >= location_count_ || !locations_[index].alive ||
        locations_[index].address != address)
        fail("use of an atomic before or after its life");
    Location& location = locations_[index];
    if (!view().clock.covers(location.born)) fail("use of an atomic that may not be made yet");
    location.accesses.at[current_] = view().clock.at[current_];
}

void Engine::read(int index, std::uint32_t message_index, Order order) {
    const Message& message = locations_[index].messages[message_index];
    Thread& thread = self();
    auto& seen = thread.view.seen[index];
    seen = std::max(seen, static_cast<std::uint16_t>(message_index));
    if (acquires(order)) {
        thread.view.join(message.view);
    } else {
        thread.acquired.join(message.view);
    }
    if (order == Order::seq_cst)
        sequential_.seen[index] =
            std::max(sequential_.seen[index], static_cast<std::uint16_t>(message_index));
}

std::uint32_t Engine::choose_stale(std::uint32_t oldest, std::uint32_t newest) {
    if (left_.stale <= 0 || oldest >= newest) return newest;
    const std::uint32_t back = choices.choose(std::min(newest - oldest, stale_reach) + 1, false);
    if (back > 0) --left_.stale;
    return newest - back;
}

std::uint64_t Engine::load(int index, const void* address, Order order, const Where& where) {
    begin_access(index, address);
    order = weakened(order, where);
    std::uint32_t oldest = view().seen[index];
    if (order == Order::seq_cst) oldest = std::max<std::uint32_t>(oldest, sequential_.seen[index]);
    const auto newest_index = static_cast<std::uint32_t>(locations_[index].messages.size() - 1);
    const std::uint32_t chosen = choose_stale(oldest, newest_index);
    read(index, chosen, order);
    const std::uint64_t value = locations_[index].messages[chosen].value;
    if (is_tracing())
        note("loads " + atomic(index) + " = " + std::to_string(value) +
                 (chosen == newest_index ? std::string()
                                         : " (newest is " + std::to_string(newest(index)) + ")") +
                 ", " + name_of(order),
             where);
    tick();
    return value;
}

void Engine::append(int index, std::uint64_t value, Order order, const View* continued) {
    Thread& thread = self();
    auto& messages = locations_[index].messages;
    const auto here = static_cast<std::uint16_t>(messages.size());
    if (messages.size() > 60'000) fail("more stores than the model has");
    thread.view.seen[index] = here;
    Message message{value, releases(order) ? thread.view : thread.released};
    message.view.seen[index] = here;
    // A read-modify-write goes on with the release sequence of what it read.
    if (continued != nullptr) message.view.join(*continued);
    messages.push_back(message);
    if (order == Order::seq_cst) sequential_.seen[index] = here;
    tick();
}

void Engine::store(int index, const void* address, std::uint64_t value, Order order,
                   const Where& where) {
    begin_access(index, address);
    order = weakened(order, where);
    append(index, value, order, nullptr);
    if (is_tracing())
        note("stores " + atomic(index) + " = " + std::to_string(value) + ", " + name_of(order),
             where);
}

void Engine::replace(int index, std::uint64_t value, Order order, const char* what,
                     const Where& where) {
    const auto last = static_cast<std::uint32_t>(locations_[index].messages.size() - 1);
    const std::uint64_t before = newest(index);
    read(index, last, order);
    const View continued = locations_[index].messages[last].view;
    append(index, value, order, &continued);
    if (is_tracing())
        note(std::string(what) + ' ' + atomic(index) + ": " + std::to_string(before) + " -> " +
                 std::to_string(value) + ", " + name_of(order),
             where);
}

bool Engine::compare_exchange(int index, const void* address, Swap& swap, const Where& where) {
    begin_access(index, address);
    const Order success = weakened(swap.success, where);
    const Order failure = weakened_failure(swap.failure, where);
    auto& messages = locations_[index].messages;
    const auto last = static_cast<std::uint32_t>(messages.size() - 1);
    std::uint32_t oldest = view().seen[index];
    if (failure == Order::seq_cst)
        oldest = std::max<std::uint32_t>(oldest, sequential_.seen[index]);
    // It may fail on an old value, but only on one that is different.
    std::uint32_t chosen = choose_stale(oldest, last);
    while (chosen != last && messages[chosen].value == swap.expected) ++chosen;
    bool equal = messages[chosen].value == swap.expected;
    if (equal && swap.weak && left_.spurious > 0 && choices.choose(2, false) == 1) {
        --left_.spurious;
        equal = false;
    }
    if (equal) {
        replace(index, swap.desired, success, "swaps", where);
        return true;
    }
    read(index, chosen, failure);
    if (is_tracing())
        note("finds " + atomic(index) + " = " + std::to_string(messages[chosen].value) +
                 ", wanted " + std::to_string(swap.expected) + ", " + name_of(failure),
             where);
    swap.expected = messages[chosen].value;
    tick();
    return false;
}

void Engine::fence(Order order) {
    step();
    Thread& thread = self();
    if (acquires(order)) thread.view.join(thread.acquired);
    if (order == Order::seq_cst) {
        for (int i = 0; i < location_count_; ++i) {
            thread.view.seen[i] = std::max(thread.view.seen[i], sequential_.seen[i]);
            sequential_.seen[i] = thread.view.seen[i];
        }
    }
    if (releases(order)) thread.released = thread.view;
    tick();
}

// --- the futex ----------------------------------------------------------------------------------

std::optional<Wake> Engine::futex_wait(int index, const void* address, std::uint64_t expected,
                                       std::uint64_t mask, Instant deadline, const Where& where) {
    begin_access(index, address);
    // The kernel is a full barrier for itself: what was stored before other system calls, or
    // seq_cst, it sees. A plain store of another thread may still be on its way.
    const std::uint32_t oldest =
        std::max({view().seen[index], kernel_.seen[index], sequential_.seen[index]});
    for (int i = 0; i < location_count_; ++i)
        kernel_.seen[i] = std::max(kernel_.seen[i], view().seen[i]);
    const auto& messages = locations_[index].messages;
    const std::uint32_t chosen =
        choose_stale(oldest, static_cast<std::uint32_t>(messages.size() - 1));
    const std::uint64_t value = messages[chosen].value & mask;
    note("futex_wait " + atomic(index) + " for " + std::to_string(expected) + ", is " +
             std::to_string(value),
         where);
    if (value != expected) return std::nullopt;
    return block(Block::futex, &locations_[index], deadline, true);
}

void Engine::futex_wake(int index, std::uint32_t count, const Where& where) {
    // The word itself is not touched, so its life does not matter.
    step();
    for (int i = 0; i < location_count_; ++i)
        kernel_.seen[i] = std::max(kernel_.seen[i], view().seen[i]);
    count = weakened_count(count, where);
    note("futex_wake " + atomic(index), where);
    if (index >= 0 && index < location_count_) wake(&locations_[index], count);
}

// --- plain data ---------------------------------------------------------------------------------

Engine::Datum& Engine::datum(const void* address) {
    auto hash = reinterpret_cast<std::uintptr_t>(address) * 0x9E3779B97F4A7C15u >> 40;
    for (std::size_t tries = 0; tries < data_.size(); ++tries, ++hash) {
        Datum& found = data_[hash % data_.size()];
        if (found.execution == execution_ && found.address != address) continue;
        if (found.execution != execution_) {
            found = Datum{};
            found.address = address;
            found.execution = execution_;
        }
        return found;
    }
    fail("more plain data than the model has");
}

std::string Engine::race(const Datum& datum, const char* what, int other,
                         const Where& where) const {
    return std::string("data race: ") + what + " at " + base_name(where.file_name()) + ':' +
           std::to_string(where.line()) + " and thread " + std::to_string(other) +
           " (last write at " + base_name(datum.where.file_name()) + ':' +
           std::to_string(datum.where.line()) + ')';
}

void Engine::check_write(const Datum& datum, const char* what, const Where& where) {
    const Clock& known = view().clock;
    if (datum.written > known.at[datum.writer]) fail(race(datum, what, datum.writer, where));
    for (int i = 0; i < threads_max; ++i) {
        if (datum.reads.at[i] > known.at[i]) fail(race(datum, what, i, where));
    }
}

void Engine::data_born(const void* address, const Where& where) {
    Datum& data = datum(address);
    check_write(data, "making an item", where);
    data.alive = true;
    data.writer = current_;
    data.written = view().clock.at[current_];
    data.where = where;
    ++live_data_;
}

void Engine::data_dead(const void* address, const Where& where) {
    Datum& data = datum(address);
    if (!data.alive) fail("an item is destroyed that does not live");
    check_write(data, "destroying an item", where);
    data.alive = false;
    data.writer = current_;
    data.written = view().clock.at[current_];
    data.where = where;
    --live_data_;
}

void Engine::data_read(const void* address, const Where& where) {
    Datum& data = datum(address);
    if (!data.alive) fail("an item is read that does not live");
    if (data.written > view().clock.at[data.writer])
        fail(race(data, "reading", data.writer, where));
    data.reads.at[current_] = view().clock.at[current_];
}

void Engine::data_written(const void* address, const Where& where) {
    Datum& data = datum(address);
    if (!data.alive) fail("an item is written that does not live");
    check_write(data, "writing", where);
    data.writer = current_;
    data.written = view().clock.at[current_];
    data.where = where;
}

}  // namespace sluice::interleave
