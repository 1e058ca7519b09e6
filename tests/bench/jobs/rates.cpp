// SPDX-License-Identifier: Apache-2.0
#include "rates.h"

#include "load.h"
#include "roles.h"
#include "server.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::bench {

namespace {

struct Rate {
    double per_second = 0;
    double server_cpu_us = 0;
    double load_cpu_us = 0;
};

double own_cpu_seconds() {
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

void print_rate(const char* name, const std::vector<Rate>& rounds, const char* unit) {
    std::vector<double> rates;
    std::vector<double> costs;
    std::vector<double> load_costs;
    for (const Rate& rate : rounds) {
        rates.push_back(rate.per_second);
        costs.push_back(rate.server_cpu_us);
        load_costs.push_back(rate.load_cpu_us);
    }
    std::sort(rates.begin(), rates.end());
    std::printf(
        "%-46s %10.0f %s  (%.0f to %.0f)   server CPU %.1f us each, load generator %.1f us\n", name,
        median(rates), unit, rates.front(), rates.back(), median(costs), median(load_costs));
    std::fflush(stdout);
}

/// Runs the load for the configured time, after a short warm-up, and counts what `value` gained.
Rate measure(const Options& options, Load& load, const ServerProcess& process,
             const std::uint64_t& value) {
    const auto never = [] { return false; };
    load.run(options.seconds / 4, never);
    const std::uint64_t before = value;
    const double cpu = process.cpu_seconds();
    const double own_cpu = own_cpu_seconds();
    const std::uint64_t begun = now_ns();
    load.run(options.seconds, never);
    const double seconds = static_cast<double>(now_ns() - begun) / 1e9;
    const auto count = static_cast<double>(value - before);
    const double each_us = 1e6 / std::max(count, 1.0);
    return {count / seconds, (process.cpu_seconds() - cpu) * each_us,
            (own_cpu_seconds() - own_cpu) * each_us};
}

/// What the server's own figures say about its syncs.
struct Syncs {
    explicit Syncs(const Sluice& server)
        : count(server.metric("sluice_jobs_sync_seconds_count")),
          seconds(server.metric("sluice_jobs_sync_seconds_sum")),
          commands(server.metric("sluice_jobs_commands_total")),
          drains(server.metric("sluice_jobs_drains_total")) {}
    double count;
    double seconds;
    double commands;
    double drains;
};

/// Where the time of a job goes: whether the disk, the waiting or the processors are the limit.
void print_details(const Options& options, const Counts& counts, const Syncs& before,
                   const Syncs& after) {
    const auto each_us = [](const Waits& waits) {
        return static_cast<double>(waits.total_ns) / 1e3 /
               std::max(1.0, static_cast<double>(waits.count));
    };
    const double syncs = std::max(1.0, after.count - before.count);
    std::printf(
        "    last round: %.0f syncs/s of %.0f us (%.0f %% of the time), %.1f commands a "
        "sync, %.1f a drain",
        syncs / (options.seconds * 1.25), (after.seconds - before.seconds) / syncs * 1e6,
        (after.seconds - before.seconds) / (options.seconds * 1.25) * 100,
        (after.commands - before.commands) / syncs,
        (after.commands - before.commands) / std::max(1.0, after.drains - before.drains));
    if (counts.acks.count > 0) {
        std::printf("; PUSH takes %.0f us, FETCH %.0f us, ACK %.0f us", each_us(counts.pushes),
                    each_us(counts.fetches), each_us(counts.acks));
    }
    std::printf("\n");
    std::fflush(stdout);
}

void bench_pushers(const Options& options, const char* name, int connections,
                   const std::function<Role(Counts&)>& role) {
    std::vector<Rate> rounds;
    Counts counts;
    std::optional<Syncs> before;
    std::optional<Syncs> after;
    for (int i = 0; i < options.rounds; ++i) {
        Sluice server(options, "push");
        counts = {};
        Load load;
        for (int c = 0; c < connections; ++c)
            load.connect(server.port, Greeting::faktory_producer, role(counts));
        before.emplace(server);
        rounds.push_back(measure(options, load, *server.process, counts.pushed));
        after.emplace(server);
        load.disconnect_all();
        server.process.reset();
        std::filesystem::remove_all(server.data);
    }
    print_rate(name, rounds, "jobs/s");
    print_details(options, counts, *before, *after);
}

struct EndToEnd {
    const char* name;
    int producers;
    int workers;
    bool batched;
};

void bench_shape(const Options& options, const EndToEnd& shape) {
    std::vector<Rate> rounds;
    Counts counts;
    std::optional<Syncs> before;
    std::optional<Syncs> after;
    for (int i = 0; i < options.rounds; ++i) {
        Sluice server(options, "e2e");
        counts = {};
        Load load;
        for (int c = 0; c < shape.producers; ++c) {
            load.connect(
                server.port, Greeting::faktory_producer,
                shape.batched ? bulk_pusher(counts, 100, 2000) : single_pusher(counts, 1, 40));
        }
        for (int c = 0; c < shape.workers; ++c) {
            load.connect(server.port,
                         shape.batched ? Greeting::faktory_extended : Greeting::faktory_worker,
                         shape.batched ? batch_worker(counts, 100) : plain_worker(counts));
        }
        before.emplace(server);
        rounds.push_back(measure(options, load, *server.process, counts.done));
        after.emplace(server);
        load.disconnect_all();
        server.process.reset();
        std::filesystem::remove_all(server.data);
    }
    print_rate(shape.name, rounds, "jobs/s");
    print_details(options, counts, *before, *after);
}

void bench_peer(const Options& options, const char* name, const std::vector<std::string>& command,
                std::uint16_t port, const std::function<unsigned(Link&, std::string&)>& send) {
    ServerProcess process(command, options.folder + "/peer.log");
    process.wait_for_port(port);
    std::vector<Rate> rounds;
    for (int i = 0; i < options.rounds; ++i) {
        std::uint64_t done = 0;
        Load load;
        for (int c = 0; c < 50; ++c) {
            load.connect(port, Greeting::none,
                         {.send = send, .answered = [&done](Link&, const Answer&) { ++done; }});
        }
        rounds.push_back(measure(options, load, process, done));
    }
    print_rate(name, rounds, "jobs/s");
}

}  // namespace

void bench_push(const Options& options) {
    const auto batched = [&] {
        bench_pushers(options, "push, 8 connections, batches of 100", 8,
                      [](Counts& c) { return bulk_pusher(c, 100); });
    };
    if (options.only == "batched") return batched();
    bench_pushers(options, "push, 1 connection", 1, [](Counts& c) { return single_pusher(c, 1); });
    bench_pushers(options, "push, 50 connections", 50,
                  [](Counts& c) { return single_pusher(c, 1); });
    bench_pushers(options, "push, 50 connections, 16 pipelined", 50,
                  [](Counts& c) { return single_pusher(c, 16); });
    batched();
}

void bench_end_to_end(const Options& options) {
    bench_shape(options, {"end to end, plain verbs, 20 connections", 20 - options.workers,
                          options.workers, false});
    if (options.only != "plain")
        bench_shape(options, {"end to end, batches of 100, 4+4 connections", 4, 4, true});
}

/// Fetch and ack alone, over a backlog.
void bench_drain(const Options& options) {
    std::vector<Rate> rounds;
    for (int i = 0; i < options.rounds; ++i) {
        Sluice server(options, "drain");
        Counts counts;
        {
            Load load;
            for (int c = 0; c < 4; ++c)
                load.connect(server.port, Greeting::faktory_producer, bulk_pusher(counts, 500));
            load.run(120, [&] { return counts.pushed >= 400'000; });
        }
        Load load;
        for (int c = 0; c < 8; ++c)
            load.connect(server.port, Greeting::faktory_extended, batch_worker(counts, 100));
        Options shorter = options;
        shorter.seconds = std::min(options.seconds, 2.0);
        rounds.push_back(measure(shorter, load, *server.process, counts.done));
        load.disconnect_all();
        server.process.reset();
        std::filesystem::remove_all(server.data);
    }
    print_rate("fetch+ack batched, from a backlog", rounds, "jobs/s");
}

void bench_disk(const Options& options) {
    const std::string file = options.folder + "/sync-rate";
    const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::string block(512, 'x');
    std::vector<double> rates;
    for (int round = 0; round < options.rounds; ++round) {
        const std::uint64_t begun = now_ns();
        std::uint64_t count = 0;
        while (now_ns() - begun < 1'000'000'000ULL) {
            if (::write(descriptor, block.data(), block.size()) < 0 || ::fdatasync(descriptor) != 0)
                std::exit(1);
            ++count;
        }
        rates.push_back(static_cast<double>(count) * 1e9 / static_cast<double>(now_ns() - begun));
    }
    ::close(descriptor);
    ::unlink(file.c_str());
    std::printf("%-46s %10.0f syncs/s  (append 512 bytes + fdatasync)\n", "the disk itself",
                median(rates));
}

void bench_peers(const Options& options) {
    if (const std::string program = find_program("beanstalkd"); !program.empty()) {
        const std::uint16_t port = free_port();
        const std::string folder = options.folder + "/beanstalkd";
        std::filesystem::create_directories(folder);
        bench_peer(
            options, "beanstalkd -f0: put, 50 connections",
            {program, "-l", "127.0.0.1", "-p", std::to_string(port), "-b", folder, "-f", "0"}, port,
            [](Link&, std::string& out) {
                std::string job;
                append_job(job, "default");
                out += "put 5 0 60 " + std::to_string(job.size()) + "\r\n" + job + "\r\n";
                return 1U;
            });
    } else {
        std::printf("beanstalkd is not installed: skipped (apt-get install beanstalkd)\n");
    }
    if (const std::string program = find_program("redis-server"); !program.empty()) {
        const std::uint16_t port = free_port();
        const std::string folder = options.folder + "/redis";
        std::filesystem::create_directories(folder);
        bench_peer(options, "Redis, appendfsync always: LPUSH, 50 conn.",
                   {program, "--port", std::to_string(port), "--bind", "127.0.0.1", "--dir", folder,
                    "--save", "", "--appendonly", "yes", "--appendfsync", "always"},
                   port, [](Link&, std::string& out) {
                       std::string job;
                       append_job(job, "default");
                       out += "*3\r\n$5\r\nLPUSH\r\n$3\r\njob\r\n$" + std::to_string(job.size()) +
                              "\r\n" + job + "\r\n";
                       return 1U;
                   });
    } else {
        std::printf("redis-server is not installed: skipped (apt-get install redis-server)\n");
    }
}

}  // namespace sluice::bench
