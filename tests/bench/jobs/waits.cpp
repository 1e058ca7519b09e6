// SPDX-License-Identifier: Apache-2.0
#include "waits.h"

#include "load.h"
#include "roles.h"
#include "server.h"

#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace sluice::bench {

namespace {

void push_backlog(const Sluice& server, std::uint64_t jobs) {
    Counts counts;
    Load load;
    for (int c = 0; c < 4; ++c)
        load.connect(server.port, Greeting::faktory_producer, bulk_pusher(counts, 500));
    std::uint64_t shown = 0;
    load.run(3600, [&] {
        if (isatty(2) != 0 && counts.pushed - shown > 100'000) {
            shown = counts.pushed;
            std::fprintf(stderr, "\rpushed %llu of %llu", static_cast<unsigned long long>(shown),
                         static_cast<unsigned long long>(jobs));
        }
        return counts.pushed >= jobs;
    });
    if (isatty(2) != 0) std::fprintf(stderr, "\r\033[K");
}

/// Waits until the server is at rest: compactions need memory for a while after a large change.
void settle(const ServerProcess& process) {
    double cpu = -1;
    for (int seconds = 0; seconds < 60 && process.cpu_seconds() - cpu > 0.05; ++seconds) {
        cpu = process.cpu_seconds();
        Load().run(1, [] { return false; });
    }
}

}  // namespace

void bench_latency(const Options& options) {
    Sluice server(options, "latency");
    std::vector<double> delays;
    Load load;
    std::uint64_t pushed_at = 0;
    bool answered = true;
    bool may_push = false;
    load.connect(server.port, Greeting::faktory_worker,
                 {.send =
                      [](Link& link, std::string& out) {
                          out += link.memo.empty() ? "FETCH default\r\n"
                                                   : "ACK {\"jid\":\"" + link.memo + "\"}\r\n";
                          return 1U;
                      },
                  .answered =
                      [&](Link& link, const Answer& answer) {
                          if (!link.memo.empty()) {
                              link.memo.clear();
                          } else if (!answer.bulk.empty()) {
                              delays.push_back(static_cast<double>(now_ns() - pushed_at) / 1e6);
                              link.memo = member(answer.bulk, "\"jid\":\"");
                          }
                      }});
    load.connect(server.port, Greeting::faktory_producer,
                 {.send =
                      [&](Link&, std::string& out) {
                          if (!may_push) return 0U;
                          may_push = false;
                          answered = false;
                          pushed_at = now_ns();
                          out += "PUSH ";
                          append_job(out, "default");
                          out += "\r\n";
                          return 1U;
                      },
                  .answered = [&](Link&, const Answer&) { answered = true; }});
    const auto jobs = static_cast<int>(100 * options.seconds);
    for (int i = 0; i < jobs; ++i) {
        const std::size_t before = delays.size();
        const std::uint64_t due = now_ns() + 10'000'000;
        may_push = true;
        load.run(5, [&] { return delays.size() > before && answered && now_ns() >= due; });
    }
    const double p99 = quantile(delays, 0.99);
    std::printf("%-46s p50 %.2f ms  p99 %.2f ms  max %.2f ms  (%zu jobs)\n",
                "push-to-start, 100 jobs/s, idle", quantile(delays, 0.5), p99, delays.back(),
                delays.size());
}

void bench_waiting(const Options& options) {
    Sluice server(options, "waiting");
    Load waiting;
    const double before = server.process->resident_mib();
    for (std::uint32_t i = 0; i < options.waiting_workers; ++i) {
        waiting.connect(
            server.port, Greeting::faktory_extended,
            {.send =
                 [](Link&, std::string& out) {
                     out += "FETCHB {\"queues\":[\"other\"],\"max\":1,\"wait_ms\":60000}\r\n";
                     return 1U;
                 },
             .answered = [](Link&, const Answer&) {}});
    }
    waiting.run(2, [] { return false; });
    const double after = server.process->resident_mib();
    std::vector<double> delays;
    Load load;
    load.connect(server.port, Greeting::faktory_producer,
                 {.send =
                      [](Link&, std::string& out) {
                          out += "PUSH ";
                          append_job(out, "default");
                          out += "\r\n";
                          return 1U;
                      },
                  .answered =
                      [&](Link& link, const Answer&) {
                          delays.push_back(static_cast<double>(now_ns() - link.sent_at_ns) / 1e6);
                      }});
    load.run(30, [&] { return delays.size() >= 1000; });
    const double p99 = quantile(delays, 0.99);
    std::printf("%-46s %.1f KiB each   PUSH p50 %.2f ms  p99 %.2f ms\n",
                (std::to_string(options.waiting_workers) + " waiting workers").c_str(),
                (after - before) * 1024 / options.waiting_workers, quantile(delays, 0.5), p99);
}

void bench_restart(const Options& options) {
    Sluice server(options, "restart");
    push_backlog(server, options.backlog);
    std::vector<double> seconds;
    for (int i = 0; i < options.rounds; ++i) {
        server.process->kill(i == 0 ? SIGKILL : SIGTERM);
        server.start();
        seconds.push_back(server.start_seconds);
    }
    std::printf("%-46s %.2f s until the port answers (after SIGKILL %.2f s), %.0f MiB\n",
                ("restart with " + std::to_string(options.backlog) + " waiting jobs").c_str(),
                median(seconds), seconds.front(), server.process->resident_mib());
}

void bench_memory(const Options& options) {
    if (options.memory_backlog == 0) return;
    double small = 0;
    double large = 0;
    for (const std::uint64_t jobs : {std::uint64_t{10'000}, options.memory_backlog}) {
        Sluice server(options, "memory" + std::to_string(jobs));
        push_backlog(server, jobs);
        server.process->kill(SIGTERM);  // measured at rest: after a restart
        server.start();
        settle(*server.process);
        (jobs == 10'000 ? small : large) = server.process->resident_mib();
        server.process.reset();
        std::filesystem::remove_all(server.data);
    }
    std::printf("%-46s %.1f MiB at 10000, %.1f MiB at %llu: ratio %.2f\n",
                "resident memory with waiting jobs", small, large,
                static_cast<unsigned long long>(options.memory_backlog), large / small);
}

}  // namespace sluice::bench
