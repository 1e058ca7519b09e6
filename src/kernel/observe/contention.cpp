// SPDX-License-Identifier: Apache-2.0
#include "kernel/observe/contention.h"

#include "kernel/observe/process.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>
#include <map>
#include <utility>

namespace sluice {
namespace {

struct Group {
    WaitKind kind;
    std::string_view title;
};
/// In the order of how much they tell about trouble.
constexpr Group groups[] = {
    {WaitKind::lock, "contention: waits for a lock"},
    {WaitKind::push, "back-pressure: waits for room in a full queue"},
    {WaitKind::permit, "limits: waits for a permit or a pooled object"},
    {WaitKind::queued, "queueing: tasks that waited for a thread"},
    {WaitKind::result, "waits for the end of a task"},
    {WaitKind::condition, "other waits"},
    {WaitKind::pop, "idleness: waits for an item in an empty queue"},
};

std::string human(Duration duration) {
    const double value = to_seconds(duration);
    if (value < 1e-3) return fmt::format("{:.1f} us", value * 1e6);
    if (value < 1) return fmt::format("{:.1f} ms", value * 1e3);
    return fmt::format("{:.2f} s", value);
}

void append_group(std::string& out, const Group& group, std::span<const WaitTotal> totals) {
    auto to = std::back_inserter(out);
    bool any = false;
    for (const WaitTotal& total : totals) {
        if (total.kind != group.kind) continue;
        if (!std::exchange(any, true)) {
            fmt::format_to(to, "{}\n  {:>10} {:>12} {:>10} {:>10}  {:<16} {}\n", group.title,
                           "total", "waits", "mean", "longest", "thread", "site");
        }
        const auto mean =
            total.total / static_cast<Duration::rep>(std::max<std::uint64_t>(total.waits, 1));
        fmt::format_to(to, "  {:>10} {:>12} {:>10} {:>10}  {:<16} {}\n", human(total.total),
                       total.waits, human(mean), human(total.longest), total.thread, total.site);
    }
    if (any) out += '\n';
}

/// A thread that waits at none of our sites, in words: the kernel knows whether it runs.
std::string elsewhere(int id) {
    const std::string state = thread_state(id);
    if (state == "gone") return "-";
    const std::string in = state.size() > 1 ? " (" + state.substr(5) + ")" : "";
    switch (state.front()) {
        case 'R': return "runs";
        case 'D': return "waits for a device" + in;
        case 'S': return "sleeps in the kernel" + in;
        default: return "is in state " + state;
    }
}

/// A label value between its quotes.
std::string label(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

}  // namespace

std::string contention_text(std::span<const WaitTotal> totals, std::span<const ThreadNow> threads) {
    std::string out;
    for (const Group& group : groups) append_group(out, group, totals);
    if (totals.empty()) out += "no thread has waited yet\n\n";
    auto to = std::back_inserter(out);
    fmt::format_to(to, "threads now\n  {:<16} {:>8}  {}\n", "thread", "number", "waits on");
    for (const ThreadNow& thread : threads) {
        fmt::format_to(to, "  {:<16} {:>8}  ", thread.name, thread.id);
        if (thread.site.empty()) {
            out += elsewhere(thread.id) + '\n';
        } else {
            fmt::format_to(to, "{} ({}) for {}\n", thread.site, to_string(thread.kind),
                           human(thread.since));
        }
    }
    return out;
}

std::string contention_metrics(std::span<const WaitTotal> totals) {
    struct Sum {
        Duration total{};
        std::uint64_t waits = 0;
    };
    std::map<std::pair<std::string_view, WaitKind>, Sum> sums;
    for (const WaitTotal& total : totals) {
        Sum& sum = sums[{total.site, total.kind}];
        sum.total += total.total;
        sum.waits += total.waits;
    }
    std::string out =
        "# HELP sluice_wait_seconds_total Time that threads waited, by site and kind\n"
        "# TYPE sluice_wait_seconds_total counter\n";
    auto to = std::back_inserter(out);
    for (const auto& [key, sum] : sums) {
        fmt::format_to(to, "sluice_wait_seconds_total{{site=\"{}\",kind=\"{}\"}} {:.9f}\n",
                       label(key.first), to_string(key.second), to_seconds(sum.total));
    }
    out +=
        "# HELP sluice_waits_total Waits of threads, by site and kind\n"
        "# TYPE sluice_waits_total counter\n";
    for (const auto& [key, sum] : sums) {
        fmt::format_to(to, "sluice_waits_total{{site=\"{}\",kind=\"{}\"}} {}\n", label(key.first),
                       to_string(key.second), sum.waits);
    }
    return out;
}

}  // namespace sluice
