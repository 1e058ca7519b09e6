#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/node, the producer and the worker with the npm client, with a real server. The client at
the version of the committed lock file; nothing of a package is run at its installation."""

import hashlib
import shutil
import sys

import project
from harness import ROOT, check, check_equal, connect, run_server_tests

EXAMPLE = ROOT / 'examples' / 'node'
FOLDER = project.BUILD / 'node-example'


def install():
    """Into the build folder, once for each lock file."""
    if not shutil.which('node') or not shutil.which('npm'):
        print('node and npm are not installed; ./dev setup does')
        sys.exit(77)
    stamp = FOLDER / 'installed'
    mark = hashlib.sha256((EXAMPLE / 'package-lock.json').read_bytes()).hexdigest()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in ('package.json', 'package-lock.json', 'producer.js', 'worker.js'):
        shutil.copyfile(EXAMPLE / name, FOLDER / name)
    if stamp.exists() and stamp.read_text() == mark:
        return
    project.succeed('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund', folder=FOLDER)
    stamp.write_text(mark)


def a_producer_and_a_worker_in_node(server):
    server.start()
    worker = project.Process(server, 'node', 'worker.js', folder=FOLDER, name='node-worker')
    wire = connect(server, x=1)
    try:
        worker.wait_for('ready')
        jid = project.run(server, 'node', 'producer.js', 'harbour', folder=FOLDER).strip()
        worker.wait_for(f'hello harbour ({jid})')
        done = wire.call_json('WAIT', {'jids': [jid], 'timeout_ms': 30_000})
        check_equal(done['jobs'][0]['state'], 'succeeded', 'the job')
        check_equal(wire.call('PUSH', {'jid': 'a-bad-one', 'jobtype': 'greet', 'queue': 'node',
                                       'args': [7], 'retry': -1}), '+OK', 'the push')
        done = wire.call_json('WAIT', {'jids': ['a-bad-one'], 'timeout_ms': 30_000})
        check_equal(done['jobs'][0]['state'], 'dead', 'a job with a wrong argument')
        check('1 jobs done' in worker.stop(), 'the worker counts its jobs')
    finally:
        wire.close()
        worker.close()


install()
run_server_tests(a_producer_and_a_worker_in_node)
