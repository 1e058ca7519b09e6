// SPDX-License-Identifier: Apache-2.0
// An operator: asks, pauses, removes, sweeps, and now and then does something rash.
#include "client.h"

namespace sluice::jobs::sim {

namespace {

class Operator final : public Client {
public:
    using Client::Client;

    void start() override { after(world_.up_to(world_.swarm().operator_pause), act_tag); }

    void on_timer(std::uint64_t) override {
        if (!connect()) {
            after(20ms, act_tag);
            return;
        }
        if (healing_) {
            // Again and again: the connection may be lost on the way, and an earlier pause be late.
            send(GuardDisk{false});
            ChangeQueue resume;
            resume.action = QueueAction::resume;
            resume.all = true;
            awaited_ = send(std::move(resume));
            after(healed_ ? Duration(30s) : Duration(500ms), act_tag);
            return;
        }
        act();
        after(1us + world_.up_to(world_.swarm().operator_pause), act_tag);
    }

    void on_reply(std::uint64_t request, ReplyBody& body) override {
        if (healing_ && request == awaited_ && std::holds_alternative<OkReply>(body))
            healed_ = true;
    }
    void heal() override {
        healing_ = true;
        after(1ms, act_tag);
    }
    [[nodiscard]] bool is_done() const override { return healed_; }

private:
    static constexpr std::uint64_t act_tag = 0;

    [[nodiscard]] std::string queue() {
        const auto& names = world_.queue_names();
        return names[world_.random().below(names.size())];
    }

    void act() {
        const Swarm& swarm = world_.swarm();
        if (world_.chance(swarm.queries)) query();
        if (world_.chance(swarm.sweeps)) sweep();
        if (world_.chance(swarm.queue_changes)) change_queue();
        if (world_.chance(swarm.removals)) {
            ChangeQueue remove{{}, QueueAction::remove, false, {queue()}};
            send(std::move(remove));
        }
        if (world_.chance(swarm.async)) {
            const bool sync = world_.random().below(2) == 0;
            send(ChangeQueue{
                {}, sync ? QueueAction::make_sync : QueueAction::make_async, false, {queue()}});
        }
        if (world_.chance(swarm.disk_guard)) send(GuardDisk{world_.random().below(3) == 0});
        if (world_.chance(swarm.signals)) {
            const bool quiet = world_.random().below(2) == 0;
            send(SignalWorker{{},
                              "w" + std::to_string(world_.random().below(10)),
                              quiet ? WorkerState::quiet : WorkerState::terminate});
        }
        if (world_.chance(swarm.flush)) send(Flush{});
    }

    void change_queue() {
        const bool pause = world_.random().below(3) == 0;
        ChangeQueue change;
        change.action = pause ? QueueAction::pause : QueueAction::resume;
        change.all = world_.random().below(8) == 0;
        if (!change.all) change.names.push_back(queue());
        send(std::move(change));
    }

    void sweep() {
        constexpr SweepAction actions[] = {SweepAction::kill, SweepAction::discard,
                                           SweepAction::requeue, SweepAction::cancel};
        Sweep sweep;
        sweep.action = actions[world_.random().below(4)];
        if (world_.chance(world_.swarm().filters)) {
            sweep.filter = filter();
        } else {
            const std::uint64_t count = world_.random().below(4) == 0 ? 3 : 1;
            for (std::uint64_t i = 0; i < count; ++i) {
                std::string jid = world_.recent_jid();
                if (!jid.empty()) sweep.filter.jids.push_back(std::move(jid));
            }
            if (sweep.filter.jids.empty()) return;
        }
        send(std::move(sweep));
    }

    JobFilter filter() {
        constexpr JobState states[] = {JobState::scheduled, JobState::enqueued, JobState::retrying,
                                       JobState::dead, JobState::running};
        JobFilter filter;
        filter.states.push_back(states[world_.random().below(5)]);
        if (world_.random().below(2) == 0) filter.queue = queue();
        if (world_.random().below(2) == 0) filter.type = "resize";
        return filter;
    }

    void query() {
        const Caller caller{connection_, nullptr};
        switch (world_.random().below(4)) {
            case 0: send(Info{}); break;
            case 1: {
                GetJob get;
                get.jid = world_.recent_jid();
                send(std::move(get));
                break;
            }
            case 2: {
                Wait wait;
                wait.caller = caller;
                for (int i = 0; i < 3; ++i) wait.jids.push_back(world_.recent_jid());
                wait.timeout = world_.up_to(100ms);
                send(std::move(wait));
                break;
            }
            default: {
                ListJobs list;
                if (world_.random().below(2) == 0) list.filter = filter();
                list.limit = static_cast<std::uint32_t>(1 + world_.random().below(20));
                send(std::move(list));
                break;
            }
        }
    }

    std::uint64_t awaited_ = 0;
    bool healing_ = false;
    bool healed_ = false;
};

}  // namespace

std::unique_ptr<Client> make_operator(World& world, std::uint32_t id) {
    return std::make_unique<Operator>(world, id);
}

}  // namespace sluice::jobs::sim
