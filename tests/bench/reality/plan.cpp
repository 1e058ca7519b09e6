// SPDX-License-Identifier: Apache-2.0
#include "plan.h"

#include "modules/sim/core/dist_stream.h"
#include "modules/sim/core/queue_world.h"

#include <string>

namespace sluice::bench {

namespace {

/// The simulation's own names of its streams: the attempts are the same, to the nanosecond.
sim::Stream stream_of(std::uint64_t seed, std::uint64_t replication, const std::string& purpose) {
    return {seed, replication, sim::purpose_of(purpose)};
}

void decide(PlannedAttempt& attempt, const sim::FailurePolicy& failures, double luck) {
    attempt.is_final = luck < failures.final_rate;
    attempt.fails = luck < failures.final_rate + failures.rate;
}

}  // namespace

Plan::Plan(const sim::Scenario& scenario, std::uint64_t seed, std::uint64_t replication)
    : scenario_(scenario), seed_(seed), replication_(replication) {
    for (const sim::Traffic& traffic : scenario.traffic) {
        sim::Arrivals arrivals(traffic.arrivals,
                               stream_of(seed, replication, "arrivals of " + traffic.name));
        sim::Stream service = stream_of(seed, replication, "service of " + traffic.name);
        sim::Stream luck = stream_of(seed, replication, "luck of " + traffic.name);
        PlannedTraffic planned;
        for (auto at = arrivals.next(); at && *at <= scenario.duration; at = arrivals.next()) {
            PlannedJob job{.at = *at, .first = {}};
            job.first.work = traffic.service.sample(service);
            decide(job.first, traffic.failures, luck.unit());
            planned.jobs.push_back(job);
        }
        traffic_.push_back(std::move(planned));
    }
}

PlannedAttempt Plan::attempt(std::size_t traffic, std::uint64_t job, std::uint32_t number) const {
    if (number <= 1) return traffic_[traffic].jobs[job].first;
    const sim::Traffic& spec = scenario_.traffic[traffic];
    sim::Stream stream = sim::further_attempt({.seed = seed_, .replication = replication_},
                                              sim::further_attempts_of(spec.name), job, number);
    PlannedAttempt attempt;
    attempt.work = spec.service.sample(stream);
    decide(attempt, spec.failures, stream.unit());
    return attempt;
}

}  // namespace sluice::bench
