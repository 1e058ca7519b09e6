#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/python with a real server: results, failures, a password, leases that beats keep, and a
worker that is killed."""

import re
import sys

import project
from harness import ROOT, check, check_equal, connect, run_server_tests

FOLDER = ROOT / 'examples' / 'python'
sys.path.insert(0, str(FOLDER))
sys.dont_write_bytecode = True
import sluice  # noqa: E402


def start_worker(server):
    worker = project.Process(server, sys.executable, '-B', '-u', 'worker.py', folder=FOLDER,
                             name='python-worker')
    worker.wait_for('ready')
    return worker


def a_producer_and_a_worker_in_python(server):
    server.start()
    worker = start_worker(server)
    try:
        said = project.run(server, sys.executable, '-B', 'producer.py', 'harbour', folder=FOLDER)
        check_equal(said, 'succeeded {"hello": "harbour"}\n', 'what the producer says')
        said = project.run(server, sys.executable, '-B', 'producer.py', '', folder=FOLDER, code=2)
        check('dead' in said and 'ValueError' in said, f'a wrong argument: {said}')
        check('2 jobs done' in worker.stop(), 'the worker counts its jobs')
    finally:
        worker.close()


def a_client_does_all_that_it_says(server):
    server.environment['SLUICE_JOBS_PASSWORD'] = 's3cret/word'
    server.start()
    url = f'tcp://:s3cret%2Fword@{server.address}'
    producer, worker = sluice.Sluice(url), sluice.Sluice(url, wid='python-test')
    beats = sluice.Sluice(url, wid='python-test')
    first = producer.push('t', 1, {'a': None}, queue='q', custom={'traceparent': 'x'})
    job, = worker.fetch('q')
    check_equal((job['jid'], job['args'], job['attempt']), (first, [1, {'a': None}], 1), 'the job')
    check_equal(beats.beat([job]), {'cancel': [], 'lost': []}, 'the answer to a beat')
    worker.ack(job, {'n': 1})
    check_equal(producer.wait(first)['result'], {'n': 1}, 'the result')
    second = producer.push('t', queue='q')
    job, = worker.fetch('q')
    worker.fail(job, ValueError('bad'), final=True)
    check_equal(producer.wait(second)['error'], {'errtype': 'ValueError', 'message': 'bad'},
                'the failure')
    check_equal(worker.fetch('q', seconds=0), [], 'an empty queue')
    try:
        producer.call('PUSH', {'jid': 'x'})
        check(False, 'a push without a type was taken')
    except sluice.Refused as error:
        check('jid' in str(error), f'why it was refused: {error}')
    for client in (producer, worker, beats):
        client.close()
    try:
        sluice.Sluice(f'tcp://:wrong@{server.address}')
        check(False, 'a wrong password was taken')
    except (sluice.Refused, ConnectionError):
        pass


def a_killed_worker_loses_no_job(server):
    server.start()
    worker = start_worker(server)
    worker.process.kill()
    worker.process.wait()
    producer = sluice.Sluice(server.url)
    jid = producer.push('greet', 'again', queue='python')
    wire = connect(server, x=1)
    check_equal(wire.call_json('JOB GET', {'jid': jid})['state'], 'enqueued', 'it waits')
    other = start_worker(server)
    try:
        check_equal(producer.wait(jid)['result'], {'hello': 'again'}, 'another worker ran it')
        other.stop()
    finally:
        other.close()
        wire.close()
        producer.close()


def the_client_is_as_short_as_it_says(_):
    text = (FOLDER / 'sluice.py').read_text(encoding='utf-8')
    lines = [line for line in text.splitlines()
             if line.strip() and not re.match(r'\s*(#|""")', line)]
    check(len(lines) <= 60, f'the client has {len(lines)} lines of code')
    imported = re.findall(r'^(?:import|from) (\w+)', text, re.MULTILINE)
    check(set(imported) <= set(sys.stdlib_module_names), f'not the standard library: {imported}')


run_server_tests(a_producer_and_a_worker_in_python, a_client_does_all_that_it_says,
         a_killed_worker_loses_no_job, the_client_is_as_short_as_it_says)
