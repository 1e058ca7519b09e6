#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How a worker runs jobs, with the real programs: crashes in handler processes, needs, the spool while
server and worker are killed, the status page, the dry run."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import urllib.request

import rig
from harness import SLUICE, Server, Wire, run_tests, wait_until
from rig import check, check_equal

# Waits for a file to appear, then ends: for jobs that a test lets go.
GATE = """\
#!/bin/sh
echo "SLUICE_PROGRESS 20 at the gate" >&2
while [ ! -e "$GATE" ]; do sleep 0.05; done
echo '{"gone": true}'
"""


class Gate:
    """A folder with a program `gate` that waits until open(), and the settings for it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='sluice-gate-')
        path = pathlib.Path(self.folder.name)
        self.file = path / 'open'
        (path / 'gate.sh').write_text(GATE)
        (path / 'gate.sh').chmod(0o755)
        self.config = (f'[work.exec.gate]\ncommand = ["{path}/gate.sh"]\n'
                       f'environment = ["GATE={self.file}"]\n')

    def open(self):
        self.file.write_text('')


def get(url):
    with urllib.request.urlopen(url, timeout=30) as reply:
        return reply.read().decode()


def status_address(station):
    found = wait_until(lambda: re.search(r'status page.*?address\W+([\d.]+:\d+)', station.log()),
                       'the address of the status page')
    return found.group(1)


def a_crash_costs_one_job():
    gate = Gate()
    config = gate.config + '[work]\nisolate = ["gate", "math.*"]\n'
    with rig.Station(config=config) as station:
        check_equal(station.run('math.factorial', 20)['digits'], 19, 'a job in a process')
        jid = station.push('gate', {}, options=['--retry', '0'])
        wait_until(lambda: station.job(jid).get('progress'), 'it runs')
        names = {pathlib.Path(f'/proc/{pid}/comm').read_text().strip()
                 for pid in rig.children_of(station.worker.process.pid)}
        check('sluice-handler' in names, f'the names of the processes: {names}')
        victims = [pid for pid in rig.children_of(station.worker.process.pid)
                   if any(rig.children_of(pid))]
        check_equal(len(victims), 1, 'the handler process that runs the program')
        os.kill(victims[0], signal.SIGKILL)
        done = station.sluice('wait', jid, '--timeout', '60s', timeout=90)
        check_equal(done.code, rig.JOB_FAILED, done.out)
        failure = rig.Failure(station.job(jid))
        check_equal(failure.errtype, 'HandlerCrashed', 'errtype')
        check('signal 9' in failure.message, failure)
        check_equal(station.run('math.factorial', 20)['digits'], 19, 'the worker goes on')


def needs_and_limits():
    gate = Gate()
    config = gate.config + '''[work]
needs = ["gate: mem_mb=600", "math.primes: mem_mb=2000"]
type_concurrency = ["text.*=1"]
http = "127.0.0.1:0"
[work.capacity]
mem_mb = "1000"
'''
    with rig.Station(config=config) as station:
        jids = [station.push('gate', {}) for _ in range(2)]
        page = f'http://{status_address(station)}'
        status = wait_until(lambda: next(
            (s for s in [json.loads(get(f'{page}/status.json'))]
             if [job['stage'] for job in s['jobs']] == ['running', 'parked']), None),
            'one runs, one waits for memory')
        check_equal(status['used']['mem_mb'], 600, 'memory in use')
        failure = station.fail('math.primes', 1, 10)
        check_equal(failure.errtype, 'NeedsTooMuch', 'what never fits')
        check('needs mem_mb 2000 (this worker has 1000)' in failure.message, failure)
        html = get(page)
        for text in ('at the gate', 'mem_mb 600 of 1000', 'NeedsTooMuch', 'parked'):
            check(text in html, f'{text} on the page:\n{html}')
        metrics = get(f'{page}/metrics')
        check('\nsluice_worker_parked_jobs 1\n' in metrics, metrics)
        check('# TYPE sluice_worker_failed_total counter' in metrics, metrics)
        check('\nsluice_jobs_running{type="gate"} 1\n' in metrics, metrics)
        gate.open()
        for jid in jids:
            check_equal(station.wait(jid), {'gone': True}, 'the result')
        metrics = get(f'{page}/metrics')
        for line in ('sluice_job_runs_total{type="gate",outcome="succeeded"} 2',
                     'sluice_job_run_seconds_bucket{type="gate",le="+Inf"} 2',
                     'sluice_job_run_seconds_count{type="gate"} 2'):
            check(f'\n{line}\n' in metrics, f'{line} in {metrics}')


def end_in_the_spool(station, gate, spool):
    """A job whose server is killed while it runs and whose worker is killed after it: its id. Its
    answer is in the spool and nowhere else."""
    jid = station.push('gate', {})
    wait_until(lambda: station.job(jid).get('progress'), 'it runs')
    station.server.kill()
    gate.open()
    wait_until(lambda: any(path.stat().st_size > 100 for path in pathlib.Path(spool).iterdir()),
               'the answer is in the spool')
    station.worker.kill()
    return jid


def answers_survive_both_ends():
    """The server is killed while a job runs; the job ends; the worker is killed; both come back: the
    answer is delivered, and the job has run once."""
    gate = Gate()
    with tempfile.TemporaryDirectory(prefix='sluice-spool-') as spool:
        config = gate.config + f'[work]\nspool = "{spool}"\n'
        station = rig.Station(config=config)
        with station:
            jid = end_in_the_spool(station, gate, spool)
            station.server.start()
            station.start_worker()
            check_equal(station.wait(jid), {'gone': True}, 'the result')
            check_equal(station.job(jid)['attempt'], 1, 'attempts')
            check('answers were in the spool' in station.log(), 'the log says so')


def a_hanging_server_costs_no_answer():
    """The server hangs while jobs run; they end; the worker is killed. Whether the server then goes
    on or is killed as well, each job has run once, and its answer is there."""
    for goes_on in (True, False):
        gate = Gate()
        with tempfile.TemporaryDirectory(prefix='sluice-spool-') as spool:
            config = gate.config + f'[work]\nspool = "{spool}"\n'
            with rig.Station(config=config) as station:
                jids = [station.push('gate', {}) for _ in range(3)]
                wait_until(lambda: all(station.job(jid).get('progress') for jid in jids),
                           'they run')
                station.server.pause()
                gate.open()
                wait_until(lambda: all(any(jid.encode() in path.read_bytes()
                                           for path in pathlib.Path(spool).iterdir())
                                       for jid in jids), 'the answers are in the spool')
                station.worker.kill()
                if goes_on:
                    station.server.resume()
                else:
                    station.server.kill()
                    station.server.start()
                station.start_worker()
                for jid in jids:
                    check_equal(station.wait(jid), {'gone': True}, 'the result')
                    check_equal(station.job(jid)['attempt'], 1, 'attempts')
                check('answers were in the spool' in station.log(), 'the log says so')
                wait_until(lambda: len(list(pathlib.Path(spool).iterdir())) == 1,
                           'only the file of the living worker is left')


def a_late_answer_is_refused():
    """The same, but meanwhile another worker has the job: the answer in the spool does no harm."""
    gate = Gate()
    with tempfile.TemporaryDirectory(prefix='sluice-spool-') as spool:
        config = gate.config + f'[work]\nspool = "{spool}"\n'
        with rig.Station(config=config) as station:
            jid = end_in_the_spool(station, gate, spool)
            station.server.start()
            other = Wire(station.server.address)
            other.hello(wid='another', x=1)
            check_equal(other.call('FLUSH'), '+OK', 'the job is forgotten')
            check_equal(other.call('PUSH', {'jid': jid, 'jobtype': 'gate', 'args': [{}]}), '+OK',
                        'and pushed again')
            job, = other.call_json('FETCHB', {'queues': ['default'], 'max': 1, 'wait_ms': 10000})
            check_equal(job['jid'], jid, 'another worker has it')
            station.start_worker()
            wait_until(lambda: 'answers were in the spool' in station.log()
                       and len(list(pathlib.Path(spool).iterdir())) == 1, 'the spool is empty')
            check_equal(station.job(jid)['state'], 'running', 'the late answer was refused')
            answer = {'jid': jid, 'lease': job['lease'], 'result': 'right'}
            check_equal(other.call_json('ACKB', [answer]), {}, 'the holder answers')
            check_equal(station.wait(jid), 'right', 'the result')


def dry_run():
    server = Server()
    try:
        server.start()
        words = [str(SLUICE), 'work', '--dry-run', '--server', server.url]

        def dry(*more):
            return subprocess.run([*words, *more], capture_output=True, text=True, timeout=60,
                                  check=False)
        good = dry('--set', 'work.isolate=math.*', '--set', 'work.type_concurrency=text.*=2')
        check_equal(good.returncode, 0, good.stdout + good.stderr)
        for text in ('slots', r'math\.primes .*in a process of its own', 'at most 2 at once',
                     'queue default', 'capacity'):
            check(re.search(text, good.stdout), f'{text} in\n{good.stdout}')
        bad = dry('--set', 'work.isolate=maths', '--set', 'work.needs=exec: mem_mb=99999999')
        check_equal(bad.returncode, 2, bad.stdout)
        check('no type is called "maths"' in bad.stdout, bad.stdout)
        check('exec can never run here' in bad.stdout, bad.stdout)
        wrong = dry('--set', 'work.needs=exec: memory=1')
        check(wrong.returncode == 2 and 'unknown need "memory"' in wrong.stderr, wrong)
        server.kill()
        check_equal(dry().returncode, 4, 'no server')
    finally:
        server.close()
        server.remove()


if __name__ == '__main__':
    run_tests(a_crash_costs_one_job, needs_and_limits, answers_survive_both_ends,
              a_hanging_server_costs_no_answer, a_late_answer_is_refused, dry_run)
