#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The limit of open files that a server begins with: a low soft one does not matter, and a low hard one
costs connections, but never the store's files. Small numbers stand for the usual 1,024."""

import json
import resource

import harness
from harness import check, check_equal

HARD = resource.getrlimit(resource.RLIMIT_NOFILE)[1]


def allowed(server):
    """connections_max in the line of the job port."""
    return next(json.loads(line)['connections_max'] for line in server.log().splitlines()
                if '"job port open"' in line)


def push(wire, jid):
    check_equal(wire.call('PUSH', {'jid': jid, 'jobtype': 't', 'args': []}), '+OK', 'a push')


def more_clients_than_the_soft_limit(server):
    server.wrapper = ['prlimit', f'--nofile=200:{HARD}']
    server.start()
    wires = [harness.connect(server) for _ in range(400)]
    for i, wire in enumerate(wires):
        push(wire, f'open-files-{i:03}')
        wire.close()


def a_low_hard_limit_leaves_the_store_its_files(server):
    server.wrapper = ['prlimit', '--nofile=300:300']
    server.start()
    room = allowed(server)
    check_equal(room, 150, 'connections of the job port')
    wires = [harness.connect(server) for _ in range(room)]
    try:
        harness.connect(server)
        check(False, 'one connection too many was taken')
    except OSError:
        pass
    for i, wire in enumerate(wires):
        push(wire, f'open-files-{i:03}')
    check_equal(server.terminate(), 0, 'the exit code of the server')
    check('Too many open files' not in server.log(), 'it never ran out of descriptors')
    for wire in wires:
        wire.close()


def nothing_changes_where_there_are_enough(server):
    server.settings.append('jobs.connections_max=40')
    server.start()
    check_equal(allowed(server), 40, 'connections of the job port')


harness.run_server_tests(more_clients_than_the_soft_limit, a_low_hard_limit_leaves_the_store_its_files,
                         nothing_changes_where_there_are_enough)
