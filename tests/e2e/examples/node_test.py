#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/node, the producer and the worker with the npm client, with a real server. The client at
the version of the committed lock file; nothing of a package is run at its installation."""

import project
from harness import ROOT, check, check_equal, connect, npm_install, run_server_tests

EXAMPLE = ROOT / 'examples' / 'node'
FOLDER = project.BUILD / 'node-example'


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


npm_install(EXAMPLE, FOLDER, 'producer.js', 'worker.js')
run_server_tests(a_producer_and_a_worker_in_node)
