#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a busy time leaves in memory: a server that has taken and given out many jobs in pipelines, and
is quiet again, needs a hundred bytes for each id that it keeps and some megabytes more.
Usage: memory_test.py [--jobs N]; figures of the release build only."""

import argparse
import re

import harness
from harness import check, connect

CONNECTIONS = 4
LEASE = re.compile(rb'"jid":"([^"]+)".*?"lease":"([^"]+)"')
MIB = 1024 * 1024
# Ids of finished jobs stay, so that repeats of their pushes are recognised. The rest are windows, caches
# and the store's memtable, which an idle server does not have yet.
BYTES_PER_ID = 100
REST_MIB = 19


def resident_mib(server):
    with open(f'/proc/{server.process.pid}/status', encoding='ascii') as status:
        return int(re.search(r'VmRSS:\s+(\d+)', status.read()).group(1)) / 1024


def push(server, name, count):
    """PUSH, a thousand of them on the way."""
    wire = connect(server)
    for begin in range(0, count, 1000):
        size = min(1000, count - begin)
        wire.send(''.join(f'PUSH {{"jid":"memory-{name}-{begin + i:015d}","jobtype":"t","queue":"q",'
                          f'"args":[{i},"some text of a usual length",{{"user":12345}}]}}\r\n'
                          for i in range(size)).encode())
        for _ in range(size):
            check(wire.reply() == '+OK', 'a push was refused')
    wire.close()


def drain(server):
    """ACKB of the last thousand and FETCHB of the next on the way together; how many there were."""
    wire, done, ack = connect(server, x=1), 0, b''
    while True:
        wire.send(ack + b'FETCHB {"queues":["q"],"max":1000,"wait_ms":200}\r\n')
        if ack:
            check(wire.reply() == b'{}', 'an ack was refused')
        jobs = LEASE.findall(wire.reply())
        if not jobs:
            wire.close()
            return done
        done += len(jobs)
        ack = b'ACKB [' + b','.join(b'{"jid":"%s","lease":"%s"}' % job for job in jobs) + b']\r\n'


def push_and_drain(server, count):
    threads, drained = harness.Threads(), []
    for i in range(CONNECTIONS):
        threads.start(push, server, i, count // CONNECTIONS)
    threads.join()
    threads = harness.Threads()
    for i in range(CONNECTIONS):
        threads.start(lambda: drained.append(drain(server)))
    threads.join()
    check(sum(drained) == count, f'{sum(drained)} of {count} jobs were delivered')


def memory_of_a_busy_time_is_given_back(jobs):
    with harness.Server(settings=[f'jobs.finished_max={jobs}']) as server:
        server.start()
        idle = resident_mib(server)
        push_and_drain(server, jobs)
        print(f'idle {idle:.1f} MiB, after {jobs:,} jobs {resident_mib(server):.1f} MiB', flush=True)
        limit = idle + REST_MIB + jobs * BYTES_PER_ID / MIB
        # Nobody is told when it happens: after some quiet seconds, and a compaction may follow.
        try:
            harness.wait_until(lambda: resident_mib(server) <= limit, f'{limit:.1f} MiB at most', 25)
        finally:
            print(f'then {resident_mib(server):.1f} MiB (at most {limit:.1f})')


def main():
    options = argparse.ArgumentParser()
    options.add_argument('--jobs', type=int, default=300_000)
    memory_of_a_busy_time_is_given_back(options.parse_args().jobs)


harness.run_one(main)
