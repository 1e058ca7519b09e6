// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/models.h"

#include "modules/sim/core/models_exact.h"

#include <algorithm>
#include <cmath>

namespace sluice::sim {
namespace {

double share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Status QueueModel::check() const {
    if (classes.empty() || classes.size() > classes_max)
        return fail(Code::invalid, "a model needs 1 to 64 classes of customers");
    if (servers < 1 || servers > servers_max)
        return fail(Code::invalid, "servers must be 1 to 1048576");
    if (capacity && *capacity < 1) return fail(Code::invalid, "the capacity must be 1 or more");
    if (!(retry.failure >= 0 && retry.failure <= 1))
        return fail(Code::invalid, "the failure rate must be 0 to 1");
    if (retry.attempts_max < 1) return fail(Code::invalid, "attempts must be 1 or more");
    return {};
}

double QueueModel::offered_load() const {
    double load = 0;
    for (const CustomerClass& one : classes)
        load += one.arrivals.mean_rate() * to_seconds(one.service.mean());
    return load * exact::retry_load_factor(retry.failure, retry.attempts_max);
}

QueueModel QueueModel::of(ArrivalProcess arrivals, Distribution service, std::uint32_t servers) {
    QueueModel model;
    model.classes.push_back({"all", std::move(arrivals), std::move(service)});
    model.servers = servers;
    return model;
}

double ClassResult::p_wait() const { return share(had_to_wait, arrivals - lost); }
double ClassResult::p_lost() const { return share(lost, arrivals); }
double ClassResult::load_factor() const { return share(services, finished); }

void ClassResult::add(const ClassResult& other) {
    const double part = share(other.finished, finished + other.finished);
    wait += (other.wait - wait) * part;
    sojourn += (other.sojourn - sojourn) * part;
    arrivals += other.arrivals;
    lost += other.lost;
    finished += other.finished;
    failed += other.failed;
    services += other.services;
    had_to_wait += other.had_to_wait;
    in_system += other.in_system;
    in_queue += other.in_queue;
    waits.merge(other.waits);
    sojourns.merge(other.sojourns);
}

double ModelResult::little() const {
    const double rate = static_cast<double>(all.arrivals - all.lost) / seconds;
    return all.in_system / (rate * all.sojourn);
}

}  // namespace sluice::sim
