#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sluice simulate` as a user runs it: what it prints, what it refuses, how Ctrl-C ends it."""

import csv
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile

import harness
from harness import SLUICE, check, check_equal, sluice, wait_until

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
    # How long threads wait is the machine's affair where it is slow: then the run is made longer.
    for items in (20, 80, 320, 1280):
        stats = simulate('--items', items, '--consumers', 1, '--capacity', 1, '--service',
                         '5ms').json['stats']
        if stats['blocked_on_full_s'] > 0.05:
            break
    check(stats['blocked_on_full_s'] > 0.05, 'the producer was not held back')
    for items in (5, 20, 80, 320):
        stats = simulate('--items', items, '--arrival', '20ms', '--timeout', '0.005',
                         '--service', '0').json['stats']
        if stats['timeouts'] > 5 and stats['blocked_on_empty_s'] > 0.1:
            break
    check(stats['timeouts'] > 5, 'no consumer timed out')
    check(stats['blocked_on_empty_s'] > 0.1, 'the consumers did not wait')


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


def status_of(process, name):
    """What the kernel says of the first thread of that name; None: there is none."""
    check(process.poll() is None, f'ended early: {process.stderr}')
    for task in pathlib.Path(f'/proc/{process.pid}/task').iterdir():
        try:
            if name in (task / 'comm').read_text():
                return (task / 'status').read_text()
        except OSError:
            pass  # that thread has ended meanwhile
    return None


def sleeps_of(process, name):
    """How often it has gone to sleep by itself; None: there is none."""
    status = status_of(process, name)
    return status and int(re.search(r'^voluntary_ctxt_switches:\s*(\d+)', status, re.MULTILINE)[1])


def wait_for_thread(process, name, sleeps=0):
    """Until a thread of that name has slept so often."""
    wait_until(lambda: (sleeps_of(process, name) or -1) >= sleeps if sleeps else
               sleeps_of(process, name) is not None, f'{sleeps} sleeps of a thread {name}')


def wait_for_standstill(process, name):
    """Until a thread of that name sleeps and goes on sleeping."""
    looks = 20  # over most of a second
    seen = [None] * looks

    def stands_still():
        is_asleep = re.search(r'^State:\s*S', status_of(process, name) or '', re.MULTILINE)
        seen.append(sleeps_of(process, name) if is_asleep else None)
        return seen[-1] and len(set(seen[-looks:])) == 1
    wait_until(stands_still, f'a thread {name} that waits for good')


def interrupt_when_it_shows(sign, *words):
    """Runs it with a terminal for standard error, and interrupts it as soon as its progress matches
    the pattern. (exit code, output, what the terminal was shown)."""
    main, child = pty.openpty()
    with tempfile.TemporaryFile('w+') as out, subprocess.Popen(
            [str(SLUICE), 'simulate', *map(str, words)], stdout=out, stderr=child) as process:
        os.close(child)
        shown, is_told = b'', False
        try:
            while select.select([main], [], [], 60)[0] and (part := os.read(main, 4096)):
                shown += part
                if not is_told and re.search(sign, shown):
                    process.send_signal(signal.SIGINT)
                    is_told = True
        except OSError:
            pass  # the terminal went with the process
        finally:
            os.close(main)
            if not is_told:
                process.kill()
        code = process.wait(60)
        check(is_told, f'no progress that matches {sign}: {shown[-2000:]!r}')
        out.seek(0)
        return code, out.read(), shown.decode()


def ctrl_c_drains():
    process = start('--items', 100000, '--arrival', '1ms', '--service', '50ms', '--capacity', 100)
    wait_for_thread(process, 'sim-producer', sleeps=20)  # between its arrivals
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
        wait_for_standstill(process, 'sim-producer')  # the queue is full
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
    words = ['--arrival', '10ms', '--service', '1ms', '--items']
    check_equal(simulate(*words, 40).err, '', 'standard error without a terminal')
    code, out, shown = interrupt_when_it_shows(rb'%.* items', *words, 100000)
    check_equal(code, OK, f'exit code: {shown}')
    check_account(json.loads(out)['stats'])


def help_and_completion_know_it():
    text = simulate('--help').out
    for part in ('Real threads', 'Virtual time', 'sluice simulate --items 20', 'Ctrl-C', 'lognormal'):
        check(part in text, f'"{part}" is not in the help')
    flags = set(re.findall(r'--[a-z-]+', text))
    for shell in ('bash', 'zsh', 'fish'):
        script = sluice('completion', shell).out
        check('simulate' in script, f'{shell} does not know the command')
        for flag in ('--failure-rate', '--arrival'):
            check(flag in flags and flag.lstrip('-') in script, f'{shell} does not know {flag}')


SCENARIO = '''
name = "small"
duration = "10m"
warmup = "1m"
replications = 6
[[traffic]]
name = "mail"
arrivals = { kind = "poisson", rate = "8/s" }
service = { kind = "lognormal", mean = "400ms", cv = 1 }
failures = 0.05
retry = { limit = 3, backoff = "exponential", base = "5s" }
[[traffic]]
name = "media"
queue = "media"
arrivals = { kind = "bursts", states = [
  { rate = "1/s", stay = "1m" }, { rate = "9/s", stay = "10s" },
] }
service = { kind = "exponential", mean = "600ms" }
[[pool]]
name = "workers"
workers = 3
slots = 2
crashes_per_hour = 4
[[event]]
at = "5m"
kind = "deploy"
pool = "workers"
batch = 1
'''


class Folder:
    """A folder with the scenario, gone at the end."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix='sluice-e2e-'))
        self.scenario = self.path / 'small.toml'
        self.scenario.write_text(SCENARIO)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def virtual_time_is_the_same_whatever_the_threads():
    with Folder() as folder:
        words = ('--scenario', folder.scenario, '--json')
        first = simulate(*words, '--threads', 1).out
        for threads in (0, 2, 5):
            check(simulate(*words, '--threads', threads).out == first,
                  f'another report with --threads {threads}')
        check(simulate(*words, '--seed', 2).out != first, 'another seed changed nothing')
        report = json.loads(first)
        check_equal(report['schema'], 'sluice.simulation/1', 'the schema')
        check_equal([one['name'] for one in report['traffic']], ['mail', 'media'], 'the traffic')
        for name in ('arrived', 'wait_mean_s', 'wait_p99_s', 'throughput_hz'):
            figure = report['total'][name]
            check(figure['low'] <= figure['mean'] <= figure['high'], f'{name}: {figure}')
    flags = ('--virtual', '--items', 3000, '--arrival', 'poisson:40', '--service', 'exp:100ms',
             '--consumers', 6, '--failure-rate', 0.1, '--retry', 2, '--priority', 2, '--json')
    first = simulate(*flags, '--threads', 1).out
    check(simulate(*flags, '--threads', 3).out == first, 'flags: another report with 3 threads')


def virtual_time_answers_the_textbook():
    """M/M/3 at 80 %: a mean wait of 1.07865 service times (Erlang C)."""
    total = simulate('--virtual', '--items', 20000, '--arrival', 'poisson:240', '--service',
                     'exp:10ms', '--consumers', 3, '--replications', 30, '--json').json['total']
    wait = total['wait_mean_s']
    slack = 2 * (wait['high'] - wait['low'])
    check(abs(wait['mean'] - 0.0107865) < slack, f'the mean wait of M/M/3: {wait}')
    check(slack < 0.004, f'the interval is wide: {wait}')


def reports_are_written():
    with Folder() as folder:
        html, rows = folder.path / 'report.html', folder.path / 'report.csv'
        text = simulate('--scenario', folder.scenario, '--html', html, '--csv', rows, '--text',
                        '--ask', 'workers for p99 wait < 20s', '--ask', 'effect of events',
                        '--compare', folder.scenario).out
        for part in ('workers for p99 wait < 20s', 'effect of events', 'mail', 'media'):
            check(part in text, f'"{part}" is not in the text:\n{text[:3000]}')
        page = html.read_text()
        check(page.lower().startswith('<!doctype html>'), page[:100])
        check('<svg' in page and 'mail' in page, 'no charts in the page')
        for part in ('<script', '<link', '<img', '<iframe', '@import', 'url(http', 'src="http',
                     'href="http'):
            check(part not in page, f'the page is not self-contained: {part}')
        table = list(csv.DictReader(rows.open()))
        check_equal(list(table[0]), ['kind', 'name', 'measure', 'time_s', 'mean', 'low', 'high'],
                    'the columns')
        check(len(table) > 100, f'{len(table)} rows')
        # Nothing is asked of a terminal, so this is JSON.
        check_equal(simulate('--scenario', folder.scenario).json['schema'], 'sluice.simulation/1',
                    'the schema')


def virtual_time_refuses_nonsense():
    with Folder() as folder:
        wrong = folder.path / 'wrong.toml'
        wrong.write_text(SCENARIO.replace('slots = 2', 'slotz = 2'))
        scenario = ['--scenario', folder.scenario]
        for words, parts in [
                (['--html', 'x'], ['--html', '--virtual']),
                (['--ask', 'drain time'], ['--ask', '--virtual']),
                (['--virtual', '--capacity', 5], ['--capacity', 'real threads']),
                (['--virtual', '--consumers', 0], ['--consumers', '1 to']),
                (['--virtual', '--failure-rate', 2], ['--failure-rate', '0 to 1']),
                (['--virtual', '--items', 0], ['--items', '1 to']),
                (['--virtual', '--replications', 0], ['--replications', '1 to 2000']),
                (['--virtual', '--threads', 1000], ['--threads', '0 to 256']),
                ([*scenario, '--items', 5], ['--items', 'file']),
                ([*scenario, '--ask', 'why'], ['--ask']),
                ([*scenario, '--duration', 'long'], ['--duration', 'long']),
                ([*scenario, '--compare', folder.path / 'none.toml'], ['--compare', 'none.toml']),
                (['--scenario', folder.path / 'none.toml'], ['none.toml']),
                (['--scenario', wrong], ['wrong.toml', 'slotz', 'slots'])]:
            done = simulate(*words, code=USAGE)
            check_equal(done.out, '', f'output of {words}')
            for part in parts:
                check(part in done.err, f'{words}: "{part}" is not in: {done.err}')
        done = simulate(*scenario, '--html', folder.path / 'no' / 'folder.html', code=FAILED)
        check('--html' in done.err, done.err)


def virtual_time_can_be_interrupted():
    words = ['--virtual', '--arrival', 'poisson:2000', '--service', 'exp:1ms', '--consumers', 4,
             '--replications', 2000, '--warmup', '1s', '--items']  # given: no pilot runs to find it
    code, out, shown = interrupt_when_it_shows(rb'\b[1-9][\d,]* replications', *words, 20000)
    check_equal(code, FAILED, f'exit code: {shown}')
    check('interrupted' in shown, shown)
    report = json.loads(out)
    config = report['config']
    check(config['partial'] and 0 < config['replications'] < 2000, f'the report: {config}')
    check_equal(config['replications_planned'], 2000, 'planned')
    check('Partial' in report['notes'][0], report['notes'])
    # Nothing has finished of this: nothing to report, and it ends within a replication.
    code, out, shown = interrupt_when_it_shows(rb'\b0 replications', *words, 20000000)
    check_equal((code, out), (FAILED, ''), f'exit code and output: {shown}')
    check('nothing to report' in shown, shown)


if __name__ == '__main__':
    harness.run_tests(the_plain_command_prints_json, every_flag_reaches_the_run,
                      the_seed_decides, wrong_usage_names_the_flag_and_the_range, ctrl_c_drains,
                      a_second_ctrl_c_ends_it, progress_is_for_terminals_only,
                      help_and_completion_know_it,
                      virtual_time_is_the_same_whatever_the_threads,
                      virtual_time_answers_the_textbook, reports_are_written,
                      virtual_time_refuses_nonsense, virtual_time_can_be_interrupted)
