// SPDX-License-Identifier: Apache-2.0
#include "kernel/observe/process.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

namespace sluice {
namespace {

/// The first line of a file of /proc/self/task/ID; empty when there is no such thread.
std::string task_line(int id, const char* file_name) {
    const std::string path = "/proc/self/task/" + std::to_string(id) + "/" + file_name;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                               &std::fclose);
    char line[512] = {};
    if (!file || std::fgets(line, sizeof line, file.get()) == nullptr) return {};
    std::string text = line;
    if (text.ends_with('\n')) text.pop_back();
    return text;
}

}  // namespace

Bytes resident_memory() {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"),
                                                               &std::fclose);
    unsigned long total = 0;
    unsigned long resident = 0;
    if (!file || std::fscanf(file.get(), "%lu %lu", &total, &resident) != 2) return {};
    return Bytes{static_cast<std::uint64_t>(resident) *
                 static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE))};
}

void keep_memory_small() {
    // Fixed thresholds: by default they grow with the largest block ever freed, and what a
    // compaction needed once would stay for ever.
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    mallopt(M_ARENA_MAX, 4);
}

void return_free_memory() { malloc_trim(0); }

void raise_open_files() {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);  // open_files_max() says what came of it
}

std::size_t open_files_max() {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
    return static_cast<std::size_t>(files.rlim_cur);
}

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::string thread_name(int id) {
    std::string name = task_line(id, "comm");
    return name.empty() ? "?" : name;
}

std::string thread_state(int id) {
    const std::string about =
        task_line(id, "stat");  // "number (name) state …"; a name may have ')'
    const std::size_t name_end = about.rfind(')');
    if (name_end == std::string::npos || name_end + 2 >= about.size()) return "gone";
    std::string state(1, about[name_end + 2]);
    const std::string function = task_line(id, "wchan");
    if (!function.empty() && function != "0") state += " in " + function;
    return state;
}

}  // namespace sluice
