#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server whose disk fills up: a small file system of its own, filled with zeros. Pushes are
refused, everything else goes on; without any room nothing that was answered is lost; with room
again it goes on by itself."""

import json
import time
import urllib.request

import disk
import harness
import load
from harness import check, check_equal, sluice, wait_until

MIB = 1 << 20
DISK_BYTES = 160 * MIB
SETTINGS = ['jobs.memtable=4MiB', 'jobs.disk_ballast=16MiB', 'jobs.disk_refuse_below=32MiB',
            'jobs.disk_accept_above=48MiB', 'jobs.losses_max=100', 'jobs.finished_max=1000000']
DISK_FULL = "-UNAVAILABLE the server's disk is full; free space or add more, then try again"
GONE = 'the connection ended'
NEARLY_FULL = "the server's disk is nearly full; free space or add more"


def state_of(server):
    info = harness.connect(server).call_json('INFO')
    sets = info['faktory']['sets']
    return {'enqueued': info['faktory']['total_enqueued'], 'running': sets['working'],
            'retrying': sets['retries'], 'dead': sets['dead'],
            'succeeded': info['faktory']['total_processed'] - info['faktory']['total_failures'],
            'disk_full': info['server']['disk_full']}


def http(server, path):
    with urllib.request.urlopen(f'http://{server.http_address}{path}', timeout=20) as answer:
        return answer.read().decode()


def metric(server, name):
    for line in http(server, '/metrics').splitlines():
        if line.startswith(name + ' '):
            return float(line.split()[1])
    raise harness.Failed(f'no metric {name}')


def push_some(wire, prefix, count):
    text = 'x' * 2000
    for at in range(0, count, 100):
        jobs = [{'jid': f'{prefix}-{at + i:06}', 'jobtype': 't', 'args': [text], 'queue': 'q'}
                for i in range(100)]
        check_equal(wire.call('PUSHB', jobs), b'{}', 'pushes while there is room')


def pushes_are_refused_everywhere(server):
    plain, worker = harness.connect(server), harness.connect(server, x=1)
    job = {'jid': 'refused-1', 'jobtype': 't', 'args': []}
    check_equal(plain.call('PUSH', job), f'-ERR {NEARLY_FULL}', 'PUSH')
    check_equal(worker.call('PUSH', job), f'-FULL {NEARLY_FULL}', 'PUSH of an opted-in client')
    check_equal(worker.call('PUSHB', [job, job | {'jid': 'refused-2'}]), f'-FULL {NEARLY_FULL}',
                'PUSHB')
    done = sluice('push', 't', '1', server=server)
    check(done.code == 1 and NEARLY_FULL in done.err and done.out == '',
          f'sluice push: {done.code} {done.out!r} {done.err!r}')
    path = server.folder / 'jobs.jsonl'
    path.write_text('{"jobtype":"t","args":[]}\n' * 3000)
    done = sluice('push', '--file', path, server=server)
    check(done.code == 1 and NEARLY_FULL in done.err, f'push --file: {done.code} {done.err!r}')
    check(len(done.err.splitlines()) < 10, f'push --file says it once:\n{done.err}')


def it_is_shown_everywhere(server):
    check_equal(json.loads(http(server, '/health'))['status'], 'disk_full', '/health')
    check_equal(metric(server, 'sluice_jobs_disk_full'), 1, 'the metric')
    check(0 < metric(server, 'sluice_jobs_disk_free_bytes') < 32 * MIB, 'the metric of free space')
    check('nearly full' in sluice('info', server=server).out, 'sluice info')
    check('DISK FULL' in sluice('top', '--once', server=server).out, 'sluice top')
    check_equal(server.log().count('disk nearly full: pushes are refused'), 1, 'lines in the log')


def everything_else_goes_on(server, held):
    """Acks, failures, deliveries and give-backs of leases, and a worker that begins now."""
    worker = harness.connect(server, x=1, wid='holder')
    answers = [{'jid': job['jid'], 'lease': job['lease']} for job in held]
    check_equal(worker.call_json('ACKB', answers[:50]), {}, 'acks')
    check_equal(worker.call_json('FAILB', [answer | {'errtype': 'E', 'message': 'no'}
                                           for answer in answers[50:75]]), {}, 'failures')
    check_equal(worker.call('REQUEUE', answers[75]), '+OK', 'a job that is given back')
    other = harness.connect(server, x=1, wid='another')
    more = other.call_json('FETCHB', {'queues': ['q'], 'max': 100, 'wait_ms': 0})
    check_equal(len(more), 100, 'deliveries')
    check_equal(other.call_json('ACKB', [{'jid': job['jid'], 'lease': job['lease']}
                                         for job in more]), {}, 'acks of a later delivery')
    check_equal(sluice('cancel', 'kept-000999', server=server).code, 0, 'sluice cancel')


def a_nearly_full_disk_refuses_pushes_and_nothing_else(server, small):
    server.start()
    worker = harness.connect(server, x=1, wid='holder')
    push_some(worker, 'kept', 1000)
    held = worker.call_json('FETCHB', {'queues': ['q'], 'max': 100, 'wait_ms': 0})
    check_equal(len(held), 100, 'jobs held')
    small.fill(leave=20 * MIB)
    server.log_reader.wait_for('disk nearly full', 20)
    pushes_are_refused_everywhere(server)
    it_is_shown_everywhere(server)
    everything_else_goes_on(server, held)
    # 1000 pushed; 150 acknowledged, 25 failed, one cancelled, 24 held, the rest waits.
    expected = {'enqueued': 800, 'running': 24, 'retrying': 25, 'dead': 0, 'succeeded': 150,
                'disk_full': True}
    check_equal(state_of(server), expected, 'the state')
    server.kill()
    server.start()
    check_equal(state_of(server), expected, 'the state after SIGKILL and a start on a full disk')
    pushes_are_refused_everywhere(server)
    small.give_back()
    server.log_reader.wait_for('there is disk space again', 20)
    push_some(harness.connect(server, x=1), 'after', 100)
    check_equal(state_of(server), expected | {'enqueued': 900, 'disk_full': False}, 'at the end')
    check_equal(json.loads(http(server, '/health'))['status'], 'ok', '/health')
    check((server.data / 'ballast').exists(), 'the ballast was not made again')


def a_disk_without_any_room_loses_nothing(server, small):
    """Under load, twice: with a SIGKILL and a start while there is no room at all."""
    server.settings += ['jobs.restart_grace=1s']
    server.start()
    work = load.Load(server, producers=4, workers=2)
    for _ in range(2):
        work.wait_for_pushes(2000)
        refused = work.books.refused
        small.fill()
        wait_until(lambda: refusals(work) > refused + 10, 'refused pushes', 60)
        wait_until(lambda: nothing_is_open(server), 'the backlog is worked off on the full disk', 60)
        server.kill()
        small.fill()
        start_or_be_told(server, small)
        refused = refusals(work)
        wait_until(lambda: refusals(work) > refused + 10, 'refused pushes after the start', 60)
        small.give_back()
        work.wait_for_pushes(500)
    work.finish()


def start_or_be_told(server, small):
    """Even what the ballast gave back is taken: a start may need more, and says so then."""
    try:
        server.start()
    except harness.Failed:
        check_equal(server.process.returncode, 1, 'the exit code of serve')
        last = server.log().rstrip().splitlines()[-1]
        check('No space left on device' in last and last.endswith('Make room on this disk'), last)
        leave_a_little(small)
        server.start()
    leave_a_little(small)


def leave_a_little(small):
    small.give_back()
    small.fill(leave=8 * MIB)


def refusals(work):
    if work.producer_threads.errors:
        raise work.producer_threads.errors[0]
    return work.books.refused


def nothing_is_open(server):
    try:
        state = state_of(server)
        return state['enqueued'] + state['running'] + state['retrying'] == 0
    except (OSError, ValueError):
        return False  # it reloads


def when_nothing_can_be_written_everybody_is_told(server, small):
    """Somebody eats every byte, also those that the ballast gives back, while workers bring results
    that are too much for what is left."""
    server.start()
    count = 3000
    push_some(harness.connect(server, x=1), 'job', count)
    answered, errors = set(), []
    with small.kept_full():
        server.log_reader.wait_for('disk nearly full', 20)
        wait_until(lambda: bring_results(server, answered, errors), 'the end of what can be written')
        check(all(error in (DISK_FULL, GONE) for error in errors), f'the errors: {set(errors)}')
        done = sluice('push', 't', '1', server=server)
        check(done.code in (1, 4) and 'disk is ' in done.err, f'sluice push: {done.code} {done.err}')
        top_says_why_without_waiting(server, lambda: bring_results(server, answered, errors))
        check(server.process.poll() is None, 'the server has ended')
        check('Make room on this disk' in server.log(), 'the log does not say what to do')
        server.kill()
        try:
            server.start()
            server.kill()
        except harness.Failed:
            check('Make room on this disk' in server.log().splitlines()[-1], 'the last line')
    small.give_back()
    server.start()
    wire = harness.connect(server, x=1)
    ids = [f'job-{i:06}' for i in range(count)]
    states = {}
    for at in range(0, count, 1000):
        for job in wire.call_json('WAIT', {'jids': ids[at:at + 1000], 'timeout_ms': 0})['jobs']:
            states[job['jid']] = job['state']
    lost = [jid for jid in answered if states[jid] != 'succeeded']
    check(not lost, f'{len(lost)} of {len(answered)} answered acks are lost, such as {lost[:3]}')
    odd = {state for jid, state in states.items() if jid not in answered} - {
        'enqueued', 'running', 'succeeded'}
    check(not odd, f'states of the other jobs: {odd}')
    push_some(wire, 'after', 100)
    print(f'  {len(answered):,} acks answered, {len(errors)} errors told; {count:,} jobs are there')


def top_says_why_without_waiting(server, ask):
    """While the server reloads with longer and longer pauses, up to 5 s, for what is asked of it."""
    said = []
    for _ in range(5):
        ask()
        begun = time.monotonic()
        done = sluice('top', '--once', server=server)
        said.append(done.out + done.err)
        seconds = time.monotonic() - begun
        check(seconds < 3, f'sluice top took {seconds:.1f} s: {said[-1]}')
    # A reload may end a connection at any moment, before it has asked as well.
    check(any('DISK FULL' in text or 'disk is full' in text for text in said), f'sluice top: {said}')


def bring_results(server, answered, errors):
    """Fetches and acknowledges until it is told of an error; true once it was told of five."""
    try:
        worker = harness.connect(server, x=1, wid='bringer')
        while True:
            jobs = worker.call_json('FETCHB', {'queues': ['q'], 'max': 20, 'wait_ms': 0})
            check(jobs, 'no jobs are left: the disk had too much room')
            reply = worker.call('ACKB', [{'jid': job['jid'], 'lease': job['lease'],
                                          'result': 'r' * 20_000} for job in jobs])
            if reply != b'{}':
                errors.append(reply)
                break
            answered.update(job['jid'] for job in jobs)
    except OSError:
        errors.append(GONE)
    except harness.Failed as error:
        check(DISK_FULL in str(error), str(error))
        errors.append(DISK_FULL)
    return len(errors) >= 5


def run(test):
    def with_disk():
        with disk.Disk(DISK_BYTES) as small, \
                harness.Server(settings=SETTINGS, data=small.place / 'data') as server:
            test(server, small)
    with_disk.__name__ = test.__name__
    return with_disk


disk.enter_namespace()
harness.run_tests(run(a_nearly_full_disk_refuses_pushes_and_nothing_else),
                  run(a_disk_without_any_room_loses_nothing),
                  run(when_nothing_can_be_written_everybody_is_told))
