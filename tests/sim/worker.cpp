// SPDX-License-Identifier: Apache-2.0
// A worker, of one of four kinds, with every bad habit that a worker can have.
#include "client.h"

#include <algorithm>

namespace sluice::jobs::sim {

namespace {

class Worker final : public Client {
public:
    Worker(World& world, std::uint32_t id, WorkerKind kind) : Client(world, id), kind_(kind) {
        if (kind != WorkerKind::bare && kind != WorkerKind::healthy)
            wid_ = std::make_shared<const std::string>("w" + std::to_string(id));
    }

    void start() override {
        after(world_.up_to(2ms), fetch_tag);
        if (wid_) after(beat_pause(), beat_tag);
    }

    void on_timer(std::uint64_t tag) override {
        if (gone_) return;
        switch (tag >> kind_shift) {
            case 0: on_own(tag); break;
            case 1: on_patience(tag & value_mask); break;
            case 2: on_work_done(LeaseToken(tag & value_mask)); break;
            default: break;
        }
    }

    void on_reply(std::uint64_t request, ReplyBody& body) override {
        if (gone_) return;
        if (auto* jobs = std::get_if<JobsReply>(&body)) {
            if (request == fetch_) fetch_ = 0;
            for (const JobRecord& job : jobs->jobs) take(job);
            go_on();
        } else if (auto* beat = std::get_if<BeatReply>(&body)) {
            if (!beat->known) hang_up_and_return();
        }
    }

    void on_closed() override {
        fetch_ = 0;
        if (!gone_) after(5ms + world_.up_to(20ms), fetch_tag);
    }

    void heal() override {
        if (kind_ == WorkerKind::healthy) return;
        gone_ = true;
        held_.clear();
        hang_up();
    }

private:
    struct Held {
        JobRef ref;
        std::uint32_t delays = 0;
    };
    static constexpr std::uint64_t kind_shift = 62;
    static constexpr std::uint64_t value_mask = (1ULL << kind_shift) - 1;
    static constexpr std::uint64_t fetch_tag = 0;
    static constexpr std::uint64_t beat_tag = 1;
    static constexpr std::uint64_t return_tag = 2;
    static constexpr std::uint64_t patience_kind = 1ULL << kind_shift;
    static constexpr std::uint64_t work_kind = 2ULL << kind_shift;

    [[nodiscard]] bool extended() const { return kind_ == WorkerKind::extended; }
    [[nodiscard]] Caller caller() const { return {connection_, wid_}; }
    [[nodiscard]] Duration beat_pause() const {
        const EngineConfig& engine = world_.swarm().engine;
        const Duration silence = extended() ? engine.extended_silence : engine.worker_silence;
        const Duration most = extended() ? std::min(silence, engine.beat_lease) : silence;
        return most / 3;
    }

    void on_own(std::uint64_t tag) {
        if (tag == fetch_tag) go_on();
        if (tag == return_tag) go_on();
        if (tag == beat_tag) beat();
    }

    bool present() {
        if (connection_) return true;
        if (!connect()) {
            after(20ms, fetch_tag);
            return false;
        }
        fetch_ = 0;
        if (wid_) {
            Hello hello;
            hello.caller = caller();
            hello.extended = extended();
            send(std::move(hello));
        }
        return true;
    }

    void hang_up_and_return() {
        hang_up();
        fetch_ = 0;
        after(world_.up_to(10ms), return_tag);
    }

    void go_on() {
        if (fetch_ != 0 || held_.size() >= slots() || !present()) return;
        const Swarm& swarm = world_.swarm();
        Fetch fetch;
        fetch.caller = caller();
        const auto& names = world_.queue_names();
        const std::size_t first = world_.random().below(names.size());
        const std::size_t count =
            kind_ == WorkerKind::healthy ? names.size() : 1 + world_.random().below(names.size());
        for (std::size_t i = 0; i < count; ++i)
            fetch.queues.push_back(names[(first + i) % names.size()]);
        fetch.max = static_cast<std::uint32_t>(slots() - held_.size());
        fetch.wait = kind_ == WorkerKind::healthy ? Duration(60s) : world_.up_to(60ms);
        fetch.mode = extended() ? LeaseMode::beat : LeaseMode::fixed;
        const Duration wait = fetch.wait;
        if (fetch.wait == Duration{0} && swarm.chaos_events == 0) return;
        fetch_ = send(std::move(fetch));
        after(wait + 100ms, patience_kind | fetch_);
    }

    void on_patience(std::uint64_t request) {
        if (request == fetch_ && fetch_ != 0) hang_up_and_return();
    }

    [[nodiscard]] std::size_t slots() const {
        return kind_ == WorkerKind::healthy ? 8 : world_.swarm().slots;
    }

    void take(const JobRecord& job) {
        const LeaseToken token = job.head.lease.token;
        JobRef ref{std::string(job.body->jid()), token};
        world_.note_ref(ref);
        if (world_.chance(world_.swarm().deaf)) return;  // forgets it at once
        held_.push_back({std::move(ref)});
        Duration work = world_.up_to(world_.swarm().work_max);
        if (kind_ == WorkerKind::healthy) work = std::min<Duration>(work, 2ms);
        if (world_.chance(world_.swarm().stall)) work += world_.up_to(3s);
        after(work, work_kind | token.value());
    }

    /// How this worker names a job: extended ones by token, plain ones by jid alone.
    [[nodiscard]] JobRef named(const JobRef& ref) const {
        return extended() ? ref : JobRef{ref.jid, {}};
    }

    void on_work_done(LeaseToken token) {
        const auto at = std::find_if(held_.begin(), held_.end(),
                                     [&](const Held& held) { return held.ref.token == token; });
        if (at == held_.end()) return;
        if (!present()) {
            after(20ms, work_kind | token.value());
            return;
        }
        const Swarm& swarm = world_.swarm();
        if (world_.chance(swarm.extend) && at->delays++ < 3) {
            send(Extend{{}, caller(), named(at->ref), world_.up_to(500ms)});
            after(world_.up_to(swarm.work_max), work_kind | token.value());
            return;
        }
        const JobRef ref = at->ref;
        held_.erase(at);
        answer(ref);
        misbehave(ref);
        go_on();
    }

    void answer(const JobRef& ref) {
        const Swarm& swarm = world_.swarm();
        if (world_.chance(swarm.fail)) {
            fail(ref);
        } else if (world_.chance(swarm.release)) {
            const Duration delay = world_.random().below(2) == 0 ? Duration{0} : world_.up_to(50ms);
            send(Release{{}, caller(), named(ref), delay});
        } else {
            ack(named(ref));
            if (world_.chance(swarm.ack_twice)) ack(named(ref));
        }
    }

    void ack(const JobRef& ref) {
        Ack ack;
        ack.caller = caller();
        ack.jobs.push_back({ref, nullptr});
        send(std::move(ack));
    }

    void fail(const JobRef& ref) {
        const Swarm& swarm = world_.swarm();
        FailureReport report;
        report.job = named(ref);
        report.errtype = "Broken";
        report.message = "it broke";
        report.final = world_.chance(swarm.final_fail);
        if (world_.chance(swarm.retry_in)) report.retry_in = world_.up_to(30ms);
        Fail fail;
        fail.caller = caller();
        fail.jobs.push_back(std::move(report));
        send(std::move(fail));
    }

    void misbehave(const JobRef& ref) {
        const Swarm& swarm = world_.swarm();
        if (world_.chance(swarm.stale_answer)) {
            const JobRef old = world_.recent_ref();
            if (!old.jid.empty()) ack(extended() ? old : JobRef{old.jid, {}});
        }
        if (world_.chance(swarm.stranger_answer)) {
            const JobRef other = world_.recent_ref();
            if (!other.jid.empty()) fail(other);
        }
        if (world_.chance(swarm.stale_answer)) ack({ref.jid, world_.recent_ref().token});
        if (world_.chance(swarm.leave)) hang_up_and_return();
        if (world_.chance(swarm.die)) {
            held_.clear();
            fetch_ = 0;
            hang_up();
            after(world_.up_to(2s), return_tag);
        }
    }

    void beat() {
        after(beat_pause(), beat_tag);
        if (!connection_ || world_.chance(world_.swarm().stall)) return;
        Beat beat;
        beat.caller = caller();
        beat.wid = *wid_;
        if (extended()) {
            int percent = 0;
            for (const Held& held : held_) {
                beat.leases.push_back(held.ref.token);
                beat.progress.push_back({held.ref.token, percent++, "note"});
            }
        }
        send(std::move(beat));
    }

    const WorkerKind kind_;
    std::shared_ptr<const std::string> wid_;
    std::vector<Held> held_;
    std::uint64_t fetch_ = 0;
    bool gone_ = false;
};

}  // namespace

std::unique_ptr<Client> make_worker(World& world, std::uint32_t id, WorkerKind kind) {
    return std::make_unique<Worker>(world, id, kind);
}

}  // namespace sluice::jobs::sim
