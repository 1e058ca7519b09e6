# SPDX-License-Identifier: Apache-2.0
"""Producers and workers over real connections that survive the server's death, and the books they
keep: what was answered, what ran, what completed. Used by kill_test.py and drain_test.py.

Producers repeat an unanswered push with the same jids until it is answered. Workers answer every
delivery, and repeat an unanswered answer with the same lease."""

import json
import random
import threading
import time

import harness
from harness import Failed, check

QUEUES = ['a', 'b', 'c']


class Books:
    """What the outside world saw. Every list and dict is only added to under the lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.answered_more = threading.Condition(self.lock)
        self.answered = {}     # jid → True: the push was answered
        self.repeats = 0       # pushes sent again
        self.runs = {}         # jid → [run]
        self.refused = 0       # answers that refused a push for want of disk space


class Run:
    """One delivery of one job."""
    __slots__ = ('jid', 'lease', 'attempt', 'asked_at', 'verdict', 'verdict_at', 'sends')

    def __init__(self, jid, lease, attempt, asked_at):
        self.jid, self.lease, self.attempt, self.asked_at = jid, lease, attempt, asked_at
        self.verdict, self.verdict_at, self.sends = None, None, 0


class Load:
    def __init__(self, server, *, producers=8, workers=8, seed=1, large_jobs=0):
        """`large_jobs`: which part of the pushes brings a job with 600 kB of arguments first."""
        self.server, self.books, self.large_jobs = server, Books(), large_jobs
        self.producing, self.working = threading.Event(), threading.Event()
        self.producing.set()
        self.working.set()
        self.never = threading.Event()
        self.threads = harness.Threads()
        self.producer_threads = harness.Threads()
        for i in range(producers):
            self.producer_threads.start(self._produce, i, random.Random(seed * 1000 + i))
        for i in range(workers):
            self.threads.start(self._work, i)

    def wait_for_pushes(self, count, seconds=60):
        """Until so many more jobs have been pushed and answered."""
        with self.books.answered_more:
            wanted = len(self.books.answered) + count
            check(self.books.answered_more.wait_for(
                lambda: len(self.books.answered) >= wanted or self.producer_threads.errors, seconds),
                f'not within {seconds} s: {count} more answered pushes')
        if self.producer_threads.errors:
            raise self.producer_threads.errors[0]

    def stop_producers(self):
        """Every push that was begun is answered first."""
        self.producing.clear()
        self.producer_threads.join()

    def stop_workers(self):
        self.working.clear()
        self.threads.join()

    def finish(self):
        """No more pushes; all that was pushed ends, and the books are compared with the server. The
        counts, which it prints."""
        self.stop_producers()
        counts = judge(self.server, self.books)
        self.stop_workers()
        for name, count in counts.items():
            print(f'  {count:>9,}  {name}')
        return counts

    def _connect(self, seconds=120, **fields):
        """A connection, once the server is up."""
        while True:
            life = self.server.wait_until_up(seconds)
            check(life, f'the server did not come back within {seconds} s')
            try:
                wire = harness.Wire(self.server.address, timeout=10)
                wire.hello(x=1, **fields)
                return wire
            except (OSError, ValueError, Failed) as error:
                # It may have gone down meanwhile, and even come back.
                check(not self.server.is_in(life), f'the server takes no connection: {error}')

    def _produce(self, number, choose):
        wire, count = None, 0
        while self.producing.is_set():
            size = choose.choice([1, 1, 1, 10])
            jobs = []
            for i in range(size):
                is_large = i == 0 and choose.random() < self.large_jobs
                jobs.append({'jid': f'p{number}-{count:08d}', 'jobtype': 'load',
                             'args': [count, 'x' * 600_000] if is_large else [count],
                             'queue': choose.choice(QUEUES),
                             'custom': {'sluice': {'backoff': {'kind': 'none'}}}})
                count += 1
            wire = self._push(wire, jobs)
        if wire:
            wire.close()

    def _push(self, wire, jobs):
        """Until it is answered, even when no more is wanted: what was begun must be known."""
        tries = 0
        give_up = time.monotonic() + 120
        while True:
            check(time.monotonic() < give_up, 'a push was not answered within 120 s')
            try:
                wire = wire or self._connect()
                tries += 1
                if len(jobs) == 1:
                    reply = wire.call('PUSH', jobs[0])
                    done = reply == '+OK'
                else:
                    reply = wire.call('PUSHB', jobs)
                    done = reply == b'{}'
                if done:
                    break
                if str(reply).startswith('-FULL '):
                    self._refused()
                    continue
                if not str(reply).startswith(('-ERR shutdown', '-SHUTDOWN', '-ERR server',
                                              '-UNAVAILABLE')):
                    raise Failed(f'a push was refused: {reply!r}')
                wire.close()
                wire = None
            except OSError:
                wire.close()
                wire = None
        with self.books.lock:
            self.books.repeats += tries - 1
            for job in jobs:
                self.books.answered[job['jid']] = True
            self.books.answered_more.notify_all()
        return wire

    def _refused(self):
        with self.books.lock:
            self.books.refused += 1
        self.never.wait(0.05)  # as a polite client

    def _work(self, number):
        wire, open_runs = None, {}
        wid = f'load-worker-{number}'
        next_beat = 0.0
        while True:
            wanted = self.working.is_set()
            if not wanted and not open_runs:
                break
            try:
                wire = wire or self._connect(wid=wid)
                if time.monotonic() >= next_beat:
                    self._beat(wire, wid, open_runs)
                    next_beat = time.monotonic() + 2
                if open_runs:
                    self._answer(wire, open_runs)
                elif wanted:
                    self._fetch(wire, open_runs)
            except OSError:
                wire.close()
                wire = None
        if wire:
            wire.close()

    def _beat(self, wire, wid, open_runs):
        wire.call('BEAT', {'wid': wid, 'jobs': list(open_runs)})

    def _fetch(self, wire, open_runs):
        asked_at = time.monotonic()
        reply = wire.call('FETCHB', {'queues': QUEUES, 'max': 8, 'wait_ms': 300})
        if not isinstance(reply, bytes):
            raise OSError(f'the server is about to stop: {reply}')
        for job in json.loads(reply):
            run = Run(job['jid'], job['lease'], job['attempt'], asked_at)
            open_runs[run.lease] = run
            with self.books.lock:
                self.books.runs.setdefault(run.jid, []).append(run)

    def _answer(self, wire, open_runs):
        for run in open_runs.values():
            run.sends += 1
        reply = wire.call('ACKB', [{'jid': run.jid, 'lease': run.lease,
                                    'result': {'lease': run.lease}}
                                   for run in open_runs.values()])
        if not isinstance(reply, bytes):
            raise OSError(f'the answer was refused: {reply}')
        refused = json.loads(reply)
        for run in list(open_runs.values()):
            run.verdict = refused.get(run.jid, 'accepted')
            run.verdict_at = time.monotonic()
            del open_runs[run.lease]


def wait_for_all(server, jids, seconds=180):
    """jid → how it ended, once all have; fails with those that have not."""
    wire = harness.connect(server, x=1)
    deadline = time.monotonic() + seconds
    ends, open_jids = {}, list(jids)
    while open_jids:
        if time.monotonic() > deadline:
            raise Failed(f'{len(open_jids)} of {len(jids)} jobs are stuck, such as ' +
                         ', '.join(describe(wire, jid) for jid in open_jids[:3]))
        chunk = open_jids[:1000]
        answer = wire.call_json('WAIT', {'jids': chunk, 'timeout_ms': 2000})
        for job in answer['jobs']:
            check(job['state'] != 'unknown', f'an answered push is lost: {job["jid"]}')
            if job['state'] in ('succeeded', 'dead', 'cancelled', 'discarded'):
                ends[job['jid']] = job
        open_jids = [jid for jid in open_jids if jid not in ends]
        if not answer['complete']:
            open_jids = open_jids[len(chunk):] + open_jids[:len(chunk)]
    wire.close()
    return ends


def describe(wire, jid):
    reply = wire.call('JOB GET', {'jid': jid})
    if reply is None:
        return f'{jid} (unknown to the server)'
    job = json.loads(reply)
    return f'{jid} ({job["state"]}, {job.get("why")}, {job.get("failure")})'


def judge(server, books):
    """Compares the books with the server. Gives counts; fails where a promise was broken."""
    ends = wait_for_all(server, books.answered)
    counts = {'answered pushes': len(books.answered), 'repeated pushes': books.repeats,
              'refused pushes': books.refused,
              'deliveries': sum(len(runs) for runs in books.runs.values()), 'completions': 0,
              'completions whose answer was lost': 0, 'jobs run again after a lost lease': 0,
              'deliveries that never arrived': 0,
              # Only by a power cut: they are sent before they are synced (ADR 0012).
              'deliveries that were forgotten': 0}
    for jid, end in ends.items():
        check(end['state'] == 'succeeded', f'{jid} ended as {end}')
        counts['completions'] += 1
        runs = books.runs.get(jid, [])
        check(runs, f'{jid} has succeeded, but nobody ran it')
        accepted = [run for run in runs if run.verdict == 'accepted']
        check(len(accepted) <= 1, f'{jid} was completed {len(accepted)} times')
        completed = end['result']['lease']
        if accepted:
            check(completed == accepted[0].lease,
                  f'{jid} carries the result of another run than the one that was accepted')
            late = [run for run in runs
                    if run is not accepted[0] and run.asked_at > accepted[0].verdict_at]
            check(not late, f'{jid} was delivered again after its completion was answered')
        else:
            check(any(run.lease == completed for run in runs),
                  f'{jid} was completed with a lease that nobody was given')
            counts['completions whose answer was lost'] += 1
        missing = max(run.attempt for run in runs) - len(runs)
        counts['deliveries that never arrived'] += max(0, missing)
        counts['deliveries that were forgotten'] += max(0, -missing)
        if len(runs) > 1:
            counts['jobs run again after a lost lease'] += 1
            unlost = [run for run in runs if run.lease != completed and run.verdict == 'accepted']
            check(not unlost, f'{jid} was delivered again although its lease was not lost')
    wire = harness.connect(server)
    info = wire.call_json('INFO')
    wire.close()
    left = {'enqueued': info['faktory']['total_enqueued'], **info['faktory']['sets']}
    check(not any(left.values()), f'the server still counts jobs: {left}')
    never_pushed = set(books.runs) - set(books.answered)
    check(not never_pushed, f'jobs ran that nobody knows: {sorted(never_pushed)[:3]}')
    return counts
