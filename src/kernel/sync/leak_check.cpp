// SPDX-License-Identifier: Apache-2.0
// One list for the process, under one lock that nothing else is taken under.
#include "kernel/sync/leak_check.h"

#include <algorithm>
#include <mutex>

namespace sluice::leak_check {

struct List {
    std::mutex mutex;
    Entry* newest = nullptr;
    std::uint64_t last_number = 0;

    static List& instance() {
        static List& list = *new List;  // never destroyed: threads may end after main()
        return list;
    }

    void add(Entry& entry) {
        const std::lock_guard lock(mutex);
        entry.number_ = ++last_number;
        entry.before_ = newest;
        if (newest != nullptr) newest->after_ = &entry;
        newest = &entry;
    }
    void remove(Entry& entry) {
        const std::lock_guard lock(mutex);
        if (entry.before_ != nullptr) entry.before_->after_ = entry.after_;
        if (entry.after_ != nullptr) entry.after_->before_ = entry.before_;
        if (newest == &entry) newest = entry.before_;
    }

    static Left describe(const Entry& entry) {
        return {entry.kind_, entry.name_, entry.made_.text()};
    }

    std::vector<Left> since(std::uint64_t number) {
        std::vector<Left> left;
        const std::lock_guard lock(mutex);
        for (const Entry* entry = newest; entry != nullptr && entry->number_ > number;
             entry = entry->before_) {
            left.push_back(describe(*entry));
        }
        std::reverse(left.begin(), left.end());
        return left;
    }
};

std::string_view to_string(Kind kind) {
    switch (kind) {
        case Kind::thread: return "thread";
        case Kind::pool: return "pool";
        case Kind::task: return "task";
    }
    return "unknown";
}

Entry::Entry(Kind kind, std::string_view name) : kind_(kind), made_(StackTrace::capture(1)) {
    name.copy(name_, sizeof name_ - 1);
    List::instance().add(*this);
}

Entry::~Entry() { List::instance().remove(*this); }

std::uint64_t number_now() {
    List& list = List::instance();
    const std::lock_guard lock(list.mutex);
    return list.last_number;
}

std::vector<Left> left_since(std::uint64_t number) { return List::instance().since(number); }

}  // namespace sluice::leak_check
