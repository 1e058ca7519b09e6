// SPDX-License-Identifier: Apache-2.0
#include "rates.h"

#include "load.h"
#include "measure.h"
#include "peers.h"
#include "roles.h"
#include "server.h"

#include <fcntl.h>
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

void bench_puts(const Options& options, const Peer& peer) {
    std::vector<Rate> rounds;
    for (int i = 0; i < options.rounds; ++i) {
        PeerServer server(options, peer);
        Counts counts;
        Load load;
        for (int c = 0; c < 50; ++c)
            load.connect(server.port, Greeting::none, peer.producer(counts, 0));
        rounds.push_back(measure(options, load, *server.process, counts.pushed));
    }
    print_rate(std::string(peer.name) + ": " + peer.put + ", 50 connections", rounds, "jobs/s");
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
    for (const Peer& peer : peers()) {
        if (peer.program.empty())
            print_missing(peer);
        else
            bench_puts(options, peer);
    }
}

}  // namespace sluice::bench
