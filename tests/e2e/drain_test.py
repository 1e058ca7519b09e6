#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM to the server under load: it stops cleanly, and nothing that was answered is lost."""

import time

import harness
import load


def stopping_under_load_loses_nothing(server):
    server.start()
    work = load.Load(server, producers=4, workers=4)
    for _ in range(3):
        time.sleep(0.6)
        began = time.monotonic()
        code = server.terminate()
        harness.check_equal(code, 0, 'the exit code of the server')
        harness.check(time.monotonic() - began < 15, 'stopping took too long')
        harness.check('stopped' in server.log(), 'the log does not say that it stopped')
        server.start()
    time.sleep(0.3)
    work.stop_producers()
    counts = load.judge(server, work.books)
    work.stop_workers()
    load.print_counts(counts)


def stopping_answers_who_waits(server):
    """A waiting fetch and a waiting WAIT do not hold up the stop."""
    server.start()
    worker = harness.connect(server, x=1, wid='waiting-worker')
    worker.send(b'FETCHB {"queues":["nothing"],"max":1,"wait_ms":20000}\r\n')
    asker = harness.connect(server, x=1)
    asker.call('PUSH', {'jid': 'never-fetched', 'jobtype': 't', 'args': [], 'queue': 'q'})
    asker.send(b'WAIT {"jids":["never-fetched"],"timeout_ms":60000}\r\n')
    began = time.monotonic()
    harness.check_equal(server.terminate(), 0, 'the exit code of the server')
    harness.check(time.monotonic() - began < 15, 'stopping took too long')
    server.start()
    again = harness.connect(server, x=1)
    job = again.call_json('JOB GET', {'jid': 'never-fetched'})
    harness.check_equal(job['state'], 'enqueued', 'the state of the job')


harness.run_test(stopping_under_load_loses_nothing, stopping_answers_who_waits,
                 settings=['jobs.restart_grace=1s', 'jobs.losses_max=100',
                           'jobs.finished_max=1000000'])
