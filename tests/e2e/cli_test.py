#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every client command against a real server: text, JSON, exit codes, bad input, no server."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import threading
import urllib.request

import harness
from harness import SLUICE, Worker, check, check_equal, sluice, wait_until

OK, FAILED, USAGE, NOT_FOUND, NO_SERVER, TIMEOUT, JOB_FAILED = range(7)


def run(server, *words, code=OK, **more):
    done = sluice(*words, server=server, **more)
    check_equal(done.code, code, f'exit code of sluice {" ".join(map(str, words))}\n'
                                 f'  out: {done.out[:500]}\n  err: {done.err[:500]}')
    return done


def push_and_job(server):
    server.start()
    jid = run(server, 'push', 'report.send', '42', 'two words', '{"a":1}', '[1,2]', '-5', 'true',
              '--queue', 'mail', '--priority', '8', '--retry', '3', '--timeout', '30s',
              '--backoff', 'constant:10s', '--reserve-for', '10m', '--keep', '1h').out.strip()
    job = run(server, 'job', jid, '--json').json
    check_equal(job['args'], [42, 'two words', {'a': 1}, [1, 2], -5, True], 'the arguments')
    check_equal((job['queue'], job['priority'], job['retry'], job['reserve_for']),
                ('mail', 8, 3, 600), 'the options')
    text = run(server, 'job', jid).out
    for part in (jid, 'report.send', 'enqueued', 'mail', 'no worker fetches from its queue',
                 'it is next in its queue'):
        check(part in text, f'"{part}" is missing in:\n{text}')

    later = run(server, 'push', 't', '--at', '+1h', '--json').json['jid']
    check_equal(run(server, 'job', later, '--json').json['state'], 'scheduled', 'its state')
    check('scheduled for' in run(server, 'job', later).out, 'why it waits')

    same = 'my-own-id-1'
    for _ in range(2):
        check_equal(run(server, 'push', 't', '--jid', same, '--args', '[1, {"b": 2}]').out.strip(),
                    same, 'the id')
    check_equal(len(run(server, 'jobs', '--queue', 'default', '--state', 'enqueued',
                        '--json').json), 1, 'the number of jobs pushed twice with one id')

    check('no job' in run(server, 'job', 'nobody-at-all', code=NOT_FOUND).err, 'the message')
    check_equal(run(server, 'job', 'x' * 20, '--json', code=NOT_FOUND).out, '', 'output')


def progress_of_a_running_job(server):
    server.settings = ['jobs.restart_grace=60s']  # time for the worker to come back
    server.start()
    jid = run(server, 'push', 'report.send').out.strip()
    wire = harness.connect(server, wid='reporter', x=1)
    (job,) = wire.call_json('FETCHB', {'queues': ['default'], 'max': 1, 'wait_ms': 10000})
    lease = job['lease']
    wire.call('BEAT', {'wid': 'reporter', 'jobs': [lease], 'progress': [
        {'lease': lease, 'percent': 40, 'note': 'page 4 of 10'}]})
    found = run(server, 'job', jid, '--json').json['progress']
    check_equal((found['percent'], found['note']), (40, 'page 4 of 10'), 'the progress')
    check('40 %, page 4 of 10' in run(server, 'job', jid).out, 'the progress in words')
    check_equal(run(server, 'jobs', '--json').json[0]['progress']['percent'], 40, 'in the list')
    server.kill()  # it is not durable
    server.start()
    check_equal(run(server, 'job', jid, '--json').json.get('progress'), None, 'after a restart')
    wire = harness.connect(server, wid='reporter', x=1)
    wire.call('BEAT', {'wid': 'reporter', 'jobs': [lease], 'progress': [
        {'lease': lease, 'percent': 90, 'note': ''}]})
    check('90 %' in run(server, 'job', jid).out, 'the progress in words')
    check_equal(wire.call_json('ACKB', [{'jid': jid, 'lease': lease}]), {}, 'the ack')
    check_equal(run(server, 'job', jid, '--json').json.get('progress'), None, 'at the end')


def bad_input_says_what_to_do(server):
    server.start()
    for words, part in [
            (['push'], 'TYPE'),
            (['push', 't', '--args', '{}'], 'JSON array'),
            (['push', 't', '--args', '[1]', '2'], 'not both'),
            (['push', 't', '--at', 'soon'], '+10m'),
            (['push', 't', '--priority', '10'], 'priority'),
            (['push', 't', '--backoff', 'never'], 'constant:10s'),
            (['push', 't', '--timeout', 'long'], '--timeout'),
            (['push', 't', '--queue', 'a b'], 'queue'),
            (['push', 't', '--jid', 'short'], 'jid'),
            (['push', 't', '--qeue', 'x'], '--qeue'),
            (['push', '--file', '/nothing/here'], 'cannot read'),
            (['push', '--file', '/tmp'], 'folder'),
            (['jobs', '--state', 'asleep'], 'asleep'),
            (['wait'], 'ID'),
            (['wait', 'x', '--timeout', 'y'], '--timeout'),
            (['dead', 'retry'], '--all'),
            (['dead', 'delete', 'x', '--all'], '--all'),
            (['queues', 'pause'], '--all'),
            (['completion', 'tcsh'], 'tcsh'),
            (['top', '--interval', '1ms'], '100ms'),
            (['info', '--server', 'http://x'], 'tcp://'),
            (['frobnicate'], 'frobnicate'),
            ([], 'subcommand')]:
        done = run(server, *words, code=USAGE)
        check(part in done.err + done.out, f'{words}: "{part}" is not in: {done.err}{done.out}')


def without_a_server_it_says_how_to_start_one(server):
    for words in (['push', 't'], ['job', 'x'], ['jobs'], ['queues'], ['queues', 'pause', 'q'],
                  ['workers'], ['wait', 'x'], ['cancel', 'x'], ['dead'], ['dead', 'retry', '--all'],
                  ['info'], ['top', '--once'], ['backup', '/tmp/none', '--http', '127.0.0.1:1']):
        done = sluice(*words)
        check_equal(done.code, NO_SERVER, f'the exit code of {words}: {done.err}')
        check('sluice serve' in done.err, f'{words}: {done.err}')


def push_file(server):
    server.start()
    lines = [json.dumps({'jobtype': 't', 'args': [i], 'queue': 'bulk'}) for i in range(2500)]
    lines[10] = '{"jobtype":"t"'
    lines[20] = '{"jobtype":"t","args":[]}' + ' '  # a blank at the end is fine
    lines[30] = '{"args":[]}'
    lines[40] = ''
    lines[50] = '{"jobtype":"t","args":[],"queue":"not a name"}'
    lines[60] = '{"jid":"own-id-of-60","jobtype":"t","args":[60],"queue":"bulk"}'
    path = server.folder / 'jobs.jsonl'
    path.write_text('\r\n'.join(lines))
    done = run(server, 'push', '--file', path, '--json', code=FAILED)
    check_equal((done.json['pushed'], done.json['skipped'], done.json['lines']), (2496, 3, 2500),
                'the summary')
    for number in (11, 31, 51):
        check(f'{path}:{number}: ' in done.err, f'line {number} is not named:\n{done.err}')
    # The same again pushes nothing twice.
    run(server, 'push', '--file', path, '--quiet', code=FAILED)
    info = run(server, 'info', '--json').json
    check_equal(info['faktory']['total_enqueued'], 2496, 'the number of jobs')
    # Another label does.
    run(server, 'push', '--file', path, '--run', '2', '--queue', 'other', code=FAILED)
    check_equal(run(server, 'info', '--json').json['faktory']['total_enqueued'], 2 * 2496 - 1,
                'the number of jobs (the one with an id of its own is known already)')
    check_equal(run(server, 'job', 'own-id-of-60', '--json').json['args'], [60], 'own id')
    # --strict stops at the first bad line.
    done = run(server, 'push', '--file', path, '--strict', '--run', '3', code=FAILED)
    check(f'{path}:11: ' in done.err and ':31:' not in done.err, done.err)
    # From standard input, arrays of arguments with a type and defaults.
    done = run(server, 'push', 'u', '--file', '-', '--queue', 'arrays', '--retry', '0',
               stdin='[1]\n["x", {"y": 2}]\n')
    check('pushed 2 jobs' in done.out, done.out)
    jobs = run(server, 'jobs', '--queue', 'arrays', '--json').json
    check_equal([job['args'] for job in jobs], [[1], ['x', {'y': 2}]], 'the arguments')
    check_equal([(job['jobtype'], job['retry']) for job in jobs], [('u', 0)] * 2, 'the defaults')


def push_file_goes_on_where_it_broke(server):
    """The server is killed in the middle of the file; the command repeats by itself."""
    server.start()
    path = server.folder / 'many.jsonl'
    count = 60_000
    with open(path, 'w', encoding='utf-8') as file:
        for i in range(count):
            file.write(json.dumps({'jobtype': 't', 'args': [i]}) + '\n')
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(
        sluice('push', '--file', path, '--json', server=server, timeout=120)))
    thread.start()
    asker = harness.connect(server)
    wait_until(lambda: asker.call_json('INFO')['faktory']['total_enqueued'] > 2000, 'some pushes')
    server.kill()
    server.start()
    thread.join()
    done = outcome[0]
    if done.code != OK:  # it may also have given up; the same again must complete it
        check_equal(done.code, NO_SERVER, f'the exit code: {done.err}')
        check('again' in done.err, f'the message must say what to do: {done.err}')
        done = run(server, 'push', '--file', path, '--json', timeout=120)
    check_equal(run(server, 'info', '--json').json['faktory']['total_enqueued'], count,
                'the number of jobs')


def lists(server):
    server.start()
    check('no queues' in run(server, 'queues').out, 'an empty list says so')
    check('sluice work' in run(server, 'workers').out, 'no workers: says how to start one')
    check('no such jobs' in run(server, 'jobs').out, 'no jobs')
    for i in range(5):
        run(server, 'push', 'type.a' if i % 2 else 'type.b', i, '--queue', f'q{i % 2}')
    jobs = run(server, 'jobs', '--json').json
    check_equal([job['args'] for job in jobs], [[0], [1], [2], [3], [4]], 'the order of the jobs')
    check_equal(len(run(server, 'jobs', '--type', 'type.b', '--json').json), 3, '--type')
    check_equal(len(run(server, 'jobs', '--queue', 'q1', '--json').json), 2, '--queue')
    check_equal(len(run(server, 'jobs', '--glob', '*"args":[[]3]*', '--json').json), 1, '--glob')
    text = run(server, 'jobs', '--limit', '2').out
    check('more' in text and len(text.splitlines()) == 4, f'--limit 2:\n{text}')

    queues = run(server, 'queues', '--json').json
    check_equal({q['name']: q['enqueued'] for q in queues}, {'q0': 3, 'q1': 2}, 'queues')
    check_equal(run(server, 'queues', 'pause', 'q0').out, 'paused q0\n', 'pause')
    check('paused' in run(server, 'queues').out, 'the table shows the pause')
    check('paused' in run(server, 'job', jobs[0]['jid']).out, 'why it waits')
    check_equal(run(server, 'queues', 'resume', '--all', '--json').json['done'], 'resumed', 'json')
    run(server, 'queues', 'remove', 'q0')
    check_equal([q['name'] for q in run(server, 'queues', '--json').json], ['q1'], 'queues left')

    info = run(server, 'info').out
    for part in ('version', 'pushed', 'enqueued'):
        check(part in info, f'{part} is missing in:\n{info}')
    worker = harness.connect(server, wid='some-worker', hostname='h1', pid=77, labels=['eu'])
    check_equal(run(server, 'workers', '--json').json[0]['wid'], 'some-worker', 'the worker')
    check('some-worker' in run(server, 'workers').out, 'the table of workers')
    text = run(server, 'top', '--once').out
    check('q1' in text and 'some-worker' in text, f'top --once:\n{text}')
    two = run(server, 'top', '--json', '--count', '2', '--interval', '100ms').out.splitlines()
    check_equal(len([json.loads(line) for line in two]), 2, 'lines of top --json')
    worker.close()


def foreign_text_cannot_control_the_terminal(server):
    server.start()
    evil = 'a\x1b[2Jb'
    wire = harness.connect(server)
    wire.call('PUSH', {'jid': 'evil-job-1', 'jobtype': evil, 'args': [evil], 'queue': 'q'})
    for words in (['jobs'], ['job', 'evil-job-1']):
        check('\x1b' not in run(server, *words).out, f'an escape sequence in the output of {words}')


def dead_and_cancel(server):
    server.start()
    wire = harness.connect(server, wid='w')
    for i in range(4):
        wire.call('PUSH', {'jid': f'dead-job-{i}', 'jobtype': f't{i % 2}', 'args': [],
                           'queue': 'd', 'retry': -1})
        wire.call('FETCH', 'd')
        wire.call('FAIL', {'jid': f'dead-job-{i}', 'errtype': 'Broken', 'message': 'it was so'})
    text = run(server, 'dead').out
    check('Broken: it was so' in text and 'dead-job-3' in text, f'dead:\n{text}')
    check_equal(len(run(server, 'dead', 'list', '--type', 't0', '--json').json), 2, 'dead list')
    check('Broken' in run(server, 'job', 'dead-job-0').out, 'the failure of a job')

    check_equal(run(server, 'dead', 'retry', 'dead-job-0', '--json').json, {'retried': 1}, 'retry')
    done = run(server, 'dead', 'retry', 'dead-job-0', 'nobody-at-all', code=NOT_FOUND)
    check('not dead' in done.err and 'does not know' in done.err, done.err)
    check_equal(run(server, 'dead', 'delete', '--type', 't1').out, 'deleted 2 jobs\n', 'delete')
    check_equal(run(server, 'dead', 'retry', '--glob', '*Broken*', '--json').json, {'retried': 1},
                'retry by glob')
    check_equal(run(server, 'dead', 'delete', '--all', '--json').json, {'deleted': 0}, 'delete all')
    check_equal(run(server, 'info', '--json').json['faktory']['queues'], {'d': 2}, 'queues')

    check_equal(run(server, 'cancel', 'dead-job-0').out, 'dead-job-0: cancelled\n', 'cancel')
    done = run(server, 'cancel', 'dead-job-0', code=FAILED)
    check('cancelled already' in done.err, done.err)
    run(server, 'cancel', 'nobody-at-all', code=NOT_FOUND)
    wire.call('FETCH', 'd')
    check_equal(run(server, 'cancel', 'dead-job-2', '--json').json['jobs'],
                {'dead-job-2': 'asked to stop'}, 'cancelling a running job')
    check('asked to stop' in run(server, 'job', 'dead-job-2').out, 'its state')


def waiting(server):
    server.start()
    wire = harness.connect(server, wid='w')
    for jid in ('wait-job-1', 'wait-job-2', 'wait-job-3'):
        wire.call('PUSH', {'jid': jid, 'jobtype': 't', 'args': [], 'queue': 'w', 'retry': -1})
        wire.call('FETCH', 'w')
    wire.call('ACK', '{"jid":"wait-job-1","result":{"n":1}}')
    wire.call('FAIL', {'jid': 'wait-job-2', 'errtype': 'E', 'message': 'no'})
    check_equal(run(server, 'wait', 'wait-job-1').out, '{"n":1}\n', 'the result')
    check_equal(run(server, 'wait', 'wait-job-1', '--json').json,
                [{'jid': 'wait-job-1', 'state': 'succeeded', 'result': {'n': 1}}], 'JSON')
    check('E: no' in run(server, 'wait', 'wait-job-1', 'wait-job-2', code=JOB_FAILED).err, 'why')
    run(server, 'wait', 'wait-job-1', 'wait-job-3', '--timeout', '200ms', code=TIMEOUT)
    run(server, 'wait', 'nobody-at-all', '--timeout', '200ms', code=NOT_FOUND)


def work_with_the_built_in_types(server):
    server.start()
    worker = Worker(server)
    try:
        done = run(server, 'push', 'text.wordcount', 'texts/lighthouse.txt', '{"top": 1}', '--wait')
        check(json.loads(done.out)['words'] > 100, done.out)
        done = run(server, 'push', 'math.factorial', '20', '--wait', '--json').json
        check_equal(done[0]['result']['value'], '2432902008176640000', '20!')
        done = run(server, 'push', 'file.compress', 'logs/access.log', '--wait', '--json').json
        check((worker.out / done[0]['result']['output']).exists(), 'the compressed file')
        done = run(server, 'push', 'text.wordcount', '../../README.md', '--wait', code=JOB_FAILED)
        check('dead' in done.err, done.err)
        done = run(server, 'push', 'no.such.type', '--retry', '0', '--wait-timeout', '20s',
                   code=JOB_FAILED)
        check(run(server, 'workers', '--json').json[0]['pid'] == worker.process.pid,
              'sluice work becomes the worker: same pid')
        check_equal(worker.end(), OK, 'the exit code of the worker after SIGTERM')
        check('worker ended' in worker.log_path.read_text(), 'the worker says that it ended')
    finally:
        worker.close()


def held_open(gate):
    """The end of a pipe that keeps who reads from it waiting, once there is one; else None."""
    try:
        return os.open(gate, os.O_WRONLY | os.O_NONBLOCK)
    except OSError:
        return None


def a_worker_becomes_quiet_and_drains(server):
    server.start()
    worker = Worker(server, '--set', 'work.programs=pause=/bin/cat', '--grace', '60s')
    gate = server.folder / 'gate'
    os.mkfifo(gate)
    try:
        wait_until(lambda: run(server, 'workers', '--json').json, 'the worker')
        long = run(server, 'push', 'exec', 'pause',
                   json.dumps({'arguments': [str(gate)]})).out.strip()
        # 'running' is what the server gave out; a worker that is told to stop before it has begun gives it back.
        begun = wait_until(lambda: held_open(gate), 'the program begins')
        check_equal(run(server, 'job', long, '--json').json['state'], 'running', 'the first job')
        worker.process.send_signal(signal.SIGTSTP)
        wait_until(lambda: run(server, 'workers', '--json').json[0]['state'] == 'quiet', 'quiet')
        waits = run(server, 'push', 'math.factorial', '5').out.strip()
        worker.process.send_signal(signal.SIGTERM)
        wait_until(lambda: run(server, 'workers', '--json').json[0]['state'] == 'terminate', 'drain')
        os.close(begun)
        check_equal(worker.process.wait(60), OK, 'the exit code of the worker')
        check_equal(run(server, 'job', long, '--json').json['state'], 'succeeded', 'the running job')
        check_equal(run(server, 'job', waits, '--json').json['state'], 'enqueued', 'the waiting job')
    finally:
        worker.close()


def settings_of_the_worker_are_checked(server):
    folder = server.folder
    good, bad = folder / 'good.toml', folder / 'bad.toml'
    good.write_text('[work]\nqueues = ["a", "b"]\nconcurrency = 2\nprograms = ["d=/bin/date"]\n')
    bad.write_text('[work]\nqueus = ["a"]\nconcurrency = 100000\n')
    done = run(None, 'work', '--config', bad, code=USAGE)
    check('queues' in done.err and 'concurrency' in done.err, f'both mistakes: {done.err}')
    run(None, 'work', '--config', folder / 'none.toml', code=USAGE)
    done = run(None, 'work', '--set', 'work.programs=date', code=USAGE)
    check('name=/path' in done.err, done.err)
    run(None, 'work', '--jobs', 'http://x', code=USAGE)
    run(None, 'work', '--read-root', folder / 'nothing', code=NOT_FOUND)
    run(None, 'work', '--frobnicate', code=USAGE)
    server.start()
    worker = Worker(server, '--config', str(good))
    try:
        done = run(server, 'push', 'exec', 'd', '{"arguments":["-u","-d","@0","+%Y"]}', '--queue',
                   'b', '--wait', '--json').json
        check_equal(done[0]['result']['stdout'], '1970\n', 'the output of the program')
    finally:
        worker.close()


def one_file_serves_the_server_and_the_worker(server):
    """Every section of the one is left alone by the other when it starts; check-config looks at
    both."""
    described = run(None, 'check-config', '--describe').out
    shared = server.folder / 'both.toml'
    for family in ('# [work.exec.NAME]', '# [work.secrets.NAME]'):
        check(family in described, f'{family} in {described}')
    described = re.sub(r'^# \[[^[]*NAME\](\n(?!\[|# \[).*)*', '', described, flags=re.MULTILINE)
    text = ''.join(re.sub(r'^# ', '', line) + '\n' for line in described.splitlines()
                   if re.match(r'^(\[|# [a-z_0-9]+ = )', line))
    sections = re.findall(r'^\[([\w.]+)\]$', text, re.MULTILINE)
    check({'server', 'http', 'jobs', 'log', 'work', 'work.mail', 'work.capacity'} <= set(sections),
          f'the sections: {sections}')
    check_equal(len(sections), len(set(sections)), f'each once: {sections}')
    text = text.replace('\nqueues = ["default"]\n', '\nqueues = ["from-the-file"]\n')
    shared.write_text(text)
    run(None, 'check-config', '--config', shared)
    server.start()
    worker = Worker(server, '--config', str(shared))
    try:
        run(server, 'push', 'math.factorial', '5', '--queue', 'from-the-file', '--wait')
    finally:
        worker.close()
    shared.write_text(text.replace('[jobs]', '[jobs]\nlisen = "x"')
                      .replace('[work]', '[work]\nqueus = ["x"]'))
    done = run(None, 'check-config', '--config', shared, code=USAGE)
    for words in ('unknown setting "jobs.lisen"; did you mean "jobs.listen"?',
                  'unknown setting "work.queus"; did you mean "work.queues"?'):
        check(words in done.err, done.err)
    done = run(server, 'work', '--config', shared, code=USAGE)
    check('work.queues' in done.err and 'jobs' not in done.err, done.err)
    shared.write_text('[joobs]\nlisten = "x"\ndata = "y"\n[wrok]\nconcurrency = 2\n')
    done = run(None, 'check-config', '--config', shared, code=USAGE)
    check_equal(done.err, f'{shared}:2: unknown section "joobs"; did you mean "jobs"?\n'
                          f'{shared}:5: unknown section "wrok"; did you mean "work"?\n',
                'each unknown section once')


def check_config_looks_at_all_of_the_worker(server):
    config = server.folder / 'work.toml'

    def refused(text, *words):
        config.write_text(text)
        done = run(None, 'check-config', '--config', config, code=USAGE)
        for word in words:
            check(word in done.err, f'{word!r} is not in: {done.err}')
    refused('[work.exec.thumb]\ncomand = ["true"]\n',
            'did you mean "work.exec.thumb.command"?')
    refused('[work.exec.thumb]\nsummary = "x"\n', 'thumb', 'command')
    refused('[work.exec.thumb]\ncommand = ["true"]\ngive_back = ["0"]\n', 'two meanings')
    refused('[work.exec.thumb]\ncommand = ["true"]\nmemory = "1"\n',
            'work.exec.thumb.memory')
    refused('[work]\nprograms = ["x"]\n', 'work.programs')
    refused('[work.secrets.smtp]\nfil = "x"\n', 'did you mean "work.secrets.smtp.file"?')
    refused('[work.secrets.smtp]\nfile = "/x"\nenv = "X"\n', 'smtp')
    refused('[work.mail]\nserver = "gopher://x"\n', 'work.mail.server')
    refused('[work]\nconcurrency = -1\nneeds = 3\n', 'work.concurrency', 'work.needs')
    refused('[work]\nneeds = ["image.*: cpus=1"]\n', 'work.needs')
    refused('[work]\nwrite_root = "/no/such/folder"\n', '/no/such/folder')
    run(None, 'check-config', '--set', 'work.queus=x', code=USAGE)
    config.write_text('[work]\nqueues = ["a"]\n[work.exec.thumb]\ncommand = ["true"]\n'
                      'summary = "Makes thumbnails."\n[log]\nformat = "json"\n')
    done = run(None, 'check-config', '--config', config, '--set', 'work.concurrency=3')
    for words in ('[work.exec.thumb]', 'command = ["true"]', 'concurrency = 3', '[jobs]'):
        check(words in done.out, done.out)
    check_equal(done.out.count('[log]'), 1, 'sections [log]')
    named = {t['name']: t for t in run(None, 'types', '--json', '--config', config).json}
    check_equal(named['thumb']['summary'], 'Makes thumbnails.', 'a type of the configuration')
    check('thumb' in run(None, 'types', '--config', config).out, 'the list with the program')
    run(None, 'types', 'thumb', code=NOT_FOUND)
    run(None, 'types', 'thumb', '--config', config)


def check_config_answers_in_json(server):
    config = server.folder / 'json.toml'
    config.write_text('[jobs]\nlisten = "127.0.0.1:1"\n[work]\nqueues = ["a", "b"]\n')
    found = run(None, 'check-config', '--config', config, '--set', 'work.grace=5s', '--json').json
    check_equal(found['ok'], True, 'ok')
    settings = found['settings']
    check_equal(settings['jobs.listen'], {'value': '127.0.0.1:1', 'origin': f'{config}:2'}, 'listen')
    check_equal(settings['work.queues'], {'value': ['a', 'b'], 'origin': f'{config}:4'}, 'queues')
    check_equal(settings['work.grace']['value'], '5s', 'a duration')
    check_equal(settings['server.io_threads'], {'value': 1, 'origin': 'default'}, 'io_threads')
    for text, errors in [
            ('[joobs]\nx = 1\n[work]\nqueus = ["a"]\nconcurrency = -1\n',
             ['2: unknown section "joobs"; did you mean "jobs"?',
              '4: unknown setting "work.queus"; did you mean "work.queues"?', '5: work.concurrency']),
            ('[jobs\n', ['1: '])]:
        config.write_text(text)
        done = run(None, 'check-config', '--config', config, '--json', code=USAGE)
        check_equal((done.json['ok'], done.err), (False, ''), 'ok, and nothing on standard error')
        check_equal(len(done.json['errors']), len(errors), f'the number of errors: {done.out}')
        for found, expected in zip(done.json['errors'], errors):
            check(found.startswith(f'{config}:{expected}'), f'{found!r} is not {expected!r}')
    done = run(None, 'check-config', '--config', '/no/such/file', '--json', code=USAGE)
    check_equal(len(done.json['errors']), 1, f'the number of errors: {done.out}')
    described = run(None, 'check-config', '--describe', '--json').json
    check_equal((described['ok'], described['warnings']), (True, []), 'the description')
    check_equal(described['settings']['server.stop_timeout'],
                {'type': 'duration', 'default': '20s', 'min': '0s', 'max': '10m',
                 'help': 'Time for a clean stop before connections are cut.',
                 'environment': 'SLUICE_SERVER_STOP_TIMEOUT'}, 'a setting of the server')
    effective = run(None, 'check-config', '--json').json['settings']
    check_equal(set(effective), {name for name in described['settings'] if 'NAME' not in name},
                'settings with and without --describe')


def the_admin_side_answers(server):
    server.start()
    run(server, 'push', 't', '--queue', 'seen')

    def get(path):
        with urllib.request.urlopen(f'http://{server.http_address}{path}', timeout=20) as answer:
            return answer.read().decode()
    json.loads(get('/health'))
    stats = json.loads(get('/stats'))
    check_equal(stats['faktory']['queues'], {'seen': 1}, 'the queues in /stats')
    check_equal(len(stats), 4, 'top-level members of /stats: Go counts them')
    metrics = get('/metrics')
    check('# TYPE sluice_' in metrics, metrics[:500])
    # INFO over the job port says the same.
    info = run(server, 'info', '--json').json
    check_equal(info['faktory']['queues'], stats['faktory']['queues'], 'the queues in INFO')


def types_and_completion_need_no_server(server):
    names = [t['name'] for t in run(None, 'types', '--json').json]
    for name in ('text.wordcount', 'math.primes', 'exec', 'http.get', 'csv.stats'):
        check(name in names, f'{name} is not in {names}')
        check(name in run(None, 'types').out, name)
    check('Arguments' in run(None, 'types', 'text.wordcount').out, 'the help of a type')
    run(None, 'types', 'nothing', code=NOT_FOUND)
    for shell in ('bash', 'zsh', 'fish'):
        text = run(None, 'completion', shell).out
        for word in ('push', 'queues', 'pause', 'priority'):
            check(word in text, f'{word} is missing in the completion for {shell}')
    check('compadd -- scheduled' in run(None, 'completion', 'zsh').out, 'the values in zsh')
    check("-l state -s s -x -a 'scheduled" in run(None, 'completion', 'fish').out, 'those in fish')
    text = run(None, '--help').out
    for word in ('serve', 'work', 'push', 'dead', 'top', 'Exit codes'):
        check(word in text, f'{word} is missing in the help')
    for command in ('push', 'wait', 'job', 'jobs', 'cancel', 'dead', 'queues', 'workers', 'info',
                    'top', 'completion', 'work'):
        text = run(None, command, '--help').out
        check('Example' in text, f'the help of {command} has no example:\n{text}')


def bash_completes_verbs_options_and_values(server):
    """An interactive bash with the script in it: what the Tab key puts behind the words."""
    (server.folder / 'my-file.toml').touch()
    rc = server.folder / 'bashrc'
    rc.write_text("PS1='> '\nbind 'set enable-bracketed-paste off' 2>/dev/null\n"
                  "sluice() { printf '<%s>' \"$@\"; echo; }\n" + run(None, 'completion', 'bash').out)
    env = {'PATH': os.environ['PATH'], 'TERM': 'dumb', 'HOME': str(server.folder),
           'INPUTRC': '/dev/null'}
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(server.folder)
        os.execvpe('bash', ['bash', '--noprofile', '--rcfile', str(rc), '-i'], env)
    output = b''

    def read_until(pattern):
        nonlocal output
        while not (found := re.search(pattern, output)):
            ready, _, _ = select.select([terminal], [], [], 20)
            check(ready, f'bash did not print {pattern}: {output[-500:]!r}')
            output += os.read(terminal, 65536)
        output = output[found.end():]
        return found

    read_until(rb'> ')
    for typed, completed in [
            ('queues pau', 'queues pause'), ('jobs --sta', 'jobs --state'),
            ('jobs --state sched', 'jobs --state scheduled'), ('jobs -s runn', 'jobs -s running'),
            ('jobs --state=dea', 'jobs --state=dead'),
            ('jobs --state dead,retr', 'jobs --state dead,retrying'),
            ('completion z', 'completion zsh'), ('simulate --shutdown sen',
                                                 'simulate --shutdown sentinel'),
            ('check-config --config my', 'check-config --config my-file.toml')]:
        os.write(terminal, f'sluice {typed}\t\n'.encode())
        words = read_until(rb'\r?\n((?:<[^>\r\n]*>)+)\r?\n')[1].decode()
        check_equal(words, ''.join(f'<{word}>' for word in completed.split()),
                    f'bash completes "sluice {typed}"')
    os.write(terminal, b'exit\n')
    check_equal(os.waitpid(process, 0)[1], 0, 'the exit code of bash')
    os.close(terminal)


def top_is_a_live_view(server):
    """In a terminal of its own: it draws, adapts to a new size, and puts everything back."""
    server.start()
    run(server, 'push', 't', '--queue', 'seen-in-top')
    process, terminal = pty.fork()
    if process == 0:
        os.environ['FAKTORY_URL'] = server.url
        os.execv(SLUICE, [str(SLUICE), 'top', '--interval', '100ms'])
    output = b''

    def read_until(pattern):
        nonlocal output
        while not re.search(pattern, output):
            ready, _, _ = select.select([terminal], [], [], 20)
            check(ready, f'top did not draw {pattern}: {output[-500:]!r}')
            output += os.read(terminal, 65536)

    read_until(rb'seen-in-top')
    output = b''
    import fcntl
    import struct
    import termios
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 10, 40, 0, 0))
    read_until(rb'per second: pushed 0\.0')
    output = b''
    os.write(terminal, b'q')
    try:
        read_until(rb'\x1b\[\?25h\x1b\[\?1049l')
    except OSError:
        pass  # the terminal went with the process, after everything was read
    check_equal(os.waitpid(process, 0)[1], 0, 'the exit code of top')
    os.close(terminal)


harness.run_server_tests(push_and_job, progress_of_a_running_job, bad_input_says_what_to_do,
                 without_a_server_it_says_how_to_start_one,
                 push_file, push_file_goes_on_where_it_broke, lists,
                 foreign_text_cannot_control_the_terminal, dead_and_cancel, waiting,
                 work_with_the_built_in_types, a_worker_becomes_quiet_and_drains,
                 settings_of_the_worker_are_checked,
                 one_file_serves_the_server_and_the_worker,
                 check_config_looks_at_all_of_the_worker, check_config_answers_in_json,
                 the_admin_side_answers,
                 types_and_completion_need_no_server, bash_completes_verbs_options_and_values,
                 top_is_a_live_view,
                 settings=['jobs.restart_grace=1s'])
