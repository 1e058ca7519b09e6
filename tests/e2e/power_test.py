#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Power cuts under load, on a file system of the test's own (ext4, cut with EXT4_IOC_SHUTDOWN): no
answered push is lost, no answered completion is forgotten, no job is stuck, and the server starts by
itself each time. Needs root. Usage: power_test.py [--cuts N] [--seed N]."""

import argparse
import random
import time

import disk
import harness
import load

MIB = 1 << 20
DISK_BYTES = 512 * MIB


def one_cut(server, power, work, choose):
    work.wait_for_pushes(choose.randint(1, 2000))
    power.cut(server.process)
    server.kill()
    power.restore()
    server.start()


def main():
    options = argparse.ArgumentParser()
    options.add_argument('--cuts', type=int, default=8)
    options.add_argument('--seed', type=int, default=int(time.time()))
    options = options.parse_args()
    disk.enter_namespace()
    print(f'seed {options.seed}')
    choose = random.Random(options.seed)
    # A small memtable, so that flushes and new logs are under way when the power goes, and now and
    # then a job of a third of it, with which it fills all at once.
    settings = ['jobs.memtable=2MiB', 'jobs.restart_grace=1s', 'jobs.losses_max=100',
                'jobs.finished_max=10000000']
    with disk.Disk(DISK_BYTES, power_is_cut=True) as power, \
            harness.Server(data=power.place / 'data', settings=settings) as server:
        server.start()
        work = load.Load(server, seed=options.seed, large_jobs=0.05)
        for _ in range(options.cuts):
            one_cut(server, power, work, choose)
        work.wait_for_pushes(100)
        work.finish()
    print(f'ok: {options.cuts} power cuts, 0 answered pushes lost, 0 jobs stuck')


harness.run_one(main)
