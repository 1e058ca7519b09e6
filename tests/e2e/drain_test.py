#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM to the server under load: it stops cleanly, and nothing that was answered is lost."""

import signal

import harness
import load


def stopping_under_load_loses_nothing(server):
    server.start()
    work = load.Load(server, producers=4, workers=4)
    for _ in range(3):
        work.wait_for_pushes(500)
        harness.check_equal(server.terminate(), 0, 'the exit code of the server')
        harness.check('stopped' in server.log(), 'the log does not say that it stopped')
        server.start()
    work.wait_for_pushes(100)
    work.finish()


def stopping_answers_who_waits(server):
    """A waiting fetch and a waiting WAIT do not hold up the stop."""
    server.start()
    worker = harness.connect(server, x=1, wid='waiting-worker')
    worker.send(b'FETCHB {"queues":["nothing"],"max":1,"wait_ms":60000}\r\n')
    asker = harness.connect(server, x=1)
    asker.call('PUSH', {'jid': 'never-fetched', 'jobtype': 't', 'args': [], 'queue': 'q'})
    asker.send(b'WAIT {"jids":["never-fetched"],"timeout_ms":60000}\r\n')
    harness.check_equal(server.terminate(seconds=45), 0, 'the exit code of the server')
    server.start()
    again = harness.connect(server, x=1)
    job = again.call_json('JOB GET', {'jid': 'never-fetched'})
    harness.check_equal(job['state'], 'enqueued', 'the state of the job')


def a_client_is_told_of_the_stop_and_what_was_answered_is_kept(server):
    """Pushes pipelined into the stop: some taken, then perhaps some refused, then the end; never a
    push that was refused or left unanswered after one that was taken."""
    server.start()
    threads, answers = harness.Threads(), {name: [] for name in range(6)}

    def pour(name):
        wire = harness.connect(server)
        replies = answers[name]
        sent = 0
        try:
            while True:
                lines = [f'PUSH {{"jid":"pour-{name}-{sent + i:06}","jobtype":"t","args":[]}}\r\n'
                         for i in range(50)]
                wire.send(''.join(lines).encode())
                sent += len(lines)
                for _ in lines:
                    replies.append(wire.reply())
        except OSError:
            pass
        wire.close()

    for name in answers:
        threads.start(pour, name)
    harness.wait_until(lambda: min(map(len, answers.values())) > 0 and
                       sum(map(len, answers.values())) > 3000, 'pushes of each')
    harness.check_equal(server.terminate(), 0, 'the exit code of the server')
    threads.join()
    server.start()
    asker = harness.connect(server, x=1)
    refused = 0
    for name, replies in answers.items():
        taken = replies.index('-ERR shutdown in progress') \
            if '-ERR shutdown in progress' in replies else len(replies)
        refused += len(replies) - taken
        harness.check_equal(set(replies[:taken]) - {'+OK'}, set(), 'answers before the stop')
        harness.check_equal(set(replies[taken:]) - {'-ERR shutdown in progress'}, set(),
                            'answers after the first refusal')
        states = [asker.call('JOB GET', f'pour-{name}-{i:06}') for i in
                  (0, taken - 1, *range(taken, len(replies)))]
        harness.check(None not in states[:2], 'an answered push is lost')
        harness.check_equal(set(states[2:]) - {None}, set(), 'pushes that were refused and kept')
    print(f'      {sum(map(len, answers.values()))} pushes answered, {refused} of them refused')


def a_closed_terminal_does_not_stop_it(server):
    server.start()
    client = harness.connect(server)
    server.process.send_signal(signal.SIGHUP)
    harness.wait_until(lambda: 'SIGHUP changes nothing' in server.log(), 'the line about SIGHUP')
    client.call('PUSH', {'jid': 'after-the-hang-up', 'jobtype': 't', 'args': []})
    harness.check_equal(server.terminate(), 0, 'the exit code of the server')


harness.run_server_tests(a_client_is_told_of_the_stop_and_what_was_answered_is_kept,
                 stopping_under_load_loses_nothing, stopping_answers_who_waits,
                 a_closed_terminal_does_not_stop_it,
                 settings=['jobs.restart_grace=1s', 'jobs.losses_max=100',
                           'jobs.finished_max=1000000'])
