// SPDX-License-Identifier: Apache-2.0
#include "sdk/machine.h"

#include "kernel/base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace sluice::sdk {

namespace {

/// Files of the kernel are small. Empty if it cannot be read.
std::string file_text(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return {};
    std::string text;
    std::array<char, 8192> piece;
    constexpr std::size_t text_max = 64 * 1024;
    ssize_t count = 0;
    while (text.size() < text_max && (count = ::read(fd, piece.data(), piece.size())) > 0) {
        text.append(piece.data(), static_cast<std::size_t>(count));
    }
    ::close(fd);
    return text;
}

/// The number behind `word` at the start of a line.
std::optional<std::uint64_t> number_after(std::string_view text, std::string_view word) {
    for (const std::string_view line : split(text, '\n')) {
        if (!line.starts_with(word)) continue;
        const auto words = split_words(line.substr(word.size()));
        const auto value = words.empty() ? fail(Code::invalid, "") : parse_int(words[0]);
        if (value && *value >= 0) return static_cast<std::uint64_t>(*value);
    }
    return std::nullopt;
}

/// A file with one number; "max" and what is absent count as none.
std::optional<std::uint64_t> number_in(const std::string& path) {
    const std::string text = file_text(path);
    const auto value = parse_int(trim(text));
    if (!value || *value < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*value);
}

/// The folders of the process's control group of version 2 and of those above it, innermost first.
/// In a container the path may be the outer one, which is not there; then its root is looked at.
std::vector<std::string> group_folders(const std::string& root, std::string_view controller) {
    const std::string groups = file_text(root + "/proc/self/cgroup");
    std::string base = root + "/sys/fs/cgroup";
    std::string_view path;
    for (const std::string_view line : split(groups, '\n')) {
        const auto parts = split(line, ':');
        if (parts.size() < 3) continue;
        const std::string_view rest = line.substr(parts[0].size() + parts[1].size() + 2);
        if (controller.empty() ? parts[0] == "0" && parts[1].empty() : parts[1] == controller) {
            path = rest;
        }
    }
    if (!controller.empty()) (base += '/') += controller;
    std::vector<std::string> folders;
    constexpr std::size_t depth_max = 32;
    while (path.size() > 1 && folders.size() < depth_max) {
        folders.push_back(base + std::string(path));
        path = path.substr(0, path.rfind('/'));
    }
    folders.push_back(base);
    return folders;
}

void lower(std::optional<double>& limit, double value) {
    if (value > 0) limit = std::min(limit.value_or(value), value);
}

/// Processors by quota, of all groups the least.
std::optional<double> processor_quota(const std::string& root) {
    std::optional<double> least;
    for (const std::string& folder : group_folders(root, "")) {
        const std::string text = file_text(folder + "/cpu.max");
        const auto words = split_words(text);
        if (words.size() != 2) continue;
        const auto quota = parse_int(words[0]);
        const auto period = parse_int(words[1]);
        if (quota && period && *period > 0)
            lower(least, static_cast<double>(*quota) / static_cast<double>(*period));
    }
    for (const std::string& folder : group_folders(root, "cpu")) {
        const auto quota = number_in(folder + "/cpu.cfs_quota_us");
        const auto period = number_in(folder + "/cpu.cfs_period_us");
        if (quota && period && *period > 0)
            lower(least, static_cast<double>(*quota) / static_cast<double>(*period));
    }
    return least;
}

struct GroupMemory {
    std::uint64_t limit;
    std::uint64_t available;
};

/// Every group with a limit below the machine's memory.
std::vector<GroupMemory> limited_groups(const std::string& root, std::uint64_t machine_bytes) {
    std::vector<GroupMemory> groups;
    const auto add = [&](const std::string& folder, const char* limit_name, const char* used_name,
                         std::string_view reclaimable) {
        const auto limit = number_in(folder + limit_name);
        if (!limit || *limit == 0 || *limit >= machine_bytes) return;
        const std::uint64_t used = number_in(folder + used_name).value_or(0);
        // File pages that nobody has used lately are given back before anything fails.
        const std::uint64_t spare =
            number_after(file_text(folder + "/memory.stat"), reclaimable).value_or(0);
        const std::uint64_t taken = used - std::min(used, spare);
        groups.push_back({*limit, *limit - std::min(*limit, taken)});
    };
    for (const std::string& folder : group_folders(root, "")) {
        add(folder, "/memory.max", "/memory.current", "inactive_file ");
    }
    for (const std::string& folder : group_folders(root, "memory")) {
        add(folder, "/memory.limit_in_bytes", "/memory.usage_in_bytes", "total_inactive_file ");
    }
    return groups;
}

std::optional<double> stalled_in(const std::string& text) {
    for (const std::string_view line : split(text, '\n')) {
        if (!line.starts_with("full avg10=")) continue;
        const std::string_view rest = line.substr(11);
        double value = 0;
        const auto read = std::from_chars(rest.data(), rest.data() + rest.size(), value);
        if (read.ec == std::errc{}) return value;
    }
    return std::nullopt;
}

double processors_allowed() {
    cpu_set_t set;
    CPU_ZERO(&set);
    // Fails on machines with more than 1,024 processors.
    if (::sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return static_cast<double>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace

Capacity detect_capacity(const std::string& root) {
    Capacity capacity;
    std::optional<double> processors = processors_allowed();
    if (const auto quota = processor_quota(root)) lower(processors, *quota);
    capacity.cpu = processors;
    const MemorySample memory = sample_memory(root);
    if (memory.total) capacity.mem_mb = memory.total->count >> 20;
    return capacity;
}

MemorySample sample_memory(const std::string& root) {
    MemorySample sample;
    const std::string text = file_text(root + "/proc/meminfo");
    const auto total = number_after(text, "MemTotal:");
    const auto available = number_after(text, "MemAvailable:");
    if (total && available) {
        sample.total = Bytes{*total << 10};
        sample.available = Bytes{*available << 10};
        for (const GroupMemory& group : limited_groups(root, *total << 10)) {
            if (group.limit < sample.total->count) sample.total = Bytes{group.limit};
            if (group.available < sample.available->count) {
                sample.available = Bytes{group.available};
            }
        }
    }
    sample.stalled_percent = stalled_in(file_text(root + "/proc/pressure/memory"));
    for (const std::string& folder : group_folders(root, "")) {
        const auto own = stalled_in(file_text(folder + "/memory.pressure"));
        if (own) sample.stalled_percent = std::max(*own, sample.stalled_percent.value_or(0));
    }
    return sample;
}

}  // namespace sluice::sdk
