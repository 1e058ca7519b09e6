// SPDX-License-Identifier: Apache-2.0
#include "modules/work/core/operations/system_sample.h"

#include "kernel/base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace sluice::work {

namespace {

constexpr std::uint64_t sector_bytes = 512;

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

bool ends_in_digit(std::string_view name) {
    return !name.empty() && name.back() >= '0' && name.back() <= '9';
}

/// "sda" and "nvme0n1" are disks; "sda1", "nvme0n1p1", "dm-0", "md0", "loop0" are parts of one.
bool is_whole_disk(std::string_view name) {
    if (name.starts_with("nvme") || name.starts_with("mmcblk")) {
        return name.find('p') == std::string_view::npos &&
               name.find("boot") == std::string_view::npos;
    }
    for (const std::string_view start : {"sd", "hd", "vd", "xvd"}) {
        if (name.starts_with(start)) return !ends_in_digit(name);
    }
    return false;
}

Error unlike_linux(std::string_view name) {
    return fail(Code::corrupt, "/proc/" + std::string(name) + " is not what Linux writes");
}

Status read_cpu(const std::string& text, SystemCounters& counters) {
    const auto words = split_words(std::string_view(text).substr(0, text.find('\n')));
    if (words.size() < 5 || words[0] != "cpu") return unlike_linux("stat");
    // user nice system idle iowait irq softirq steal; guest time is in user already.
    for (std::size_t i = 1; i < std::min<std::size_t>(words.size(), 9); ++i) {
        const std::uint64_t ticks = number(words[i]);
        counters.cpu_all += ticks;
        if (i != 4 && i != 5) counters.cpu_busy += ticks;
    }
    return {};
}

Status read_memory(const std::string& text, SystemCounters& counters) {
    for (const std::string_view line : split(text, '\n')) {
        const auto words = split_words(line);
        if (words.size() < 2) continue;
        if (words[0] == "MemTotal:") counters.memory_total = number(words[1]) * 1024;
        if (words[0] == "MemAvailable:") counters.memory_available = number(words[1]) * 1024;
    }
    return counters.memory_total == 0 ? Status(unlike_linux("meminfo")) : Status();
}

void read_disks(const std::string& text, SystemCounters& counters) {
    for (const std::string_view line : split(text, '\n')) {
        const auto words = split_words(line);
        if (words.size() < 10 || !is_whole_disk(words[2])) continue;
        counters.disk_read += number(words[5]) * sector_bytes;
        counters.disk_written += number(words[9]) * sector_bytes;
    }
}

void read_network(const std::string& text, SystemCounters& counters) {
    for (const std::string_view line : split(text, '\n')) {
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos || trim(line.substr(0, colon)) == "lo") continue;
        const auto words = split_words(line.substr(colon + 1));
        if (words.size() < 9) continue;
        counters.net_received += number(words[0]);
        counters.net_sent += number(words[8]);
    }
}

double rate(std::uint64_t before, std::uint64_t now, double seconds) {
    return now > before && seconds > 0 ? static_cast<double>(now - before) / seconds : 0;
}

}  // namespace

Result<SystemCounters> read_counters(const ProcTexts& texts) {
    SystemCounters counters;
    SLUICE_TRY_STATUS(read_cpu(texts.stat, counters));
    SLUICE_TRY_STATUS(read_memory(texts.meminfo, counters));
    read_disks(texts.diskstats, counters);
    read_network(texts.net_dev, counters);
    const std::string_view load = texts.loadavg;
    std::from_chars(load.data(), load.data() + load.size(), counters.load);
    return counters;
}

SystemSample sample_between(const SystemCounters& before, const SystemCounters& now,
                            Duration elapsed) {
    const double seconds = to_seconds(elapsed);
    const double ticks = rate(before.cpu_all, now.cpu_all, 1);
    const double used = static_cast<double>(now.memory_total) -
                        static_cast<double>(std::min(now.memory_available, now.memory_total));
    return {ticks > 0 ? 100 * std::min(rate(before.cpu_busy, now.cpu_busy, 1) / ticks, 1.0) : 0,
            100 * used / static_cast<double>(std::max<std::uint64_t>(now.memory_total, 1)),
            used,
            rate(before.disk_read, now.disk_read, seconds),
            rate(before.disk_written, now.disk_written, seconds),
            rate(before.net_received, now.net_received, seconds),
            rate(before.net_sent, now.net_sent, seconds),
            now.load};
}

SeriesSummary summarise(std::vector<double> values) {
    if (values.empty()) return {};
    std::sort(values.begin(), values.end());
    const auto rank = [&values](double part) {
        const auto place =
            static_cast<std::size_t>(std::ceil(part * static_cast<double>(values.size())));
        return values[std::clamp<std::size_t>(place, 1, values.size()) - 1];
    };
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    return {.min = values.front(),
            .mean = sum / static_cast<double>(values.size()),
            .max = values.back(),
            .p50 = rank(0.5),
            .p90 = rank(0.9),
            .p99 = rank(0.99)};
}

}  // namespace sluice::work
