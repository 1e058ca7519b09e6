#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sluice simulate` as a user runs it: what it prints, what it refuses, how Ctrl-C ends it."""

import json
import os
import pathlib
import pty
import re
import signal
import subprocess
import sys
import time

import harness
from harness import SLUICE, Failed, check, check_equal, sluice, wait_until

OK, FAILED, USAGE = 0, 1, 2
NUMBER = (int, float)


def simulate(*words, code=OK, **more):
    done = sluice('simulate', *words, **more)
    check_equal(done.code, code, f'exit code of sluice simulate {" ".join(map(str, words))}\n'
                                 f'  out: {done.out[:500]}\n  err: {done.err[:500]}')
    return done


def start(*words):
    return subprocess.Popen([str(SLUICE), 'simulate', *map(str, words)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True)


def check_account(stats):
    check_equal(stats['produced'], stats['consumed'] + stats['failed'] + stats['left'],
                'produced against consumed + failed + left')
    check_equal(stats['consumed'], sum(one['consumed'] for one in stats['consumers']),
                'consumed against its consumers')
    check_equal(stats['produced'], sum(one['produced'] for one in stats['producers']),
                'produced against its producers')


def the_plain_command_prints_json():
    report = simulate('--items', 20, '--consumers', 3, '--capacity', 10, '--failure-rate', 0.1).json
    check_equal(list(report), ['config', 'stats', 'results_sample'], 'the members')
    config, stats, sample = report['config'], report['stats'], report['results_sample']
    check_equal((config['items'], config['consumers'], config['capacity'], config['failure_rate']),
                (20, 3, 10, 0.1), 'the configuration')
    for name in ('producers', 'retry', 'priority', 'seed', 'timeout_s'):
        check(isinstance(config[name], NUMBER), f'config.{name} is no number')
    for name in ('produced', 'consumed', 'failed', 'retried', 'timeouts', 'left', 'throughput',
                 'queue_depth_max', 'queue_depth_mean', 'blocked_on_full_s', 'blocked_on_empty_s',
                 'elapsed_s'):
        check(isinstance(stats[name], NUMBER) and stats[name] >= 0, f'stats.{name}: {stats}')
    for name in ('wait_s', 'work_s'):
        check_equal(list(stats[name]), ['mean', 'p50', 'p95', 'p99', 'max'], name)
    check_equal(len(stats['mean_time_per_consumer_s']), 3, 'mean times, one a consumer')
    check_equal(stats['end'], 'complete', 'the end')
    check_equal(stats['produced'], 20, 'items produced')
    check_account(stats)
    check_equal([one['item'] for one in sample], list(range(10)), 'the sample')
    for one in sample:
        check_equal(set(one), {'item', 'end', 'attempts', 'priority', 'producer', 'consumer',
                               'waited_s', 'worked_s'}, 'an item of the sample')
    compact = simulate('--items', 3, '--json').out
    check_equal(compact.count('\n'), 1, 'lines of --json')
    check_equal(simulate('--items', 0).json['stats']['produced'], 0, 'nothing to do')
    text = simulate('--items', 20, '--text').out
    check('20 produced = 20 consumed + 0 failed + 0 left' in text, text)


def every_flag_reaches_the_run():
    report = simulate('--items', 60, '--producers', 2, '--consumers', 2, '--capacity', 4,
                      '--failure-rate', 0.5, '--retry', 2, '--priority', 3, '--timeout', '5ms',
                      '--arrival', 'poisson:400', '--service', 'uniform:1ms,3ms', '--seed', 9,
                      '--shutdown', 'sentinel', '--sample', 60).json
    config, stats = report['config'], report['stats']
    check_equal((config['producers'], config['retry'], config['priority'], config['timeout_s'],
                 config['arrival'], config['service'], config['shutdown'], config['seed']),
                (2, 2, 3, 0.005, 'poisson, 400/s', 'uniform, mean 2ms, cv 0.289', 'sentinel', 9),
                'the configuration')
    check_account(stats)
    check_equal(stats['left'], 0, 'items left')
    check(stats['retried'] > 0 and stats['failed'] > 0, f'no failures: {stats}')
    check_equal({one['priority'] for one in report['results_sample']}, {1, 2, 3}, 'priorities')
    check(all(one['attempts'] == 3 for one in report['results_sample'] if one['end'] == 'failed'),
          'a failed item had not used all its attempts')
    check_equal(simulate('--items', 5, '--priority').json['config']['priority'], 3,
                'levels of --priority alone')
    full = simulate('--items', 20, '--consumers', 1, '--capacity', 1, '--service', '5ms').json
    check(full['stats']['blocked_on_full_s'] > 0.05, 'the producer was not held back')
    idle = simulate('--items', 5, '--arrival', '20ms', '--timeout', '0.005', '--service', '0').json
    check(idle['stats']['timeouts'] > 5, 'no consumer timed out')
    check(idle['stats']['blocked_on_empty_s'] > 0.1, 'the consumers did not wait')


def the_seed_decides():
    words = ('--items', 200, '--failure-rate', 0.3, '--retry', 1, '--service', '100us',
             '--sample', 200)
    def ends(*more):
        return [(one['item'], one['end'], one['attempts'])
                for one in simulate(*words, *more).json['results_sample']]
    first = ends()
    check_equal(ends('--consumers', 7, '--producers', 3, '--capacity', 2), first,
                'what happened to the items with other threads')
    check(ends('--seed', 2) != first, 'another seed changed nothing')


def wrong_usage_names_the_flag_and_the_range():
    for words, parts in [
            (['--consumers', 0], ['--consumers', '1 to 1024', "'0'"]),
            (['--consumers', -3], ['--consumers', '1 to 1024', "'-3'"]),
            (['--consumers', 'many'], ['--consumers', '1 to 1024', "'many'"]),
            (['--consumers', 2000], ['--consumers', '1 to 1024']),
            (['--capacity', 0], ['--capacity', '1 to 1000000', "'0'"]),
            (['--producers', 0], ['--producers', '1 to 256']),
            (['--items', -1], ['--items', '0 to 100000000']),
            (['--items', 1.5], ['--items', '1.5']),
            (['--failure-rate', 1.01], ['--failure-rate', '0 to 1', "'1.01'"]),
            (['--failure-rate', -0.1], ['--failure-rate', '0 to 1', "'-0.1'"]),
            (['--failure-rate', 'nan'], ['--failure-rate', '0 to 1', "'nan'"]),
            (['--failure-rate', 'half'], ['--failure-rate', '0 to 1']),
            (['--retry', 101], ['--retry', '0 to 100']),
            (['--priority', 0], ['--priority', '1 to 9']),
            (['--priority', 10], ['--priority', '1 to 9']),
            (['--timeout', 'soon'], ['--timeout', 'soon']),
            (['--timeout', -1], ['--timeout']),
            (['--arrival', 'often'], ['--arrival', 'poisson:50']),
            (['--service', 'exp:0s'], ['--service', 'above 0']),
            (['--service', 'quick'], ['--service', 'exponential:20ms']),
            (['--shutdown', 'now'], ['--shutdown', 'close', 'sentinel']),
            (['--sample', 99999], ['--sample', '0 to 10000']),
            (['--seed', 'x'], ['--seed']),
            (['--json', '--text'], ['--text']),
            (['--consumer', 3], ['--consumer']),
            (['surplus'], ['surplus'])]:
        done = simulate(*words, code=USAGE)
        check_equal(done.out, '', f'output of {words}')
        for part in parts:
            check(part in done.err, f'{words}: "{part}" is not in: {done.err}')


def wait_for_threads(process, name):
    """Until a thread of that name runs."""
    tasks = pathlib.Path(f'/proc/{process.pid}/task')

    def is_there():
        check(process.poll() is None, f'ended early: {process.stderr}')
        return any(name in (task / 'comm').read_text() for task in tasks.iterdir())
    wait_until(is_there, f'a thread {name}')


def ctrl_c_drains():
    process = start('--items', 100000, '--arrival', '1ms', '--service', '50ms', '--capacity', 100)
    wait_for_threads(process, 'sim-producer')
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    check_equal(process.returncode, OK, f'exit code after Ctrl-C: {err}')
    check('drained' in err, err)
    stats = json.loads(out)['stats']
    check_equal((stats['end'], stats['left']), ('stopped', 0), 'the end')
    check(0 < stats['produced'] < 100000, f'produced: {stats["produced"]}')
    check_account(stats)


def a_second_ctrl_c_ends_it():
    for more in ([], ['--priority', 2, '--shutdown', 'sentinel']):
        process = start('--items', 50, '--service', '1h', '--consumers', 2, '--capacity', 5, *more)
        wait_for_threads(process, 'sim-producer')
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        line = process.stderr.readline()
        check('drained' in line, line)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        check_equal(process.returncode, FAILED, f'exit code after two signals: {err}')
        stats = json.loads(out)['stats']
        check_equal((stats['end'], stats['consumed']), ('cancelled', 0), 'the end')
        check(stats['left'] == stats['produced'] > 0, f'left: {stats}')
        check_account(stats)


def progress_is_for_terminals_only():
    words = ['--items', '40', '--arrival', '10ms', '--service', '1ms']
    check_equal(simulate(*words).err, '', 'standard error without a terminal')
    main, child = pty.openpty()
    with subprocess.Popen([str(SLUICE), 'simulate', *words], stdout=subprocess.PIPE, stderr=child,
                          text=True) as process:
        os.close(child)
        shown = b''
        try:
            while part := os.read(main, 4096):
                shown += part
        except OSError:
            pass  # the terminal went with the process
        out = process.stdout.read()
        check_equal(process.wait(60), OK, 'exit code')
    os.close(main)
    check(b'items' in shown and b'%' in shown, f'no progress: {shown!r}')
    check_equal(json.loads(out)['stats']['consumed'], 40, 'consumed')


def help_and_completion_know_it():
    text = simulate('--help').out
    for part in ('Examples:', 'sluice simulate --items 20', 'Ctrl-C', 'lognormal'):
        check(part in text, f'"{part}" is not in the help')
    flags = set(re.findall(r'--[a-z-]+', text))
    for shell in ('bash', 'zsh', 'fish'):
        script = sluice('completion', shell).out
        check('simulate' in script, f'{shell} does not know the command')
        for flag in ('--failure-rate', '--arrival'):
            check(flag in flags and flag.lstrip('-') in script, f'{shell} does not know {flag}')


TESTS = [the_plain_command_prints_json, every_flag_reaches_the_run, the_seed_decides,
         wrong_usage_names_the_flag_and_the_range, ctrl_c_drains, a_second_ctrl_c_ends_it,
         progress_is_for_terminals_only, help_and_completion_know_it]


def main():
    failed = []
    wanted = sys.argv[1:]
    for test in TESTS:
        if wanted and test.__name__ not in wanted:
            continue
        began = time.monotonic()
        try:
            test()
            print(f'ok    {test.__name__} ({time.monotonic() - began:.1f} s)', flush=True)
        except Exception as error:  # noqa: BLE001: any failure of a test is reported here
            failed.append(test.__name__)
            print(f'FAIL  {test.__name__}: {type(error).__name__}: {error}', flush=True)
            if not isinstance(error, Failed):
                import traceback
                traceback.print_exc()
    if failed:
        sys.exit(f'{len(failed)} of {len(TESTS)} failed: ' + ' '.join(failed))


if __name__ == '__main__':
    main()
