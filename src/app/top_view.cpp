// SPDX-License-Identifier: Apache-2.0
#include "app/top_view.h"

#include "app/human.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace sluice::app {

namespace {

using Align = TextTable::Align;

std::string rate_text(double per_second) {
    if (per_second >= 100) return human_count(static_cast<std::uint64_t>(std::llround(per_second)));
    char text[32];
    std::snprintf(text, sizeof text, "%.1f", per_second);
    return text;
}

/// The growth of a counter in a second.
std::string rate(std::uint64_t now, const std::uint64_t* before, double seconds) {
    if (before == nullptr || seconds <= 0) return "-";
    return rate_text(static_cast<double>(now - std::min(now, *before)) / seconds);
}

const QueueView* find_queue(const TopReading* reading, const std::string& name) {
    if (reading == nullptr) return nullptr;
    for (const QueueView& queue : reading->info.queues) {
        if (queue.name == name) return &queue;
    }
    return nullptr;
}

std::string queue_table(const TopReading& now, const TopReading* before, double seconds,
                        std::size_t rows, std::size_t columns) {
    TextTable table({{"QUEUE"},
                     {"WAITING", Align::right},
                     {"IN/s", Align::right},
                     {"OUT/s", Align::right},
                     {"RUNNING", Align::right},
                     {"IDLE FETCHES", Align::right},
                     {"LATENCY", Align::right},
                     {""}});
    std::vector<const QueueView*> queues;
    for (const QueueView& queue : now.info.queues) queues.push_back(&queue);
    std::sort(queues.begin(), queues.end(), [](const QueueView* a, const QueueView* b) {
        const std::uint64_t jobs_of_a = a->enqueued + a->running;
        const std::uint64_t jobs_of_b = b->enqueued + b->running;
        return jobs_of_a != jobs_of_b ? jobs_of_a > jobs_of_b : a->name < b->name;
    });
    const std::size_t shown = std::min(queues.size(), rows);
    for (std::size_t i = 0; i < shown; ++i) {
        const QueueView& queue = *queues[i];
        const QueueView* earlier = find_queue(before, queue.name);
        const auto per_second = [&](std::uint64_t QueueView::* counter) {
            return rate(queue.*counter, earlier == nullptr ? nullptr : &(earlier->*counter),
                        seconds);
        };
        table.add({queue.name, human_count(queue.enqueued), per_second(&QueueView::arrived),
                   per_second(&QueueView::delivered), human_count(queue.running),
                   human_count(queue.waiting_fetches),
                   queue.enqueued > 0 ? human_duration(queue.latency) : "-",
                   queue.paused ? "paused" : ""});
    }
    std::string text = table.render(columns);
    if (shown < queues.size())
        text += "… and " + std::to_string(queues.size() - shown) + " more queues\n";
    return text;
}

std::string worker_table(const ServerInfo& info, std::size_t rows, std::size_t columns) {
    if (info.workers.empty()) return "no worker is connected; start one with: sluice work\n";
    TextTable table({{"WORKER", Align::left, 24},
                     {"HOST", Align::left, 24},
                     {"PID", Align::right},
                     {"STATE"},
                     {"RUNNING", Align::right},
                     {"MEMORY", Align::right},
                     {"LAST BEAT", Align::right}});
    std::vector<const WorkerView*> workers;
    for (const WorkerView& worker : info.workers) workers.push_back(&worker);
    std::sort(workers.begin(), workers.end(), [](const WorkerView* a, const WorkerView* b) {
        return a->running != b->running ? a->running > b->running : a->wid < b->wid;
    });
    const std::size_t shown = std::min(workers.size(), rows);
    for (std::size_t i = 0; i < shown; ++i) {
        const WorkerView& worker = *workers[i];
        table.add({worker.wid, worker.hostname, std::to_string(worker.pid), worker.state,
                   human_count(worker.running),
                   worker.rss_kb > 0 ? std::to_string(worker.rss_kb / 1024) + " MB" : "-",
                   human_distance(worker.beat_at, info.now)});
    }
    std::string text = table.render(columns);
    if (shown < workers.size())
        text += "… and " + std::to_string(workers.size() - shown) + " more workers\n";
    return text;
}

std::string emphasise_first_line(const std::string& text, bool plain) {
    if (plain) return text;
    const std::size_t end = text.find('\n');
    return "\033[1m" + text.substr(0, end) + "\033[0m" + text.substr(end);
}

}  // namespace

std::string top_picture(const TopReading& now, const TopReading* before, TerminalSize size,
                        bool plain) {
    const ServerInfo& info = now.info;
    const double seconds = before == nullptr ? 0 : to_seconds(now.at - before->at);
    const auto per_second = [&](std::uint64_t ServerInfo::* counter) {
        return rate(info.*counter, before == nullptr ? nullptr : &(before->info.*counter), seconds);
    };
    std::string head = "sluice " + printable(info.version) + "   up " +
                       human_duration(info.uptime) + "   " + std::to_string(info.memory_mb) +
                       " MB   " + human_count(info.connections, "connection") + "   " +
                       human_count(info.workers.size(), "worker");
    if (info.disk_full) head += "   DISK FULL: pushes are refused";
    std::string text = printable(head, size.columns - 1) + '\n';
    const std::string jobs = "enqueued " + human_count(info.enqueued) + "   running " +
                             human_count(info.working) + "   scheduled " +
                             human_count(info.scheduled) + "   retrying " +
                             human_count(info.retries) + "   dead " + human_count(info.dead);
    const std::string rates = "per second: pushed " + per_second(&ServerInfo::pushed) +
                              "   succeeded " + per_second(&ServerInfo::succeeded) + "   failed " +
                              per_second(&ServerInfo::failures) + "   commands " +
                              per_second(&ServerInfo::command_count);
    text += printable(jobs, size.columns - 1) + '\n' + printable(rates, size.columns - 1) + "\n\n";
    // Head, blank lines, two titles, two "more" lines and the last line take ten rows.
    const std::size_t rows = size.rows > 14 ? size.rows - 10 : 4;
    const std::size_t for_workers =
        std::min(std::max<std::size_t>(info.workers.size(), 1), rows / 2);
    const std::size_t for_queues = rows - for_workers;
    text = emphasise_first_line(text, plain);
    text +=
        emphasise_first_line(queue_table(now, before, seconds, for_queues, size.columns), plain);
    text += '\n';
    text += emphasise_first_line(worker_table(info, for_workers, size.columns), plain);
    return text;
}

}  // namespace sluice::app
