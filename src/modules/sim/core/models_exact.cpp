// SPDX-License-Identifier: Apache-2.0
#include "modules/sim/core/models_exact.h"

#include "kernel/base/check.h"

#include <cmath>
#include <limits>

namespace sluice::sim::exact {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

}  // namespace

double erlang_b(double load, std::uint32_t servers) {
    double lost = 1;
    for (std::uint32_t c = 1; c <= servers; ++c) lost = load * lost / (c + load * lost);
    return lost;
}

double erlang_c(double load, std::uint32_t servers) {
    if (load >= servers) return 1;
    const double lost = erlang_b(load, servers);
    return lost / (1 - load / servers * (1 - lost));
}

Steady mmc(Rates rates, std::uint32_t servers) {
    const double load = rates.arrivals / rates.service;
    Steady made;
    made.p_wait = erlang_c(load, servers);
    const double spare = servers * rates.service - rates.arrivals;
    made.wait = spare > 0 ? made.p_wait / spare : infinite;
    made.sojourn = made.wait + 1 / rates.service;
    made.in_queue = made.wait * rates.arrivals;
    made.in_system = made.in_queue + load;
    return made;
}

double mmc_wait_beyond(Rates rates, std::uint32_t servers, double seconds) {
    const double spare = servers * rates.service - rates.arrivals;
    if (spare <= 0) return 1;
    return erlang_c(rates.arrivals / rates.service, servers) * std::exp(-spare * seconds);
}

// Chances relative to the one of n = c, times B(c): the part below c is then 1 - B(c), and by
// n·w(n) = a·w(n-1) its mean follows; nothing overflows however many servers.
Steady mmck(Rates rates, std::uint32_t servers, std::uint32_t capacity) {
    const double load = rates.arrivals / rates.service;
    const double rho = load / servers;
    const double lost = erlang_b(load, servers);
    const double below = 1 - lost;
    const double below_area = load * below - lost * servers;
    double busy = 0;  // c <= n < K: an arrival waits
    double queue = 0;
    double system = 0;
    double weight = lost;
    for (std::uint32_t n = servers; n < capacity; ++n) {
        busy += weight;
        queue += weight * (n - servers);
        system += weight * n;
        weight *= rho;
    }
    const double total = below + busy + weight;
    Steady made;
    made.p_lost = weight / total;
    made.p_wait = below + busy > 0 ? busy / (below + busy) : 0;
    made.in_queue = (queue + weight * (capacity - servers)) / total;
    made.in_system = (below_area + system + weight * capacity) / total;
    const double accepted = rates.arrivals * (1 - made.p_lost);
    made.wait = made.in_queue / accepted;
    made.sojourn = made.in_system / accepted;
    return made;
}

Steady mg1(double arrivals, double service_mean, double service_cv) {
    const double rho = arrivals * service_mean;
    Steady made;
    made.p_wait = rho < 1 ? rho : 1;
    made.wait =
        rho < 1 ? rho * service_mean * (1 + service_cv * service_cv) / (2 * (1 - rho)) : infinite;
    made.sojourn = made.wait + service_mean;
    made.in_queue = arrivals * made.wait;
    made.in_system = arrivals * made.sojourn;
    return made;
}

std::vector<double> cobham_waits(std::span<const double> arrivals, double service_rate,
                                 std::uint32_t servers) {
    double all = 0;
    for (const double rate : arrivals) all += rate;
    const double most = servers * service_rate;
    const double residual = erlang_c(all / service_rate, servers) / most;
    std::vector<double> waits;
    double before = 0;
    for (const double rate : arrivals) {
        const double with = before + rate / most;
        waits.push_back(with < 1 ? residual / ((1 - before) * (1 - with)) : infinite);
        before = with;
    }
    return waits;
}

std::vector<double> preemptive_sojourns(std::span<const double> arrivals, double service_rate) {
    std::vector<double> sojourns;
    double before = 0;
    for (const double rate : arrivals) {
        const double with = before + rate / service_rate;
        sojourns.push_back(with < 1 ? 1 / service_rate / ((1 - before) * (1 - with)) : infinite);
        before = with;
    }
    return sojourns;
}

double kingman_bound(const GapsAndServices& queue) {
    const double rho = queue.arrivals * queue.service_mean;
    if (rho >= 1) return infinite;
    const double gap_deviation = queue.arrival_cv / queue.arrivals;
    const double service_deviation = queue.service_cv * queue.service_mean;
    return queue.arrivals *
           (gap_deviation * gap_deviation + service_deviation * service_deviation) /
           (2 * (1 - rho));
}

double kingman_approximation(const GapsAndServices& queue) {
    const double rho = queue.arrivals * queue.service_mean;
    if (rho >= 1) return infinite;
    const double variation =
        queue.arrival_cv * queue.arrival_cv + queue.service_cv * queue.service_cv;
    return rho / (1 - rho) * variation / 2 * queue.service_mean;
}

std::uint32_t servers_for(double load, double p_wait_max) {
    SLUICE_CHECK(load >= 0 && load < 1e6 && p_wait_max > 0);
    double lost = 1;
    for (std::uint32_t c = 1;; ++c) {
        lost = load * lost / (c + load * lost);
        if (load >= c) continue;
        if (lost / (1 - load / c * (1 - lost)) <= p_wait_max) return c;
    }
}

double retry_load_factor(double failure, std::uint32_t attempts_max) {
    if (failure >= 1) return attempts_max;
    return (1 - std::pow(failure, attempts_max)) / (1 - failure);
}

}  // namespace sluice::sim::exact
