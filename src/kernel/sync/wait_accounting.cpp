// SPDX-License-Identifier: Apache-2.0
// The table of totals: a fixed array of cells that only grows, behind a lock. Each thread adds up
// its own waits in memory that only it writes, one slot for each site it used lately, so the end of
// a wait takes no lock and fetches no line from another processor. What is asked for is the sum of
// both.
#include "kernel/sync/wait_accounting.h"

#include "kernel/sync/clock.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <mutex>
#include <tuple>

namespace sluice {
namespace {

constexpr std::size_t cells_max = 1024;
constexpr std::size_t names_max = 256;
constexpr std::size_t name_bytes_max = 48;  ///< with the NUL

struct Sums {
    std::uint64_t waits = 0;
    Duration::rep total = 0;
    Duration::rep longest = 0;

    void add(const Sums& other) {
        waits += other.waits;
        total += other.total;
        longest = std::max(longest, other.longest);
    }
};

/// All that threads of one name waited at one site, without what their slots hold.
struct Cell {
    const char* site = nullptr;
    WaitKind kind = WaitKind::condition;
    char thread[16] = {};
    Sums sums;
};

/// What one thread waited at one site since the slot was given to it. The numbers are written by
/// the thread alone and read by others: atomic, but added to without an atomic step.
struct Slot {
    const char* site = nullptr;
    WaitKind kind = WaitKind::condition;
    Cell* cell = nullptr;  ///< written under the table's lock
    std::atomic<std::uint64_t> waits{0};
    std::atomic<Duration::rep> total{0};
    std::atomic<Duration::rep> longest{0};

    void add(Duration::rep length) noexcept {
        constexpr auto relaxed = std::memory_order_relaxed;
        waits.store(waits.load(relaxed) + 1, relaxed);
        total.store(total.load(relaxed) + length, relaxed);
        if (length > longest.load(relaxed)) longest.store(length, relaxed);
    }
    [[nodiscard]] Sums sums() const {
        constexpr auto relaxed = std::memory_order_relaxed;
        return {waits.load(relaxed), total.load(relaxed), longest.load(relaxed)};
    }
    /// Under the table's lock, by the thread it belongs to.
    void give_to_cell() {
        if (cell == nullptr) return;
        cell->sums.add(sums());
        for (auto* number : {&total, &longest}) number->store(0, std::memory_order_relaxed);
        waits.store(0, std::memory_order_relaxed);
        cell = nullptr;
        site = nullptr;
    }
};
using Slots = std::array<Slot, 16>;

/// Cells and interned names; never destroyed, since threads may wait until the last moment. Raw
/// std::mutex: a Mutex would count its own waits here.
struct Table {
    std::mutex mutex;
    std::array<Cell, cells_max> cells;
    std::size_t used = 0;
    std::vector<const Slots*> slots;
    std::array<std::array<char, name_bytes_max>, names_max> names{};
    std::size_t names_used = 0;
    std::vector<detail::ListedThread*> threads;

    static Table& instance() {
        static Table& table = *new Table;
        return table;
    }

    /// Under the lock.
    Cell& find_or_add(WaitSite site, const char* thread) {
        for (std::size_t i = 0; i < used; ++i) {
            Cell& cell = cells[i];
            if (cell.kind == site.kind && std::strcmp(cell.site, site.name.text()) == 0 &&
                std::strcmp(cell.thread, thread) == 0) {
                return cell;
            }
        }
        if (used == cells_max) return cells[cells_max - 1];
        Cell& cell = cells[used++];
        // The last cell takes everything for which there is no room.
        const bool last = used == cells_max;
        cell.site = last ? "other" : site.name.text();
        cell.kind = last ? WaitKind::condition : site.kind;
        // One byte stays zero: it ends the text.
        std::string_view(last ? "other" : thread).copy(cell.thread, sizeof cell.thread - 1);
        return cell;
    }
};

thread_local constinit Slots own_slots{};
/// True once the slots of the thread are given up: it ends.
thread_local constinit bool is_ending = false;

/// Enters the slots of the calling thread in the table, and gives them up at its end.
struct Registration {
    Registration() {
        Table& table = Table::instance();
        const std::lock_guard lock(table.mutex);
        table.slots.push_back(&own_slots);
    }
    ~Registration() {
        Table& table = Table::instance();
        const std::lock_guard lock(table.mutex);
        for (Slot& slot : own_slots) slot.give_to_cell();
        std::erase(table.slots, &own_slots);
        is_ending = true;
    }
};

/// The calling thread's name, asked for once; a later change of it is not seen.
const char* own_name() noexcept {
    thread_local char name[16] = {};
    if (name[0] == 0) static_cast<void>(pthread_getname_np(pthread_self(), name, sizeof name));
    return name;
}

/// The long way: another site had the slot, or the thread ends and has none.
void record_slowly(Slot& slot, WaitSite site, Duration::rep length) noexcept {
    if (!is_ending) thread_local const Registration registration;
    Table& table = Table::instance();
    const std::lock_guard lock(table.mutex);
    Cell& cell = table.find_or_add(site, own_name());
    if (is_ending) {
        cell.sums.add({1, length, length});
        return;
    }
    slot.give_to_cell();
    slot.cell = &cell;
    slot.site = site.name.text();
    slot.kind = site.kind;
    slot.add(length);
}

}  // namespace

SiteName SiteName::interned(std::string_view text) noexcept {
    Table& table = Table::instance();
    const std::string_view cut = text.substr(0, name_bytes_max - 1);
    const std::lock_guard lock(table.mutex);
    SiteName name("other");
    for (std::size_t i = 0; i < table.names_used; ++i) {
        if (cut != table.names[i].data()) continue;
        name.text_ = table.names[i].data();
        return name;
    }
    if (table.names_used == names_max) return name;
    auto& place = table.names[table.names_used++];
    std::copy(cut.begin(), cut.end(), place.begin());
    name.text_ = place.data();
    return name;
}

std::string_view to_string(WaitKind kind) {
    switch (kind) {
        case WaitKind::lock: return "lock";
        case WaitKind::push: return "push";
        case WaitKind::pop: return "pop";
        case WaitKind::permit: return "permit";
        case WaitKind::result: return "result";
        case WaitKind::condition: return "condition";
        case WaitKind::queued: return "queued";
    }
    return "unknown";
}

void record_wait(WaitSite site, Duration waited) noexcept {
    const Duration::rep length = std::max<Duration::rep>(waited.count(), 0);
    const auto place = reinterpret_cast<std::uintptr_t>(site.name.text());
    Slot& slot = own_slots[(place / 8 + static_cast<std::size_t>(site.kind)) % own_slots.size()];
    if (slot.site == site.name.text() && slot.kind == site.kind) {
        slot.add(length);
    } else {
        record_slowly(slot, site, length);
    }
}

std::vector<WaitTotal> wait_totals() {
    Table& table = Table::instance();
    // The same name may stand in two places of memory.
    std::map<std::tuple<std::string_view, WaitKind, std::string_view>, Sums> merged;
    {
        const std::lock_guard lock(table.mutex);
        const auto add = [&](const Cell& cell, const Sums& sums) {
            merged[{cell.site, cell.kind, cell.thread}].add(sums);
        };
        for (std::size_t i = 0; i < table.used; ++i) add(table.cells[i], table.cells[i].sums);
        for (const Slots* slots : table.slots) {
            for (const Slot& slot : *slots) {
                if (slot.cell != nullptr) add(*slot.cell, slot.sums());
            }
        }
    }
    std::vector<WaitTotal> totals;
    for (const auto& [key, sums] : merged) {
        const auto& [site, kind, thread] = key;
        totals.push_back({std::string(site), kind, std::string(thread), sums.waits,
                          Duration(sums.total), Duration(sums.longest)});
    }
    std::sort(totals.begin(), totals.end(), [](const WaitTotal& a, const WaitTotal& b) {
        return std::tie(b.total, a.site, a.thread) < std::tie(a.total, b.site, b.thread);
    });
    return totals;
}

namespace detail {

WaitingNow& waiting_now() noexcept {
    thread_local constinit WaitingNow now;
    return now;
}

ListedThread::ListedThread(const std::string& name)
    : name_(name), id_(gettid()), now_(waiting_now()) {
    Table& table = Table::instance();
    const std::lock_guard lock(table.mutex);
    table.threads.push_back(this);
}

ListedThread::~ListedThread() {
    Table& table = Table::instance();
    const std::lock_guard lock(table.mutex);
    std::erase(table.threads, this);
}

}  // namespace detail

std::vector<ThreadNow> threads_now() {
    Table& table = Table::instance();
    std::vector<ThreadNow> list;
    const Instant now = monotonic_now();
    {
        const std::lock_guard lock(table.mutex);
        for (const detail::ListedThread* thread : table.threads) {
            ThreadNow& one = list.emplace_back();
            one.name = thread->name_;
            one.id = thread->id_;
            const char* site = thread->now_.site.load(std::memory_order_acquire);
            if (site == nullptr) continue;
            one.site = site;
            one.kind = thread->now_.kind.load(std::memory_order_relaxed);
            const Duration begun(thread->now_.since.load(std::memory_order_relaxed));
            one.since = std::max(now.time_since_epoch() - begun, Duration{0});
        }
    }
    std::sort(list.begin(), list.end(), [](const ThreadNow& a, const ThreadNow& b) {
        return std::tie(a.name, a.id) < std::tie(b.name, b.id);
    });
    return list;
}

ScopedWait::ScopedWait(WaitSite site) noexcept : site_(site), outermost_(nullptr) {
    detail::WaitingNow& now = detail::waiting_now();
    if (now.site.load(std::memory_order_relaxed) != nullptr) return;
    outermost_ = &now;
    begun_ = monotonic_now();
    now.kind.store(site.kind, std::memory_order_relaxed);
    now.since.store(begun_.time_since_epoch().count(), std::memory_order_relaxed);
    // Release: who sees the site sees its kind and beginning (or those of a later wait).
    now.site.store(site.name.text(), std::memory_order_release);
}

ScopedWait::~ScopedWait() {
    if (outermost_ == nullptr) return;
    outermost_->site.store(nullptr, std::memory_order_relaxed);
    record_wait(site_, monotonic_now() - begun_);
}

}  // namespace sluice
