// SPDX-License-Identifier: Apache-2.0
#include "kernel/observe/process.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

namespace sluice {

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

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace sluice
