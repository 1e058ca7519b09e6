#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGKILL of the server at random moments under load from 8 producers and 8 workers. Afterwards:
no answered push is lost, no job is stuck, every job completed exactly once, and was delivered again
only where a lease was lost. Usage: kill_test.py [--rounds N] [--seed N]."""

import argparse
import random
import time

import harness
import load


def main():
    options = argparse.ArgumentParser()
    options.add_argument('--rounds', type=int, default=5)
    options.add_argument('--seed', type=int, default=int(time.time()))
    options = options.parse_args()
    print(f'seed {options.seed}')
    choose = random.Random(options.seed)
    began = time.monotonic()
    with harness.Server(settings=['jobs.restart_grace=1s', 'jobs.losses_max=100',
                                  'jobs.finished_max=10000000']) as server:
        server.start()
        work = load.Load(server, seed=options.seed)
        longest = 0.0
        for round_number in range(1, options.rounds + 1):
            work.wait_for_pushes(choose.randint(1, 3000))
            server.kill()
            restarted = time.monotonic()
            server.start()
            longest = max(longest, time.monotonic() - restarted)
            if round_number % 10 == 0 or round_number == options.rounds:
                print(f'round {round_number}: {len(work.books.answered):,} pushes answered, '
                      f'slowest restart {longest:.2f} s', flush=True)
        work.wait_for_pushes(100)
        counts = work.finish()
        harness.check(counts['deliveries that were forgotten'] == 0, 'a written delivery was lost')
    print(f'ok: {options.rounds} kills, 0 answered pushes lost, 0 jobs stuck, '
          f'{time.monotonic() - began:.0f} s')


harness.run_one(main)
