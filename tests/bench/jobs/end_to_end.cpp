// SPDX-License-Identifier: Apache-2.0
#include "end_to_end.h"

#include "load.h"
#include "measure.h"
#include "peers.h"
#include "roles.h"
#include "server.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice::bench {

namespace {

/// Producers pause while more jobs than this are not done: backlogs have rows of their own.
constexpr std::uint64_t open_max = 40;
constexpr std::uint64_t batched_open_max = 2000;
constexpr unsigned batch = 100;

/// Who connects, and how.
struct Side {
    int connections;
    Greeting greeting;
    std::function<Role(Counts&)> role;
};

struct Shape {
    Side producers;
    Side workers;
};

/// What is measured by turns with the other rows.
struct Row {
    std::string name;
    std::function<Rate()> round;
    std::function<void()> details;  ///< of the last round; may be empty
    std::vector<Rate> rates;
};

Rate measure_shape(const Options& options, const Shape& shape, std::uint16_t port,
                   const ServerProcess& process, Counts& counts) {
    Load load;
    for (const Side* side : {&shape.producers, &shape.workers}) {
        for (int c = 0; c < side->connections; ++c)
            load.connect(port, side->greeting, side->role(counts));
    }
    return measure(options, load, process, counts.done);
}

Row sluice_row(const Options& options, std::string name, Shape shape) {
    struct Last {
        Counts counts;
        std::optional<Syncs> before;
        std::optional<Syncs> after;
    };
    const auto last = std::make_shared<Last>();
    return {
        .name = std::move(name),
        .round =
            [&options, shape = std::move(shape), last] {
                Sluice server(options, "e2e");
                last->counts = {};
                last->before.emplace(server);
                const Rate rate =
                    measure_shape(options, shape, server.port, *server.process, last->counts);
                last->after.emplace(server);
                server.process.reset();
                std::filesystem::remove_all(server.data);
                return rate;
            },
        .details = [&options,
                    last] { print_details(options, last->counts, *last->before, *last->after); },
        .rates = {}};
}

Row loopback_row(const Options& options, Shape shape) {
    return {.name = "the loopback itself: no queue, no disk",
            .round =
                [&options, shape = std::move(shape)] {
                    const std::uint16_t port = free_port();
                    const ServerProcess process(
                        {"/proc/self/exe", "--serve-lines", std::to_string(port)},
                        options.folder + "/lines.log");
                    process.wait_for_port(port);
                    Counts counts;
                    return measure_shape(options, shape, port, process, counts);
                },
            .details = {},
            .rates = {}};
}

Row peer_row(const Options& options, const Peer& peer) {
    return {.name = std::string(peer.name) + ": " + peer.cycle,
            .round =
                [&options, peer] {
                    const PeerServer server(options, peer);
                    Counts counts;
                    const Shape shape{
                        {20 - options.workers, Greeting::none,
                         [&peer](Counts& c) { return peer.producer(c, open_max); }},
                        {options.workers, Greeting::none,
                         [worker = peer.worker](Counts& c) mutable { return worker(c); }}};
                    return measure_shape(options, shape, server.port, *server.process, counts);
                },
            .details = {},
            .rates = {}};
}

/// Round by round, so that an hour in which the machine is slow is slow for every row.
void take_turns(const Options& options, std::vector<Row>& rows) {
    for (int i = 0; i < options.rounds; ++i) {
        for (Row& row : rows) row.rates.push_back(row.round());
    }
    for (const Row& row : rows) {
        print_rate(row.name, row.rates, "jobs/s");
        if (row.details) row.details();
    }
}

}  // namespace

void bench_end_to_end(const Options& options) {
    const Side producers{20 - options.workers, Greeting::faktory_producer,
                         [](Counts& c) { return single_pusher(c, 1, open_max); }};
    const Shape plain{producers, {options.workers, Greeting::faktory_worker, plain_worker}};
    std::vector<Row> rows;
    rows.push_back(sluice_row(options, "end to end, plain verbs, 20 connections", plain));
    if (options.only == "plain") return take_turns(options, rows);
    rows.push_back(
        sluice_row(options, "the same, ACK and next FETCH in one write",
                   {producers, {options.workers, Greeting::faktory_worker, ack_and_fetch_worker}}));
    rows.push_back(loopback_row(options, plain));
    for (const Peer& peer : peers()) {
        if (peer.program.empty())
            print_missing(peer);
        else
            rows.push_back(peer_row(options, peer));
    }
    rows.push_back(sluice_row(
        options, "end to end, batches of 100, 4+4 connections",
        {{4, Greeting::faktory_producer,
          [](Counts& c) { return bulk_pusher(c, batch, batched_open_max); }},
         {4, Greeting::faktory_extended, [](Counts& c) { return batch_worker(c, batch); }}}));
    take_turns(options, rows);
}

}  // namespace sluice::bench
