// SPDX-License-Identifier: Apache-2.0
// What WorkerOwner tells people: its picture and the failures it remembers.
#include "kernel/base/text.h"
#include "kernel/sync/clock.h"
#include "sdk/worker_owner.h"

#include <algorithm>
#include <map>

namespace sluice::sdk {

void WorkerOwner::remember(const Held& held, const Failure& failure) {
    if (failure.errtype == "HandlerCrashed") {
        counters_.crashed.fetch_add(1, std::memory_order_relaxed);
        say("the handler of " + held.delivery.jid + " (" + held.delivery.type +
            ") crashed: " + failure.message);
    }
    if (failures_.size() >= worker_failures_max) failures_.pop_back();
    failures_.push_front({.failed = {.jid = held.delivery.jid,
                                     .type = held.delivery.type,
                                     .errtype = failure.errtype,
                                     .message = std::string(
                                         truncate_utf8(failure.message, worker_failure_bytes_max))},
                          .at = monotonic_now()});
}

void WorkerOwner::on(const Inspect& inspect) {
    const Instant now = monotonic_now();
    WorkerPicture picture;
    picture.state = to_string(phase_ == Phase::running ? WorkerWord::running
                              : phase_ == Phase::quiet ? WorkerWord::quiet
                                                       : WorkerWord::terminate);
    picture.pressure = pressure_.value_or("");
    picture.used = admission_.used();
    std::map<std::uint64_t, std::int64_t> running;
    for (const SlotRecord& slot : channels_.slots) {
        const std::uint64_t lease = slot.lease.load(std::memory_order_acquire);
        if (lease != 0) running.emplace(lease, slot.since.load(std::memory_order_relaxed));
    }
    for (const auto& [lease, held] : held_) {
        WorkerPicture::Job job{.jid = held.delivery.jid, .type = held.delivery.type};
        if (held.parked) job.stage = WorkerPicture::Stage::parked;
        if (const auto slot = running.find(lease); slot != running.end()) {
            job.stage = WorkerPicture::Stage::running;
            job.running_for =
                std::max(now.time_since_epoch() - Duration{slot->second}, Duration{0});
            job.percent = held.progress.percent;
            job.note = held.progress.note;
        }
        picture.jobs.push_back(std::move(job));
    }
    std::sort(picture.jobs.begin(), picture.jobs.end(), [](const auto& a, const auto& b) {
        if (a.stage != b.stage) return a.stage > b.stage;
        if (a.running_for != b.running_for) return a.running_for > b.running_for;
        return a.jid < b.jid;
    });
    for (const Remembered& one : failures_) {
        picture.failures.push_back(one.failed);
        picture.failures.back().ago = now - one.at;
    }
    inspect.place->reply.try_push(std::move(picture));
}

}  // namespace sluice::sdk
