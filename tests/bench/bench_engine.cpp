// SPDX-License-Identifier: Apache-2.0
// bench_engine: nanoseconds that the engine alone takes for a push, a delivery and an ack, in
// drains of a hundred commands, without a ledger. Writes are made and thrown away.
#include "modules/jobs/engine/engine.h"

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using namespace sluice;
using namespace sluice::jobs;

constexpr std::size_t per_drain = 100;
constexpr std::size_t drains = 5000;
constexpr WallTime start = wall_from_ns(1'700'000'000'000'000'000);

class Bench {
public:
    Bench() : engine_(config()) {
        engine_.begin_restore(start);
        Decision out;
        (void)engine_.finish_restore({.epoch = 1, .queues = {}, .totals = {}}, out);
        Hello hello;
        hello.caller = caller_;
        drain({Command{hello}});
    }

    /// Nanoseconds a job for pushing, delivering and acknowledging `per_drain` jobs, `drains`
    /// times.
    void run() {
        for (std::size_t round = 0; round < drains; ++round) {
            std::vector<Command> pushes;
            for (std::size_t i = 0; i < per_drain; ++i) pushes.emplace_back(push());
            timed(pushes, push_);
            std::vector<Command> fetches;
            for (std::size_t i = 0; i < per_drain; ++i) fetches.emplace_back(fetch());
            timed(fetches, deliver_);
            std::vector<Command> acks;
            for (const Reply& reply : out_.replies) {
                for (const JobRecord& job : std::get<JobsReply>(reply.body).jobs)
                    acks.emplace_back(ack(job));
            }
            timed(acks, ack_);
            now_ += 1ms;
        }
    }
    void print() const {
        constexpr double jobs = static_cast<double>(drains * per_drain);
        const auto each = [](Duration total) { return static_cast<double>(total.count()) / jobs; };
        std::printf("push %.0f ns, deliver %.0f ns, ack %.0f ns, together %.0f ns a job\n",
                    each(push_), each(deliver_), each(ack_), each(push_ + deliver_ + ack_));
    }

private:
    static EngineConfig config() {
        EngineConfig config;
        config.finished_max = 10'000;
        return config;
    }
    Push push() {
        JobBody::Texts texts;
        const std::string jid = "job-" + std::to_string(next_++);
        texts.jid = jid;
        texts.type = "bench";
        texts.queue = "default";
        texts.args = "[1,2,3]";
        Push push;
        push.ticket = TicketId(next_);
        push.jobs.push_back(std::make_shared<const JobBody>(texts, JobPolicy{}));
        return push;
    }
    Fetch fetch() {
        Fetch fetch;
        fetch.ticket = TicketId(++next_);
        fetch.caller = caller_;
        fetch.queues = {"default"};
        return fetch;
    }
    Ack ack(const JobRecord& job) {
        Ack ack;
        ack.ticket = TicketId(++next_);
        ack.caller = caller_;
        ack.jobs.push_back({JobRef{std::string(job.body->jid()), {}}, nullptr});
        return ack;
    }
    void drain(const std::vector<Command>& commands) {
        sought_.clear();
        for (const Command& command : commands) engine_.lookups(command, sought_);
        engine_.begin_drain(lookups_);
        engine_.apply(Tick{}, now_, out_);
        for (const Command& command : commands) engine_.apply(command, now_, out_);
        engine_.end_drain(out_);
    }
    void timed(const std::vector<Command>& commands, Duration& total) {
        out_.clear();
        const auto begun = std::chrono::steady_clock::now();
        drain(commands);
        total += std::chrono::steady_clock::now() - begun;
    }

    Engine engine_;
    Lookups lookups_;
    Decision out_;
    std::vector<Sought> sought_;
    WallTime now_ = start;
    std::uint64_t next_ = 1;
    Caller caller_{ConnectionId(1), std::make_shared<const std::string>("worker")};
    Duration push_{0};
    Duration deliver_{0};
    Duration ack_{0};
};

}  // namespace

int main() {
    Bench bench;
    bench.run();
    bench.print();
    return 0;
}
