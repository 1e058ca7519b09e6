#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""./dev bench work: the built-in job types through a real server and worker, beside the same handler
without a queue, and beside what a person would type, on the same files in one run. Then the types
that should use two processors, with one slot and with two.

Usage: compare.py [--rounds N] [--mib N] [--only NAME,…] [--part overhead|scaling|all] [--folder FOLDER]

The three take turns. Each number is the median of the rounds; a first one is not counted, unless a slow
program had no other. Job types
that this build does not have and programs that are not installed are said and left out:
apt-get install libvips-tools miller goaccess zstd"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
os.environ.setdefault('SLUICE_BIN', str(ROOT / 'build/release/bin'))
sys.path.insert(0, str(ROOT / 'tests/e2e'))
import harness  # noqa: E402
import made_files  # noqa: E402
from rows import ROWS  # noqa: E402

JOBS_FOR_SCALING = 4
# A slow program has fewer rounds, but at least one.
PEER_SECONDS_MAX = 10


def filled(value, **names):
    """The arguments of a job with {file} and {out} put in."""
    if isinstance(value, str):
        return value.format(**names)
    if isinstance(value, list):
        return [filled(one, **names) for one in value]
    if isinstance(value, dict):
        return {key: filled(one, **names) for key, one in value.items()}
    return value


class Alone:
    """The handlers in a process of their own, without a queue."""

    def __init__(self, files, out):
        self.process = subprocess.Popen([harness.BIN / 'bench_work_alone', files, out], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, jobtype, args):
        print(jobtype, json.dumps(args), file=self.process.stdin, flush=True)
        said = self.process.stdout.readline().strip()
        harness.check(said and not said.startswith('failed'), f'{jobtype} {args}: {said}')
        return float(said)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Queue:
    """A server and a worker with so many slots."""

    def __init__(self, files, slots):
        self.server = harness.Server().start()
        self.worker = harness.Worker(self.server, concurrency=slots, read_roots=[files])
        self.wire = harness.connect(self.server, x=1)
        self.count = 0
        self.run([('math.primes', [2, 100])])  # both are up

    def run(self, jobs):
        """Pushes the jobs and waits for all; the seconds that took."""
        jids, lines = [], []
        for jobtype, args in jobs:
            self.count += 1
            jids.append(f'bench-{self.count:06}')
            lines.append({'jid': jids[-1], 'jobtype': jobtype, 'args': args, 'retry': -1})
        began = time.monotonic()
        refused = self.wire.call_json('PUSHB', lines)
        harness.check_equal(refused, {}, 'what was refused')
        left = jids
        while left:
            done = self.wire.call_json('WAIT', {'jids': left, 'timeout_ms': 20_000})
            for job in done['jobs']:
                harness.check(job['state'] in ('succeeded', 'running', 'enqueued'),
                              f'{job["jid"]} ended as {job}')
            left = [job['jid'] for job in done['jobs'] if job['state'] != 'succeeded']
        return time.monotonic() - began

    def close(self):
        self.wire.close()
        self.worker.end()
        self.worker.close()
        self.server.close()
        self.server.remove()


def by_hand(words, path, out):
    line = words.format(file=path, out=out, folder=path.parent, name=path.name)
    began = time.monotonic()
    done = subprocess.run(['sh', '-c', line], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True)
    seconds = time.monotonic() - began
    harness.check_equal(done.returncode, 0, f'{line}: {done.stderr}')
    return seconds


def median_of(seconds):
    return statistics.median(seconds[1:] or seconds)


def shown(seconds):
    return f'{seconds * 1000:,.0f} ms'


def measure_overhead(rows, files, rounds, sizes):
    print('| Job type | File | By hand | Handler alone | Through the queue | Queue to alone | '
          'To the hand |')
    print('|---|---|---|---|---|---|---|')
    queue = Queue(files, 1)
    alone = Alone(files, queue.worker.out)
    try:
        for row in rows:
            hands = {name: words for name, words in row.peers.items() if shutil.which(name)}
            times = {name: [] for name in (*hands, ' alone', ' queue')}
            for turn in range(rounds + 1):
                args = filled(row.args, file=row.file, out=f'{turn}-out')
                for name, words in hands.items():
                    if sum(times[name]) > PEER_SECONDS_MAX:
                        continue
                    out = queue.worker.out / f'{name}-out'
                    times[name].append(by_hand(words, files / row.file, out))
                times[' alone'].append(alone.run(row.jobtype, args))
                times[' queue'].append(queue.run([(row.jobtype, args)]))
                for made in queue.worker.out.iterdir():
                    if made.is_file():
                        made.unlink()
            medians = {name: median_of(seconds) for name, seconds in times.items()}
            by_queue, by_itself = medians[' queue'], medians[' alone']
            peers = '; '.join(f'`{name}` {shown(medians[name])}' for name in hands) or '–'
            ratios = '; '.join(f'{by_queue / medians[name]:.2f}' for name in hands) or '–'
            print(f'| `{row.jobtype}` ({row.name}) | {sizes[row.file] / 2**20:.0f} MiB | {peers} | '
                  f'{shown(by_itself)} | {shown(by_queue)} | {100 * (by_queue / by_itself - 1):+.1f} % '
                  f'| {ratios} |', flush=True)
    finally:
        alone.close()
        queue.close()


def measure_scaling(rows, files, rounds):
    print(f'\n| Job type | {JOBS_FOR_SCALING} jobs, one slot | two slots | Faster by |')
    print('|---|---|---|---|')
    queues = {slots: Queue(files, slots) for slots in (1, 2)}
    try:
        for row in rows:
            if not row.scales:
                continue
            times = {1: [], 2: []}
            for turn in range(rounds + 1):
                for slots, queue in queues.items():
                    jobs = [(row.jobtype, filled(row.args, file=row.file, out=f'{turn}-{i}'))
                            for i in range(JOBS_FOR_SCALING)]
                    times[slots].append(queue.run(jobs))
            one, two = median_of(times[1]), median_of(times[2])
            print(f'| `{row.jobtype}` ({row.name}) | {shown(one)} | {shown(two)} | '
                  f'{one / two:.2f} × |', flush=True)
    finally:
        for queue in queues.values():
            queue.close()


def main():
    parser = argparse.ArgumentParser(description='see the top of this file')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--mib', type=int, default=32)
    parser.add_argument('--only', default='')
    parser.add_argument('--part', choices=('overhead', 'scaling', 'all'), default='all')
    parser.add_argument('--folder', type=pathlib.Path)
    given = parser.parse_args()
    known = {one['name'] for one in harness.sluice('types', '--json').json}
    rows = [row for row in ROWS if not given.only or row.jobtype in given.only.split(',')]
    missing = sorted({row.jobtype for row in rows} - known)
    if missing:
        print(f'not in this build, left out: {", ".join(missing)}')
    rows = [row for row in rows if row.jobtype in known]
    peers = sorted({name for row in rows for name in row.peers if not shutil.which(name)})
    if peers:
        print(f'not installed, left out: {", ".join(peers)}')
    folder = given.folder or pathlib.Path(tempfile.mkdtemp(prefix='sluice-bench-work-'))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sizes = made_files.make_files(folder, given.mib)
        print(f'{os.cpu_count()} processors, {given.rounds} rounds, files of '
              f'{", ".join(f"{name} {size / 2**20:.0f} MiB" for name, size in sizes.items())}\n',
              flush=True)
        if given.part in ('overhead', 'all'):
            measure_overhead(rows, folder, given.rounds, sizes)
        if given.part in ('scaling', 'all'):
            measure_scaling(rows, folder, given.rounds)
    finally:
        if not given.folder:
            shutil.rmtree(folder, ignore_errors=True)


main()
