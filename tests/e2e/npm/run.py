#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The real npm client faktory-worker, at the version in package-lock.json, as producer and worker
against the server."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import harness  # noqa: E402
from harness import check, check_equal, wait_until  # noqa: E402

FOLDER = harness.BIN.parent / 'npm-client'


def environment(url):
    env = dict(os.environ, FAKTORY_URL=url)
    env.pop('FAKTORY_PROVIDER', None)
    return env


def produce(url, *words, fails=False):
    done = subprocess.run(['node', 'producer.js', *map(str, words)], cwd=FOLDER, text=True,
                          capture_output=True, timeout=60, env=environment(url))
    if fails:
        check(done.returncode != 0, f'{words} should have failed: {done.stdout}')
        return done.stderr
    check_equal(done.returncode, 0, f'producer {words}: {done.stderr}')
    return json.loads(done.stdout)


class Worker:
    def __init__(self, url, wid):
        self.events = []
        self.process = subprocess.Popen(['node', 'worker.js', wid], cwd=FOLDER, text=True,
                                        stdout=subprocess.PIPE, env=environment(url))
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.until(lambda event: 'ready' in event, 'the worker is ready')

    def _read(self):
        for line in self.process.stdout:
            self.events.append(json.loads(line))

    def until(self, condition, what):
        return wait_until(lambda: next((e for e in list(self.events) if condition(e)), None), what)

    def ran(self):
        return [event['ran'] for event in list(self.events) if 'ran' in event]

    def until_ran(self, jids, what):
        wait_until(lambda: set(jids) <= set(self.ran()), what)

    def wait(self):
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            raise harness.Failed('the npm worker did not end') from None
        self.reader.join(5)
        check(not [e for e in self.events if 'error' in e], f'errors: {self.events[-3:]}')
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def faktory_figures(url):
    info = produce(url, 'info')
    return info['faktory']['sets'] | {'enqueued': info['faktory']['total_enqueued'],
                                      'failures': info['faktory']['total_failures'],
                                      'processed': info['faktory']['total_processed']}


def jobs_run_fail_and_come_back(server):
    server.start()
    one = produce(server.url, 'push')
    bulk = produce(server.url, 'bulk')
    check_equal(list(bulk['rejected']), ['bad'], 'the refused jobs')
    check('reasonable jid' in bulk['rejected']['bad']['reason'], 'why it was refused')
    began = time.time()
    scheduled = produce(server.url, 'schedule')
    figures = faktory_figures(server.url)
    check_equal(figures['enqueued'] + figures['scheduled'], 502, 'jobs before the worker starts')
    if time.time() < began + 1.5:  # else the scheduled one may be due
        check_equal(figures['scheduled'], 1, 'scheduled jobs before the worker starts')

    worker = Worker(server.url, 'npm-one')
    try:
        event = worker.until(lambda e: e.get('ran') == one, 'the first job')
        check_equal(event['args'], [1, {'a': ['b', None, 'ä']}, 'two words'], 'the arguments')
        check_equal(event['custom'], {'trace': 'x'}, 'the custom members')
        worker.until_ran(bulk['pushed'], 'the bulk jobs')
        worker.until_ran([scheduled], 'the scheduled job')

        failing = produce(server.url, 'failing')
        for jid in failing.values():
            worker.until(lambda e, j=jid: e.get('fails') == j, 'a failing job')
        wait_until(lambda: faktory_figures(server.url)['failures'] == 3, 'three failures')
        figures = faktory_figures(server.url)
        check_equal((figures['retries'], figures['dead']), (1, 1), 'the sets after the failures')
        check_equal(produce(server.url, 'requeueRetries'), 'OK', 'requeue of retries')
        event = worker.until(lambda e: e.get('ran') == failing['again'], 'the retried job')
        check_equal(event['failure']['message'], 'not this time: again', 'the failure it carries')
        check_equal(produce(server.url, 'clearDead'), 'OK', 'clearing the dead set')

        worker.process.send_signal(signal.SIGTERM)
        check_equal(worker.wait(), 0, 'the exit code of the worker')
        check_equal(len(worker.ran()), len(set(worker.ran())), 'jobs that ran twice')
        figures = faktory_figures(server.url)
        check_equal({k: v for k, v in figures.items() if k not in ('failures', 'processed')},
                    {'scheduled': 0, 'retries': 0, 'dead': 0, 'working': 0, 'enqueued': 0}, 'the end')
        check_equal(figures['processed'], 501 + 1 + 3 + 1, 'processed: successes and failures')
    finally:
        worker.close()


def the_server_quiets_and_terminates_it(server):
    server.start()
    worker = Worker(server.url, 'npm-quiet')
    operator = harness.connect(server, wid='npm-quiet')
    try:
        running = produce(server.url, 'one', 4000)
        worker.until(lambda e: e.get('begins') == running, 'the slow job begins')
        operator.call('BEAT', {'wid': 'npm-quiet', 'current_state': 'quiet'})
        worker.until_ran([running], 'a quiet worker finishes what it has')
        waiting = produce(server.url, 'one', 0)
        operator.call('BEAT', {'wid': 'npm-quiet', 'current_state': 'terminate'})
        check_equal(worker.wait(), 0, 'the exit code after terminate')
        check(waiting not in worker.ran(), 'a quiet worker fetches nothing')
        check_equal(faktory_figures(server.url)['enqueued'], 1, 'the job is still there')
    finally:
        operator.close()
        worker.close()


def with_a_password(server):
    server.environment['SLUICE_JOBS_PASSWORD'] = 's3cret/word'
    server.start()
    url = f'tcp://:s3cret%2Fword@{server.address}'
    jid = produce(url, 'push')
    worker = Worker(url, 'npm-password')
    try:
        worker.until_ran([jid], 'the job')
        worker.process.send_signal(signal.SIGTERM)
        worker.wait()
    finally:
        worker.close()
    said = produce(f'tcp://:wrong@{server.address}', 'push', fails=True)
    check('password' in said.lower(), f'the client says why: {said}')


harness.npm_install(HERE, FOLDER, 'producer.js', 'worker.js')
harness.run_server_tests(jobs_run_fail_and_come_back, the_server_quiets_and_terminates_it, with_a_password)
