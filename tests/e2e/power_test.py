#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Power cuts under load, on a file system of the test's own (ext4, cut with EXT4_IOC_SHUTDOWN): no
answered push is lost, no answered completion is forgotten, no job is stuck, and the server starts by
itself each time. Needs root. Usage: power_test.py [--cuts N] [--seed N]."""

import argparse
import random
import sys
import time

import disk
import harness
import load

MIB = 1 << 20
DISK_BYTES = 512 * MIB


def one_cut(server, power, work, choose):
    work.wait_for_pushes(choose.randint(1, 2000))
    power.cut_power()
    server.kill()
    power.power_off()
    power.power_on()
    server.start()


def main():
    options = argparse.ArgumentParser()
    options.add_argument('--cuts', type=int, default=8)
    options.add_argument('--seed', type=int, default=int(time.time()))
    options = options.parse_args()
    disk.enter_namespace()
    power = disk.Disk(DISK_BYTES)
    if power.kind != 'ext4':
        power.remove()
        print('SKIPPED: cutting the power of a file system needs root, a loop device and mkfs.ext4')
        sys.exit(disk.CANNOT_RUN)
    print(f'seed {options.seed}')
    choose = random.Random(options.seed)
    # A small memtable, so that flushes and new logs are under way when the power goes.
    server = harness.Server(data=power.place / 'data', settings=[
        'jobs.memtable=2MiB', 'jobs.restart_grace=1s', 'jobs.losses_max=100',
        'jobs.finished_max=10000000'])
    try:
        server.start()
        work = load.Load(server, seed=options.seed)
        for _ in range(options.cuts):
            one_cut(server, power, work, choose)
        work.wait_for_pushes(100)
        work.stop_producers()
        counts = load.judge(server, work.books)
        work.stop_workers()
        load.print_counts(counts)
        harness.check('Sanitizer' not in server.log(), 'a sanitizer spoke up in the server')
        print(f'ok: {options.cuts} power cuts, 0 answered pushes lost, 0 jobs stuck')
    except harness.Failed as error:
        print(f'FAIL (--seed {options.seed}): {error}\n--- server log (end)\n{server.log()[-4000:]}')
        sys.exit(1)
    finally:
        server.close()
        server.remove()
        power.remove()


main()
