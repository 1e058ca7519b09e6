// SPDX-License-Identifier: Apache-2.0
#include "leak_listener.h"

#include "kernel/sync/clock.h"
#include "kernel/sync/leak_check.h"
#include "kernel/sync/wait_accounting.h"

#include <dirent.h>
#include <sched.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace sluice::testing {
namespace {

using namespace std::chrono_literals;

/// Threads and pools that live as long as the process, by the beginning of their name.
constexpr const char* lasting_threads[] = {
    "libvips ",   // libvips keeps its threads for the next image
    "rocksdb:",   // RocksDB's background pools are the environment's, not the database's
    "sdk-names",  // the one pool for name look-ups, made when a client first needs it
};

std::string name_of_task(const std::string& id) {
    char name[32] = {};
    if (std::FILE* file = std::fopen(("/proc/self/task/" + id + "/comm").c_str(), "re")) {
        if (std::fgets(name, sizeof name, file) == nullptr) name[0] = 0;
        std::fclose(file);
    }
    name[std::strcspn(name, "\n")] = 0;
    return name;
}

/// Every thread of this process that the kernel knows, with its name; "" if it has just gone.
std::map<int, std::string> tasks_now() {
    std::map<int, std::string> tasks;
    DIR* folder = opendir("/proc/self/task");
    if (folder == nullptr) return tasks;
    while (const dirent* entry = readdir(folder)) {
        if (entry->d_name[0] == '.') continue;
        tasks[std::atoi(entry->d_name)] = name_of_task(entry->d_name);
    }
    closedir(folder);
    return tasks;
}

bool is_lasting(const std::string& name) {
    for (const char* prefix : lasting_threads) {
        if (name.rfind(prefix, 0) == 0) return true;
    }
    return false;
}

/// Threads that came since `before` and are not ours (ours are in the list of leak_check, with more
/// to say about them). A joined thread may stand in /proc for a moment more: waits for it to go.
std::map<int, std::string> strangers_since(const std::map<int, std::string>& before) {
    const Instant give_up = deadline_after(2s);
    for (;;) {
        std::map<int, std::string> strangers = tasks_now();
        std::erase_if(strangers, [&](const auto& task) {
            return task.second.empty() || before.contains(task.first) || is_lasting(task.second);
        });
        for (const ThreadNow& ours : threads_now()) strangers.erase(ours.id);
        if (strangers.empty() || monotonic_now() > give_up) return strangers;
        sched_yield();
    }
}

/// ", waiting on \"x\" (pop)" for a thread of that name.
std::string doing(const leak_check::Left& left) {
    if (left.kind != leak_check::Kind::thread) return {};
    for (const ThreadNow& thread : threads_now()) {
        if (thread.name != left.name || thread.site.empty()) continue;
        return ", waiting on \"" + thread.site + "\" (" + std::string(to_string(thread.kind)) + ")";
    }
    return {};
}

std::string describe(const leak_check::Left& left) {
    return std::string(to_string(left.kind)) + " \"" + left.name + "\"" + doing(left) +
           ", made at\n" + left.made;
}

}  // namespace

void LeakListener::OnTestStart(const ::testing::TestInfo&) {
    number_ = leak_check::number_now();
    tasks_ = tasks_now();
}

void LeakListener::OnTestEnd(const ::testing::TestInfo& test) {
    for (const leak_check::Left& left : leak_check::left_since(number_)) {
        if (is_lasting(left.name)) continue;
        ADD_FAILURE() << test.test_suite_name() << '.' << test.name() << " leaves behind a "
                      << describe(left);
    }
    for (const auto& [id, name] : strangers_since(tasks_)) {
        ADD_FAILURE() << test.test_suite_name() << '.' << test.name()
                      << " leaves behind a thread that no Thread object owns: \"" << name
                      << "\", number " << id;
    }
}

std::string LeakListener::left_at_end() {
    std::string text;
    for (const leak_check::Left& left : leak_check::left_since(0)) {
        if (is_lasting(left.name)) continue;
        text += "left at the end of all tests: " + describe(left);
    }
    return text;
}

}  // namespace sluice::testing
