// SPDX-License-Identifier: Apache-2.0
// A producer: pushes, and when no answer comes pushes the same jobs again, as clients do.
#include "client.h"

#include <algorithm>

namespace sluice::jobs::sim {

namespace {

constexpr Duration patience = 150ms;

class Producer final : public Client {
public:
    using Client::Client;

    void start() override { after(world_.up_to(2ms), think); }

    void on_timer(std::uint64_t tag) override {
        if (tag == think) {
            if (jobs_.empty() && healing_) return;
            if (jobs_.empty()) jobs_ = make_jobs();
            push();
        } else if (tag == request_ && !jobs_.empty()) {
            hang_up();  // no answer: perhaps it arrived, perhaps not
            again();
        }
    }

    void on_reply(std::uint64_t request, ReplyBody& body) override {
        if (request != request_ || jobs_.empty()) return;
        const bool refused = std::holds_alternative<RefusedReply>(body);
        if (refused && repeats_ < world_.swarm().repeats_max) return again();
        next();
    }

    void on_closed() override {
        if (!jobs_.empty()) again();
    }

    void heal() override { healing_ = true; }
    [[nodiscard]] bool is_done() const override { return jobs_.empty(); }

private:
    static constexpr std::uint64_t think = 0;

    void push() {
        if (!connect()) {
            after(20ms, think);
            return;
        }
        Push push;
        push.jobs = jobs_;
        push.once = once_;
        request_ = send(std::move(push));
        after(patience, request_);
    }

    void again() {
        request_ = 0;
        if (++repeats_ > world_.swarm().repeats_max && !healing_) return next();
        after(world_.up_to(5ms), think);
    }

    void next() {
        jobs_.clear();
        request_ = 0;
        repeats_ = 0;
        after(world_.up_to(world_.swarm().think_max), think);
    }

    std::vector<std::shared_ptr<const JobBody>> make_jobs() {
        const Swarm& swarm = world_.swarm();
        once_ = world_.chance(swarm.once);
        const std::uint64_t count = world_.chance(swarm.bulk) ? 2 + world_.random().below(8) : 1;
        std::vector<std::shared_ptr<const JobBody>> jobs;
        jobs.reserve(count);
        for (std::uint64_t i = 0; i < count; ++i) jobs.push_back(make_job());
        return jobs;
    }

    std::shared_ptr<const JobBody> make_job() {
        const Swarm& swarm = world_.swarm();
        Random& random = world_.random();
        std::string jid;
        if (world_.chance(swarm.same_jid)) jid = world_.recent_jid();
        if (jid.empty()) {
            jid = "j" + std::to_string(world_.next_number());
            world_.note_jid(jid);
        }
        const auto& queues = world_.queue_names();
        JobBody::Texts texts;
        texts.jid = jid;
        texts.type = random.below(2) == 0 ? "resize" : "send";
        texts.queue = queues[random.below(queues.size())];
        std::string args = "[" + std::to_string(random.below(1000)) + "]";
        if (swarm.big > 0 && world_.chance(swarm.big))
            args = "[\"" + std::string(random.below(4000), 'x') + "\"]";
        texts.args = args;
        JobPolicy policy = make_policy();
        if (world_.chance(swarm.scheduled)) policy.at = world_.wall() + world_.up_to(300ms);
        return std::make_shared<const JobBody>(texts, policy);
    }

    JobPolicy make_policy() {
        const Swarm& swarm = world_.swarm();
        Random& random = world_.random();
        JobPolicy policy;
        policy.created_at = world_.wall();
        if (world_.chance(swarm.priorities))
            policy.priority = static_cast<std::uint8_t>(1 + random.below(9));
        if (world_.chance(swarm.short_keep)) policy.keep = world_.up_to(100ms);
        policy.retry = 5;
        if (world_.chance(swarm.odd_retries)) {
            constexpr std::int32_t odd[] = {0, -1, 1, 2, 25};
            policy.retry = odd[random.below(5)];
        }
        policy.backoff.kind = BackoffKind::constant;
        policy.backoff.base = 5ms;
        if (world_.chance(swarm.odd_backoff)) {
            constexpr BackoffKind kinds[] = {BackoffKind::faktory, BackoffKind::constant,
                                             BackoffKind::exponential, BackoffKind::none};
            policy.backoff.kind = kinds[random.below(4)];
            // The twenty-fifth wait of this formula is five days.
            if (policy.backoff.kind == BackoffKind::faktory)
                policy.retry = std::min(policy.retry, 5);
            policy.backoff.base = 1ms + world_.up_to(50ms);
            policy.backoff.max = 200ms;
            policy.backoff.jitter_percent = static_cast<std::uint8_t>(random.below(101));
        }
        policy.wait_when_worker_lost = world_.chance(swarm.wait_when_lost);
        if (random.below(4) == 0) policy.reserve_for = 200ms + world_.up_to(1s);
        return policy;
    }

    std::vector<std::shared_ptr<const JobBody>> jobs_;
    std::uint64_t request_ = 0;
    std::uint32_t repeats_ = 0;
    bool once_ = false;
    bool healing_ = false;
};

}  // namespace

std::unique_ptr<Client> make_producer(World& world, std::uint32_t id) {
    return std::make_unique<Producer>(world, id);
}

}  // namespace sluice::jobs::sim
