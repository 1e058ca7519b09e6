#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The M/M/3 queue of bench_sim in SimPy (Debian's python3-simpy, version 2), in its usual process style.

Usage: simpy_mm3.py CUSTOMERS SEED. Prints customers per second and the mean wait.
"""
import random
import sys
import time

from SimPy.Simulation import Process, Resource, Simulation, hold, release, request

RATE, SERVICE_RATE, SERVERS = 2.4, 1.0, 3


class Customer(Process):
    def visit(self, servers, waits, draw):
        arrived = self.sim.now()
        yield request, self, servers
        waits[0] += self.sim.now() - arrived
        waits[1] += 1
        yield hold, self, draw(SERVICE_RATE)
        yield release, self, servers


class Source(Process):
    def arrive(self, count, servers, waits, draw):
        for _ in range(count):
            customer = Customer(sim=self.sim)
            self.sim.activate(customer, customer.visit(servers, waits, draw))
            yield hold, self, draw(RATE)


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2])
    draw = random.Random(seed).expovariate
    simulation = Simulation()
    servers = Resource(capacity=SERVERS, sim=simulation)
    waits = [0.0, 0]
    source = Source(sim=simulation)
    began = time.perf_counter()
    simulation.activate(source, source.arrive(count, servers, waits, draw))
    simulation.simulate(until=1e18)
    took = time.perf_counter() - began
    print(f'{count / took:.1f} {waits[0] / waits[1]:.5f}')


if __name__ == '__main__':
    main()
