#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sluice backup` of a server under load, `sluice restore`, and a server on the copy."""

import harness
import load
from harness import check, check_equal, sluice


def a_backup_has_everything_that_was_answered_before_it(server):
    server.start()
    work = load.Load(server, producers=4, workers=2)
    work.wait_for_pushes(500)
    with work.books.lock:
        before = list(work.books.answered)
    copy = server.folder / 'copy'
    done = sluice('backup', copy, '--http', server.http_address, '--json')
    check_equal((done.code, done.json), (0, {'directory': str(copy)}), f'backup: {done.err}')
    again = sluice('backup', copy, '--http', server.http_address)
    check(again.code != 0, 'a second backup into the same folder must be refused')
    work.finish()
    server.terminate()

    restored = server.folder / 'restored'
    done = sluice('restore', copy, '--data', restored, '--json')
    check_equal((done.code, done.json), (0, {'backup': str(copy), 'data': str(restored)}),
                f'restore: {done.err}')
    refused = sluice('restore', copy, '--data', restored)
    check(refused.code != 0, 'restoring over a store must be refused')
    with harness.Server(settings=server.settings, data=restored) as other:
        other.start()
        wire = harness.connect(other, x=1)
        answer = {}
        for at in range(0, len(before), 1000):
            for job in wire.call_json('WAIT', {'jids': before[at:at + 1000],
                                               'timeout_ms': 0})['jobs']:
                answer[job['jid']] = job['state']
        lost = [jid for jid in before if answer.get(jid, 'unknown') == 'unknown']
        check(not lost, f'{len(lost)} of {len(before)} jobs are not in the backup: {lost[:3]}')
        # And it works: a new job passes through.
        check_equal(wire.call('PUSH', {'jid': 'after-restore', 'jobtype': 't', 'args': [],
                                       'queue': 'new'}), '+OK', 'a push to the restored server')
        job = wire.call_json('FETCH', 'new')
        check_equal(job['jid'], 'after-restore', 'the fetched job')
        print(f'  {len(before):,} jobs in the backup')


def mistakes_are_told(server):
    server.start()
    done = sluice('restore', server.folder / 'nothing', '--data', server.folder / 'x')
    check(done.code != 0 and done.err, 'restoring from nothing must fail with a message')
    done = sluice('backup', server.folder / 'c', '--http', '127.0.0.1:1')
    check_equal(done.code, 4, 'the exit code without a server')
    check('sluice serve' in done.err, f'the message must say what to do: {done.err}')


harness.run_server_tests(a_backup_has_everything_that_was_answered_before_it, mistakes_are_told,
                 settings=['jobs.restart_grace=1s', 'jobs.finished_max=1000000'])
