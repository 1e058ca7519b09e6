// SPDX-License-Identifier: Apache-2.0
// Exact (and bounding) formulas of queueing theory: what the simulator is held against, and quick
// answers for planners. Rates are per second, times in seconds, loads in Erlangs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::sim::exact {

/// Steady state of one queue. Infinite means where the queue has none (load at or above capacity).
struct Steady {
    double p_wait = 0;     ///< An accepted arrival finds all servers busy.
    double p_lost = 0;     ///< An arrival finds the system full.
    double in_queue = 0;   ///< Lq
    double in_system = 0;  ///< L
    double wait = 0;       ///< Wq, of accepted arrivals.
    double sojourn = 0;    ///< W, of accepted arrivals.
};

/// Arrivals and service of a queue with exponential both; above 0.
struct Rates {
    double arrivals = 0;  ///< λ
    double service = 0;   ///< μ of one server.
};

/// Chance of loss of `load` Erlangs on `servers` without waiting room. Erlang 1917, by the
/// recursion B(c) = aB(c-1) / (c + aB(c-1)).
double erlang_b(double load, std::uint32_t servers);
/// Chance of waiting in M/M/c; 1 where the load is not below the servers.
double erlang_c(double load, std::uint32_t servers);

/// M/M/c.
Steady mmc(Rates rates, std::uint32_t servers);
/// P(Wq > t) in M/M/c, first come first served.
double mmc_wait_beyond(Rates rates, std::uint32_t servers, double seconds);
/// M/M/c/K: at most `capacity` (K >= c) in the system. Any load.
Steady mmck(Rates rates, std::uint32_t servers, std::uint32_t capacity);
/// M/G/1 by Pollaczek and Khinchine: service time by its mean and coefficient of variation.
Steady mg1(double arrivals, double service_mean, double service_cv);

/// Mean waits of M/M/c with priorities that do not interrupt, one service rate; the first class is
/// the most urgent (Cobham 1954). Infinite from the class on whose load with those before it is
/// not below the servers.
std::vector<double> cobham_waits(std::span<const double> arrivals, double service_rate,
                                 std::uint32_t servers);
/// Mean times in the system of M/M/1 with preemptive-resume priorities, one service rate.
std::vector<double> preemptive_sojourns(std::span<const double> arrivals, double service_rate);

/// What Kingman's formulas know of a G/G/1 queue.
struct GapsAndServices {
    double arrivals = 0;      ///< λ
    double arrival_cv = 1;    ///< Of the gaps.
    double service_mean = 0;  ///< Seconds.
    double service_cv = 1;
};
/// Kingman's upper bound of the mean wait in G/G/1 (1962); infinite at a load of 1 or more.
double kingman_bound(const GapsAndServices& queue);
/// The heavy-traffic approximation ρ/(1-ρ) · (ca² + cs²)/2 · E[S], not a bound.
double kingman_approximation(const GapsAndServices& queue);

/// Fewest servers with P(wait) at most `p_wait_max` (above 0) for `load` Erlangs
/// (below a million).
std::uint32_t servers_for(double load, double p_wait_max);

/// Services per customer when each fails with `failure` and at most `attempts_max` are made.
double retry_load_factor(double failure, std::uint32_t attempts_max);

}  // namespace sluice::sim::exact
