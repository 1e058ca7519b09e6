// SPDX-License-Identifier: Apache-2.0
// The graph of acquisition orders. A node is a lock that was ever held together with another one;
// an edge A -> B says "B was taken while A was held", with the stacks of its first time. A circle
// of edges is a possible deadlock. Locks that never nest cost a push and a pop on the thread's own
// list of held locks.
#include "kernel/sync/lock_order.h"

#include "kernel/sync/stack_trace.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sluice::lock_order {

namespace {

void print_and_abort(const Report& report) {
    std::fputs(report.text.c_str(), stderr);
    std::fflush(stderr);
    std::abort();
}

std::atomic<Handler> current_handler{&print_and_abort};

}  // namespace

Handler set_handler(Handler handler) noexcept {
    return current_handler.exchange(handler == nullptr ? &print_and_abort : handler);
}

#if !SLUICE_SYNC_CHECKS

Size size() { return {}; }

#else

namespace {

constexpr std::string_view own_functions = "sluice::lock_order::";
constexpr std::size_t held_max = 32;
constexpr std::size_t locks_max = 8192;
constexpr std::size_t orders_max = 32'768;

struct Held {
    const Mark* mark = nullptr;
    SiteName name;
    StackTrace taken;
};

/// What a thread holds, oldest first. Trivially destructible, so that locks may still be used by
/// destructors of other thread_local objects.
struct HeldList {
    std::array<Held, held_max> items;
    std::size_t count = 0;
};
thread_local HeldList held_list;

/// Orders this thread knows to be in the graph: keeps the graph's lock out of the common path. Ids
/// are never used twice, so an entry can be old but not wrong.
struct KnownOrder {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
};
thread_local std::array<KnownOrder, 64> known_orders;

KnownOrder& known_place(std::uint64_t from, std::uint64_t to) {
    return known_orders[(from * 31 + to) % known_orders.size()];
}

struct ThreadName {
    char text[16] = {};
    ThreadName() { static_cast<void>(pthread_getname_np(pthread_self(), text, sizeof text)); }
};

void report(Fault fault, std::string text) {
    current_handler.load()(Report{fault, "sluice: lock order: " + std::move(text)});
}

}  // namespace

class Graph {
public:
    static Graph& instance() {
        static Graph& graph = *new Graph;  // never destroyed: static locks outlive it otherwise
        return graph;
    }

    /// Adds the orders held -> mark, or says what is wrong with one of them.
    std::string add(Mark& mark, SiteName name) {
        const std::lock_guard lock(mutex_);
        const std::uint64_t to = id_of(mark, name);
        if (to == 0) return {};
        for (std::size_t i = 0; i < held_list.count; ++i) {
            const Held& holding = held_list.items[i];
            const std::uint64_t from = id_of(const_cast<Mark&>(*holding.mark), holding.name);
            if (from == 0) continue;
            Node& node = nodes_.at(from);
            if (!node.after.contains(to)) {
                std::vector<std::uint64_t> path;
                std::unordered_set<std::uint64_t> seen;
                if (find_path(to, from, path, seen)) return describe(holding, to, path);
                if (!add_edge(node, to, holding)) continue;
            }
            known_place(from, to) = {from, to};
        }
        return {};
    }

    void remove(std::uint64_t id) {
        const std::lock_guard lock(mutex_);
        const auto found = nodes_.find(id);
        if (found == nodes_.end()) return;
        for (const auto& [to, edge] : found->second.after) {
            nodes_.at(to).before.erase(id);
            --orders_;
        }
        for (const std::uint64_t from : found->second.before) {
            nodes_.at(from).after.erase(id);
            --orders_;
        }
        nodes_.erase(found);
    }

    Size size() {
        const std::lock_guard lock(mutex_);
        return {nodes_.size(), orders_, left_out_};
    }

private:
    struct Edge {
        StackTrace held;   ///< where the first lock had been taken
        StackTrace taken;  ///< where the second one was
        ThreadName thread;
    };
    struct Node {
        SiteName name;
        std::unordered_map<std::uint64_t, Edge> after;
        std::unordered_set<std::uint64_t> before;
    };

    std::uint64_t id_of(Mark& mark, SiteName name) {
        std::uint64_t id = mark.id_.load(std::memory_order_relaxed);
        if (id != 0) return id;
        if (nodes_.size() >= locks_max) {
            ++left_out_;
            return 0;
        }
        id = ++last_id_;
        nodes_[id].name = name;
        mark.id_.store(id, std::memory_order_relaxed);
        return id;
    }

    bool add_edge(Node& from, std::uint64_t to, const Held& holding) {
        if (orders_ >= orders_max) {
            ++left_out_;
            return false;
        }
        ++orders_;
        from.after.emplace(to, Edge{holding.taken, StackTrace::capture(), {}});
        nodes_.at(to).before.insert(holding.mark->id_.load(std::memory_order_relaxed));
        return true;
    }

    /// The nodes from `from` to `target`, both included, if there is a way.
    bool find_path(std::uint64_t from, std::uint64_t target, std::vector<std::uint64_t>& path,
                   std::unordered_set<std::uint64_t>& seen) const {
        path.push_back(from);
        if (from == target) return true;
        for (const auto& [next, edge] : nodes_.at(from).after) {
            if (seen.insert(next).second && find_path(next, target, path, seen)) return true;
        }
        path.pop_back();
        return false;
    }

    /// `path` leads from the wanted lock back to the one that is held.
    std::string describe(const Held& holding, std::uint64_t wanted,
                         const std::vector<std::uint64_t>& path) const {
        const ThreadName me;
        std::string text = "possible deadlock: thread " + std::string(me.text) + " takes " +
                           label(wanted) + " while it holds " + label(path.back()) +
                           "; elsewhere the order is";
        for (const std::uint64_t id : path) text += (id == wanted ? " " : " -> ") + label(id);
        text += "\n  this thread took " + label(path.back()) + " at\n" +
                holding.taken.text(own_functions);
        text += "  and now takes " + label(wanted) + " at\n" +
                StackTrace::capture().text(own_functions);
        for (std::size_t i = 0; i + 1 < path.size(); ++i) {
            const Edge& edge = nodes_.at(path[i]).after.at(path[i + 1]);
            text += "  thread " + std::string(edge.thread.text) + " took " + label(path[i]) +
                    " at\n" + edge.held.text(own_functions);
            text +=
                "  and then took " + label(path[i + 1]) + " at\n" + edge.taken.text(own_functions);
        }
        return text;
    }

    [[nodiscard]] std::string label(std::uint64_t id) const {
        return std::string("\"") + nodes_.at(id).name.text() + "\" (lock " + std::to_string(id) +
               ")";
    }

    std::mutex mutex_;
    std::unordered_map<std::uint64_t, Node> nodes_;
    std::uint64_t last_id_ = 0;
    std::size_t orders_ = 0;
    std::size_t left_out_ = 0;
};

Size size() { return Graph::instance().size(); }

Mark::~Mark() {
    for (std::size_t i = 0; i < held_list.count; ++i) {
        if (held_list.items[i].mark != this) continue;
        report(Fault::destroyed_held,
               std::string("lock \"") + held_list.items[i].name.text() +
                   "\" is destroyed by the thread that holds it; it was taken at\n" +
                   held_list.items[i].taken.text(own_functions) + "  and is destroyed at\n" +
                   StackTrace::capture().text(own_functions));
    }
    if (const std::uint64_t id = id_.load(std::memory_order_relaxed); id != 0) {
        Graph::instance().remove(id);
    }
}

void Mark::before_lock(SiteName name) {
    if (held_list.count == 0) return;
    bool all_known = true;
    const std::uint64_t to = id_.load(std::memory_order_relaxed);
    for (std::size_t i = 0; i < held_list.count; ++i) {
        const Held& holding = held_list.items[i];
        if (holding.mark == this) {
            report(Fault::relock,
                   std::string("deadlock: the thread that holds lock \"") + name.text() +
                       "\" takes it again; it was taken at\n" + holding.taken.text(own_functions) +
                       "  and is taken again at\n" + StackTrace::capture().text(own_functions));
            return;
        }
        const std::uint64_t from = holding.mark->id_.load(std::memory_order_relaxed);
        const KnownOrder& known = known_place(from, to);
        all_known = all_known && to != 0 && from != 0 && known.from == from && known.to == to;
    }
    if (all_known) return;
    if (std::string fault = Graph::instance().add(*this, name); !fault.empty()) {
        report(Fault::cycle, std::move(fault));
    }
}

void Mark::locked(SiteName name) {
    if (held_list.count == held_max) {
        report(Fault::too_many_held,
               std::string("more than 32 locks are held; the last one is \"") + name.text() +
                   "\", taken at\n" + StackTrace::capture().text(own_functions));
        return;
    }
    held_list.items[held_list.count++] = {this, name, StackTrace::capture()};
}

void Mark::before_unlock() {
    const auto begin = held_list.items.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(held_list.count);
    // From the end: what was taken last is mostly given back first.
    for (auto item = end; item != begin; --item) {
        if (std::prev(item)->mark != this) continue;
        std::move(item, end, std::prev(item));
        --held_list.count;
        return;
    }
    report(Fault::unlocked_not_held, "a thread gives back a lock that it does not hold, at\n" +
                                         StackTrace::capture().text(own_functions));
}

#endif

}  // namespace sluice::lock_order
