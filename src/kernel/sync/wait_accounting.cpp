// SPDX-License-Identifier: Apache-2.0
// The table of totals: a fixed array of cells that only grows. A thread remembers the cells it used
// lately, so the end of a wait is one look-up in memory of its own and two atomic additions.
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

struct Cell {
    const char* site = nullptr;  ///< written before the cell is published
    WaitKind kind = WaitKind::condition;
    char thread[16] = {};
    std::atomic<std::uint64_t> waits{0};
    std::atomic<Duration::rep> total{0};
    std::atomic<Duration::rep> longest{0};
};

/// Cells and interned names; never destroyed, since threads may wait until the last moment. Raw
/// std::mutex: a Mutex would count its own waits here.
struct Table {
    std::mutex mutex;
    std::array<Cell, cells_max> cells;
    std::atomic<std::size_t> used{0};
    std::array<std::array<char, name_bytes_max>, names_max> names{};
    std::size_t names_used = 0;
    std::vector<detail::ListedThread*> threads;

    static Table& instance() {
        static Table& table = *new Table;
        return table;
    }

    Cell& find_or_add(WaitSite site, const char* thread) {
        const std::lock_guard lock(mutex);
        const std::size_t count = used.load(std::memory_order_relaxed);
        for (std::size_t i = 0; i < count; ++i) {
            Cell& cell = cells[i];
            if (cell.kind == site.kind && std::strcmp(cell.site, site.name.text()) == 0 &&
                std::strcmp(cell.thread, thread) == 0) {
                return cell;
            }
        }
        if (count == cells_max) return cells[cells_max - 1];
        Cell& cell = cells[count];
        // The last cell takes everything for which there is no room.
        const bool last = count + 1 == cells_max;
        cell.site = last ? "other" : site.name.text();
        cell.kind = last ? WaitKind::condition : site.kind;
        // One byte stays zero: it ends the text.
        std::string_view(last ? "other" : thread).copy(cell.thread, sizeof cell.thread - 1);
        // Release: a reader that sees the number sees the names above.
        used.store(count + 1, std::memory_order_release);
        return cell;
    }
};

/// The calling thread's name, asked for once; a later change of it is not seen.
const char* own_name() noexcept {
    thread_local char name[16] = {};
    if (name[0] == 0) static_cast<void>(pthread_getname_np(pthread_self(), name, sizeof name));
    return name;
}

struct Recent {
    const char* site = nullptr;
    WaitKind kind = WaitKind::condition;
    Cell* cell = nullptr;
};

Cell& cell_of(WaitSite site) noexcept {
    thread_local constinit std::array<Recent, 16> recent{};
    const auto place = reinterpret_cast<std::uintptr_t>(site.name.text());
    Recent& entry = recent[(place / 8 + static_cast<std::size_t>(site.kind)) % recent.size()];
    if (entry.site != site.name.text() || entry.kind != site.kind) {
        entry = {site.name.text(), site.kind, &Table::instance().find_or_add(site, own_name())};
    }
    return *entry.cell;
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
    Cell& cell = cell_of(site);
    const Duration::rep length = std::max<Duration::rep>(waited.count(), 0);
    cell.waits.fetch_add(1, std::memory_order_relaxed);
    cell.total.fetch_add(length, std::memory_order_relaxed);
    Duration::rep longest = cell.longest.load(std::memory_order_relaxed);
    while (length > longest &&
           !cell.longest.compare_exchange_weak(longest, length, std::memory_order_relaxed)) {
    }
}

std::vector<WaitTotal> wait_totals() {
    Table& table = Table::instance();
    // The same name may stand in two places of memory.
    std::map<std::tuple<std::string_view, WaitKind, std::string_view>, WaitTotal> merged;
    const std::size_t count = table.used.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i) {
        const Cell& cell = table.cells[i];
        WaitTotal& sum = merged[{cell.site, cell.kind, cell.thread}];
        sum.site = cell.site;
        sum.kind = cell.kind;
        sum.thread = cell.thread;
        sum.waits += cell.waits.load(std::memory_order_relaxed);
        sum.total += Duration(cell.total.load(std::memory_order_relaxed));
        sum.longest = std::max(sum.longest, Duration(cell.longest.load(std::memory_order_relaxed)));
    }
    std::vector<WaitTotal> totals;
    for (auto& [key, sum] : merged) totals.push_back(std::move(sum));
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
