#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Flows through a real server: maps, finishing jobs, and SIGKILL of worker and server at random
moments. SLUICE_LONG_TESTS=1 kills more often; SLUICE_SEED chooses the moments."""

import json
import os
import random
import time

import rig
import harness
from harness import run_tests, wait_until
from rig import check, check_equal

SETTINGS = ['jobs.restart_grace=1s', 'jobs.losses_max=100']


def jobs_of(station, jobtype):
    """Every job of a type that the server knows, by jid."""
    wire = harness.connect(station.server, x=1)
    found, after = {}, None
    while True:
        page = wire.call_json('JOB LIST', {'filter': {'jobtype': jobtype}, 'limit': 1000}
                              | ({'after': after} if after else {}))
        for job in page['jobs']:
            found.setdefault(job['jid'], []).append(job)
        after = page.get('next')
        if not after:
            wire.close()
            return found


def succeeded(station):
    """Completions since the server's store began."""
    wire = harness.connect(station.server, x=1)
    info = wire.call_json('INFO')
    wire.close()
    return info['faktory']['total_processed']


def check_each_once(station, jobtype, count):
    jobs = jobs_of(station, jobtype)
    check_equal(len(jobs), count, f'jobs of type {jobtype}')
    for jid, same in jobs.items():
        check_equal([job['state'] for job in same], ['succeeded'], f'{jobtype} {jid}')


def map_and_finish():
    with rig.Station() as station:
        begun = station.run('flow.map', 'texts', [{'type': 'text.wordcount', 'args': ['{path}']}],
                            {'pattern': '*.txt', 'finish': {
                                'type': 'text.wordcount', 'args': ['{results}']}})
        files = len(list((rig.DATA / 'texts').rglob('*.txt')))
        check_equal(begun['files'], files, 'files of the flow')
        summary = station.wait_later(begun['finish'])
        check_equal((summary['succeeded'], summary['failed']), (files, 0), 'summary')
        check_equal(json.loads((station.out / begun['summary']).read_text()), summary, 'the file')
        lines = (station.out / summary['results']).read_text().splitlines()
        check_equal(len(lines), files, 'lines of the results')
        for line in lines:
            check(json.loads(line)['result']['words'] > 0, f'no words: {line}')
        check_equal(station.wait_later(begun['final'])['lines'], files, 'what the last job counted')
        check_each_once(station, 'text.wordcount', files + 1)
        failure = station.fail('flow.map', 'texts', [{'type': 'x', 'args': ['{no}']}])
        check(failure.final and '{no}' in failure.message, failure)


def a_worker_with_one_slot_is_enough():
    with rig.Station(concurrency=1) as station:
        for i in range(40):
            path = station.out / 'in' / f'{i}.txt'
            path.parent.mkdir(exist_ok=True)
            path.write_text(f'file {i}\n')
        begun = station.run('flow.map', 'in', [
            {'type': 'file.compress', 'args': ['{path}', 'packed/{stem}.gz']},
            {'type': 'file.decompress', 'args': ['{output}', 'back/{stem}.txt']}],
            {'window': 7})
        summary = station.wait_later(begun['finish'])
        check_equal((summary['succeeded'], summary['jobs']), (40, 80), 'summary')
        for i in range(40):
            check_equal((station.out / 'back' / f'{i}.txt').read_text(), f'file {i}\n', 'a file')


def failures_and_stop():
    with rig.Station() as station:
        (station.out / 'in').mkdir()
        for i in range(30):
            (station.out / 'in' / f'{i:02}.gz').write_bytes(b'not compressed')
        step = {'type': 'file.decompress', 'args': ['{path}', 'back/{stem}'], 'retry': 0}
        begun = station.run('flow.map', 'in', [step])
        summary = station.wait_later(begun['finish'])
        check_equal((summary['succeeded'], summary['failed']), (0, 30), 'continue')
        begun = station.run('flow.map', 'in', [step], {'on_failure': 'stop', 'window': 2})
        summary = station.wait_later(begun['finish'])
        check(summary['stopped'] and summary['failed'] <= 4 and
              summary['failed'] + summary['skipped'] == 30, summary)
        check_equal(station.run('flow.stop', begun['flow'])['stopped'], False, 'a late stop')


def kills():
    rounds = 12 if os.environ.get('SLUICE_LONG_TESTS') else 3
    seed = int(os.environ.get('SLUICE_SEED', time.time()))
    print(f'seed {seed}', flush=True)
    choose = random.Random(seed)
    files = 60 * rounds
    with rig.Station(settings=SETTINGS) as station:
        (station.out / 'in').mkdir()
        for i in range(files):
            (station.out / 'in' / f'{i}.txt').write_text(f'file {i}\n' * (i + 1))
        jid = station.push('flow.map', 'in', [
            {'type': 'file.compress', 'args': ['{path}', 'packed/{stem}.gz']},
            {'type': 'file.decompress', 'args': ['{output}', 'back/{stem}.txt']}],
            {'window': 50, 'finish': {'type': 'text.wordcount', 'args': ['{outputs}']}})
        for done in range(rounds):
            goal = (files * 2 * done + choose.randint(0, files * 2)) // rounds
            wait_until(lambda: succeeded(station) >= goal, f'{goal} completions', 180)
            kill_server, kill_worker = choose.choice([(1, 0), (0, 1), (1, 1)])
            if kill_server:
                station.server.kill()
            if kill_worker:
                station.worker.kill()
            if kill_server:
                station.server.start()
            if kill_worker:
                station.start_worker()
        begun = station.wait(jid, 300)
        summary = station.wait_later(begun['finish'], 300)
        check_equal((summary['succeeded'], summary['failed'], summary['jobs']),
                    (files, 0, 2 * files), 'summary')
        check_equal(station.wait_later(begun['final'])['lines'], files, 'what the last job counted')
        for jobtype, count in (('file.compress', files), ('file.decompress', files),
                               ('flow.map', 1), ('flow.finish', 1), ('text.wordcount', 1)):
            check_each_once(station, jobtype, count)
        looks = len(jobs_of(station, 'flow.page'))
        check_equal(succeeded(station), 2 * files + 3 + looks, 'completions in all')
        for i in range(files):
            check_equal((station.out / 'back' / f'{i}.txt').read_text(), f'file {i}\n' * (i + 1),
                        f'the content of file {i}')


if __name__ == '__main__':
    run_tests(map_and_finish, a_worker_with_one_slot_is_enough, failures_and_stop, kills)
