// SPDX-License-Identifier: Apache-2.0
// `./dev bench jobs`: rates and latencies of the real server over TCP, load generator on the same
// machine, beside the disk's own sync rate and the peers that are installed (beanstalkd and Redis,
// both told to sync every write), all in one run. Every figure is the median of the rounds.
#include "load.h"
#include "process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>

namespace sluice::bench {
namespace {

struct Options {
    std::string program;
    std::string folder;
    double seconds = 3;
    int rounds = 3;
    std::uint64_t backlog = 1'000'000;
    std::uint64_t memory_backlog = 0;
    std::uint32_t waiting_workers = 10'000;
    std::string only;
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

double quantile(std::vector<double>& values, double q) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[std::min(values.size() - 1,
                           static_cast<std::size_t>(q * static_cast<double>(values.size())))];
}

/// The server under test with a store of its own.
struct Sluice {
    explicit Sluice(const Options& options, const std::string& name)
        : data(options.folder + "/" + name), port(free_port()), options_(options) {
        start();
    }
    void start() {
        process.emplace(
            std::vector<std::string>{options_.program, "serve", "--data", data, "--jobs",
                                     "127.0.0.1:" + std::to_string(port), "--http",
                                     "127.0.0.1:" + std::to_string(free_port()), "--set",
                                     "jobs.connections_max=30000"},
            data + ".log");
        start_seconds = process->wait_for_port(port);
    }
    std::string data;
    std::uint16_t port;
    std::optional<ServerProcess> process;
    double start_seconds = 0;

private:
    const Options& options_;
};

std::uint64_t next_jid = 0;

void append_job(std::string& out, std::string_view queue) {
    const std::uint64_t number = ++next_jid;
    char text[256];
    const int size =
        std::snprintf(text, sizeof text,
                      R"({"jid":"bench%016llx","jobtype":"bench.job","queue":"%.*s",)"
                      R"("args":[%llu,"some text of a usual length",{"user":12345}],"retry":3})",
                      static_cast<unsigned long long>(number), static_cast<int>(queue.size()),
                      queue.data(), static_cast<unsigned long long>(number));
    out.append(text, static_cast<std::size_t>(size));
}

/// Counts of one measurement.
struct Counts {
    std::uint64_t pushed = 0;
    std::uint64_t done = 0;
};

/// End to end, producers wait while so many jobs are not done: the backlog has benchmarks of its
/// own.
constexpr std::uint64_t open_jobs_max = 2000;

Role single_pusher(Counts& counts, unsigned pipeline, bool paced = false) {
    return {.send =
                [pipeline, paced, &counts](Link&, std::string& out) {
                    if (paced && counts.pushed > counts.done + open_jobs_max) return 0U;
                    for (unsigned i = 0; i < pipeline; ++i) {
                        out += "PUSH ";
                        append_job(out, "default");
                        out += "\r\n";
                    }
                    return pipeline;
                },
            .answered =
                [&counts](Link&, const Answer& answer) {
                    if (answer.line == "+OK") ++counts.pushed;
                }};
}

Role bulk_pusher(Counts& counts, unsigned batch, bool paced = false) {
    return {.send =
                [batch, paced, &counts](Link&, std::string& out) {
                    if (paced && counts.pushed > counts.done + open_jobs_max) return 0U;
                    out += "PUSHB [";
                    for (unsigned i = 0; i < batch; ++i) {
                        if (i > 0) out += ',';
                        append_job(out, "default");
                    }
                    out += "]\r\n";
                    return 1U;
                },
            .answered =
                [&counts, batch](Link&, const Answer& answer) {
                    if (answer.bulk == "{}") counts.pushed += batch;
                }};
}

std::string_view member(std::string_view json, std::string_view key) {
    const std::size_t at = json.find(key);
    if (at == std::string_view::npos) return {};
    const std::size_t begin = at + key.size();
    return json.substr(begin, json.find('"', begin) - begin);
}

/// FETCH, ACK, FETCH, … one verb at a time, as a plain client does.
Role plain_worker(Counts& counts) {
    return {.send =
                [](Link& link, std::string& out) {
                    if (link.memo.empty())
                        out += "FETCH default\r\n";
                    else
                        out += "ACK {\"jid\":\"" + link.memo + "\"}\r\n";
                    return 1U;
                },
            .answered =
                [&counts](Link& link, const Answer& answer) {
                    if (!link.memo.empty()) {
                        ++counts.done;
                        link.memo.clear();
                    } else {
                        link.memo = member(answer.bulk, "\"jid\":\"");
                    }
                }};
}

/// ACKB of the last batch and FETCHB of the next together, as our SDK does.
Role batch_worker(Counts& counts, unsigned batch) {
    return {.send =
                [batch](Link& link, std::string& out) {
                    unsigned requests = 1;
                    if (!link.memo.empty()) {
                        out += "ACKB [" + link.memo + "]\r\n";
                        link.memo.clear();
                        ++requests;
                    }
                    out += "FETCHB {\"queues\":[\"default\"],\"max\":" + std::to_string(batch) +
                           ",\"wait_ms\":1000}\r\n";
                    return requests;
                },
            .answered =
                [&counts](Link& link, const Answer& answer) {
                    if (answer.bulk == "{}") {
                        counts.done += link.tag;
                        return;
                    }
                    std::string_view rest = answer.bulk;
                    link.tag = 0;
                    for (;;) {
                        const std::size_t at = rest.find("{\"jid\":\"");
                        if (at == std::string_view::npos) break;
                        rest.remove_prefix(at);
                        const std::string_view lease = member(rest, "\"lease\":\"");
                        if (lease.empty()) break;
                        if (!link.memo.empty()) link.memo += ',';
                        link.memo += "{\"jid\":\"";
                        link.memo += member(rest, "\"jid\":\"");
                        link.memo += "\",\"lease\":\"";
                        link.memo += lease;
                        link.memo += "\"}";
                        ++link.tag;
                        rest.remove_prefix(8);
                    }
                }};
}

struct Rate {
    double per_second = 0;
    double server_cpu_us = 0;
};

void print_rate(const char* name, const std::vector<Rate>& rounds, const char* unit) {
    std::vector<double> rates;
    std::vector<double> costs;
    for (const Rate& rate : rounds) {
        rates.push_back(rate.per_second);
        costs.push_back(rate.server_cpu_us);
    }
    std::sort(rates.begin(), rates.end());
    std::printf("%-46s %10.0f %s  (%.0f to %.0f)   server CPU %.1f us each\n", name, median(rates),
                unit, rates.front(), rates.back(), median(costs));
    std::fflush(stdout);
}

/// Runs the load for the configured time, after a short warm-up, and counts what `value` gained.
Rate measure(const Options& options, Load& load, const ServerProcess& process,
             const std::uint64_t& value) {
    const auto never = [] { return false; };
    load.run(options.seconds / 4, never);
    const std::uint64_t before = value;
    const double cpu = process.cpu_seconds();
    const std::uint64_t begun = now_ns();
    load.run(options.seconds, never);
    const double seconds = static_cast<double>(now_ns() - begun) / 1e9;
    const auto count = static_cast<double>(value - before);
    return {count / seconds, (process.cpu_seconds() - cpu) / std::max(count, 1.0) * 1e6};
}

void bench_push(const Options& options, const char* name, int connections,
                const std::function<Role(Counts&)>& role) {
    std::vector<Rate> rounds;
    for (int i = 0; i < options.rounds; ++i) {
        Sluice server(options, "push");
        Counts counts;
        Load load;
        for (int c = 0; c < connections; ++c)
            load.connect(server.port, Greeting::faktory_producer, role(counts));
        rounds.push_back(measure(options, load, *server.process, counts.pushed));
        load.disconnect_all();
        server.process.reset();
        std::filesystem::remove_all(server.data);
    }
    print_rate(name, rounds, "jobs/s");
}

struct EndToEnd {
    const char* name;
    int producers;
    int workers;
    bool batched;
};

void bench_end_to_end(const Options& options, const EndToEnd& shape) {
    std::vector<Rate> rounds;
    for (int i = 0; i < options.rounds; ++i) {
        Sluice server(options, "e2e");
        Counts counts;
        Load load;
        for (int c = 0; c < shape.producers; ++c) {
            load.connect(
                server.port, Greeting::faktory_producer,
                shape.batched ? bulk_pusher(counts, 100, true) : single_pusher(counts, 1, true));
        }
        for (int c = 0; c < shape.workers; ++c) {
            load.connect(server.port,
                         shape.batched ? Greeting::faktory_extended : Greeting::faktory_worker,
                         shape.batched ? batch_worker(counts, 100) : plain_worker(counts));
        }
        rounds.push_back(measure(options, load, *server.process, counts.done));
        load.disconnect_all();
        server.process.reset();
        std::filesystem::remove_all(server.data);
    }
    print_rate(shape.name, rounds, "jobs/s");
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

/// Push-to-start at 100 jobs/s on an otherwise idle server.
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
                      [](Link& link, std::string& out) {
                          link.sent_at_ns = now_ns();
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

/// Waits until the server is at rest: compactions need memory for a while after a large change.
void settle(const ServerProcess& process) {
    double cpu = -1;
    for (int seconds = 0; seconds < 60 && process.cpu_seconds() - cpu > 0.05; ++seconds) {
        cpu = process.cpu_seconds();
        Load().run(1, [] { return false; });
    }
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

// ---- Peers: durable push from 50 connections, one at a time each
// --------------------------------------------------

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

void run(const Options& options) {
    const auto wants = [&](std::string_view name) {
        return options.only.empty() || options.only == name;
    };
    if (wants("disk")) bench_disk(options);
    if (wants("push")) {
        bench_push(options, "push, 1 connection", 1, [](Counts& c) { return single_pusher(c, 1); });
        bench_push(options, "push, 50 connections", 50,
                   [](Counts& c) { return single_pusher(c, 1); });
        bench_push(options, "push, 50 connections, 16 pipelined", 50,
                   [](Counts& c) { return single_pusher(c, 16); });
        bench_push(options, "push, 8 connections, batches of 100", 8,
                   [](Counts& c) { return bulk_pusher(c, 100); });
    }
    if (wants("drain")) bench_drain(options);
    if (wants("e2e")) {
        bench_end_to_end(options, {"end to end, plain verbs, 20 connections", 10, 10, false});
        bench_end_to_end(options, {"end to end, batches of 100, 4+4 connections", 4, 4, true});
    }
    if (wants("latency")) bench_latency(options);
    if (wants("waiting")) bench_waiting(options);
    if (wants("restart")) bench_restart(options);
    if (wants("memory")) bench_memory(options);
    if (wants("peers")) bench_peers(options);
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
    using namespace sluice::bench;
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view name = argv[i];
        const char* value = argv[i + 1];
        if (name == "--program")
            options.program = value;
        else if (name == "--seconds")
            options.seconds = std::atof(value);
        else if (name == "--rounds")
            options.rounds = std::atoi(value);
        else if (name == "--backlog")
            options.backlog = std::strtoull(value, nullptr, 10);
        else if (name == "--memory-backlog")
            options.memory_backlog = std::strtoull(value, nullptr, 10);
        else if (name == "--waiting")
            options.waiting_workers = static_cast<std::uint32_t>(std::atoi(value));
        else if (name == "--only")
            options.only = value;
        else if (name == "--folder")
            options.folder = value;
        else
            std::fprintf(stderr, "bench_jobs: unknown option %s\n", argv[i]), std::exit(2);
    }
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    ::signal(SIGPIPE, SIG_IGN);
    if (options.program.empty()) {
        options.program = (std::filesystem::path(argv[0]).parent_path() / "sluice").string();
    }
    const bool own_folder = options.folder.empty();
    if (own_folder) {
        char name[] = "/var/tmp/sluice-bench-XXXXXX";  // not /tmp, which may be in memory
        options.folder = ::mkdtemp(name);
    }
    std::printf(
        "machine: %ld cores; %d rounds of %.1f s, medians; sync durability; load generator on the "
        "same cores\n",
        ::sysconf(_SC_NPROCESSORS_ONLN), options.rounds, options.seconds);
    run(options);
    if (own_folder) std::filesystem::remove_all(options.folder);
    return 0;
}
