// SPDX-License-Identifier: Apache-2.0
// What a request costs the server: pipelined echo over loopback, the I/O thread's own CPU time.
// Prints its figures (meaningful in the release preset) and checks only that nothing was lost.
#include "kernel/net/listener.h"
#include "kernel/net/raw_client_testing.h"
#include "kernel/sync/channel.h"

#include <gtest/gtest.h>

#include <sys/resource.h>

namespace sluice {
namespace {

class LineEcho final : public SessionHandler {
public:
    void on_open(Session& session) override { session.clear_deadline(); }
    std::size_t on_bytes(Session& session, std::string_view unread) override {
        std::size_t used = 0;
        std::string& out = session.output();
        for (std::size_t end = unread.find('\n'); end != std::string_view::npos;
             end = unread.find('\n', used)) {
            out.append(unread.substr(used, end + 1 - used));
            used = end + 1;
        }
        return used;
    }
};

struct ThreadCost {
    double user_us = 0;
    double system_us = 0;
};

ThreadCost cost_of(IoThread& thread) {
    Channel<ThreadCost> answers(1);
    thread.post([&] {
        rusage usage{};
        ::getrusage(RUSAGE_THREAD, &usage);
        const auto us = [](const timeval& time) {
            return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
        };
        answers.push({us(usage.ru_utime), us(usage.ru_stime)});
    });
    ThreadCost cost;
    answers.pop(cost);
    return cost;
}

/// `connections` clients take turns with batches of `depth` lines.
void measure(std::size_t connections, std::size_t depth, int rounds) {
    Registry metrics;  // outlives the sessions, however this ends
    auto runtime = Runtime::start({.io_threads = 1}).value();
    auto listener =
        Listener::open(*runtime, metrics, {.name = "echo", .address = "127.0.0.1:0"}, [] {
            return std::make_unique<LineEcho>();
        }).value();
    std::vector<RawClient> clients;
    for (std::size_t i = 0; i < connections; ++i) clients.emplace_back(listener->address().port);
    std::string batch;
    for (std::size_t i = 0; i < depth; ++i) batch += "{\"jid\":\"0123456789abcdef\",\"n\":1}\n";
    const ThreadCost before = cost_of(runtime->thread(0));
    const Instant start = monotonic_now();
    for (int round = 0; round < rounds; ++round) {
        for (auto& client : clients) ASSERT_TRUE(client.send(batch));
        for (auto& client : clients) {
            ASSERT_EQ(client.receive_exactly(batch.size()).size(), batch.size());
        }
    }
    const auto elapsed = to_seconds(monotonic_now() - start);
    const ThreadCost after = cost_of(runtime->thread(0));
    const double batches = static_cast<double>(connections) * rounds;
    std::printf(
        "echo, %zu connections, %zu lines a batch: %.0f lines/s; a batch costs the server %.2f us "
        "user + %.2f us system\n",
        connections, depth, batches * static_cast<double>(depth) / elapsed,
        (after.user_us - before.user_us) / batches, (after.system_us - before.system_us) / batches);
    listener->close();
    clients.clear();
    runtime->stop(deadline_after(5s));
}

TEST(SessionCost, PipelinedEcho) {
    measure(1, 1, 5000);
    measure(50, 1, 400);
    measure(50, 16, 400);
}

}  // namespace
}  // namespace sluice
