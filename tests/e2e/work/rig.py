# SPDX-License-Identifier: Apache-2.0
"""What the tests of the built-in job types share: a server and a worker over the sample data, and
one job pushed and waited for."""

import json
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import harness  # noqa: E402
from harness import (DATA, ROOT, Failed, Server, Worker, check, check_equal, sluice,  # noqa: E402
                     wait_until)

JOB_FAILED = 6


def needs(*programs):
    """The paths of other people's programs; ends the test as "cannot run here" without them."""
    found = [shutil.which(program) for program in programs]
    harness.needs(*zip(programs, found))
    return found


def children_of(pid):
    """The ids of its child processes."""
    children = []
    for task in pathlib.Path(f'/proc/{pid}/task').iterdir():
        children += (task / 'children').read_text().split()
    return [int(child) for child in children]


class Failure:
    """How a job ended that did not succeed. `final`: without another attempt, although it had
    three left."""

    def __init__(self, job):
        self.errtype = job['failure']['errtype']
        self.message = job['failure']['message']
        self.final = job['attempt'] == 1

    def __repr__(self):
        return f'{self.errtype} ({"final" if self.final else "tried again"}): {self.message}'


class Station:
    """A server and a worker. The worker reads the sample data and `out`, its folder for writing;
    `words` are more of its flags."""

    def __init__(self, *words, concurrency=4, config=None, settings=(), environment=None):
        self.server = Server(settings=settings)
        self.words = list(words)
        self.concurrency = concurrency
        self.environment = environment
        if config is not None:
            path = self.server.folder / 'worker.toml'
            path.write_text(config)
            self.words += ['--config', path]
        self.worker = None

    def __enter__(self):
        self.server.start()
        self.start_worker()
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                check_equal(self.worker.end(), 0, f'exit code of the worker:\n{self.log()}')
                check('Sanitizer' not in self.log() + self.server.log(), 'a sanitizer spoke up')
            else:
                print(f'--- worker log (end)\n{self.log()[-4000:]}\n---')
        finally:
            self.worker.close()
            self.server.close()
            self.server.remove()

    def start_worker(self):
        """Also after the last one has ended."""
        out = self.server.folder / 'out'
        self.worker = Worker(self.server, *self.words, concurrency=self.concurrency,
                             read_roots=[out], environment=self.environment)

    @property
    def out(self):
        return self.worker.out

    def log(self):
        return self.worker.log()

    def sluice(self, *words, **more):
        return sluice(*words, server=self.server, **more)

    def push(self, jobtype, *arguments, options=()):
        """The id."""
        done = self.sluice('push', jobtype, '--args', json.dumps(arguments), *options)
        check_equal(done.code, 0, f'pushing {jobtype}: {done.err}')
        return done.out.strip()

    def wait(self, jid, seconds=120):
        """The result; a job that failed is an error."""
        done = self.sluice('wait', jid, '--json', '--timeout', f'{seconds}s', timeout=seconds + 30)
        ended = done.json[0] if done.out else {}
        check(done.code == 0, f'{jid} ended with {ended or done.err}')
        return ended['result']

    def wait_later(self, jid, seconds=120):
        """The result of a job that is pushed later."""
        wait_until(lambda: self.sluice('job', jid, '--json').code == 0, f'job {jid}', seconds)
        return self.wait(jid, seconds)

    def run(self, jobtype, *arguments, seconds=120):
        """The result of one job of this type."""
        return self.wait(self.push(jobtype, *arguments), seconds)

    def fail(self, jobtype, *arguments, seconds=120):
        """The Failure of a job that must not succeed."""
        jid = self.push(jobtype, *arguments, options=['--retry', '3', '--backoff', 'none'])
        done = self.sluice('wait', jid, '--timeout', f'{seconds}s', timeout=seconds + 30)
        check_equal(done.code, JOB_FAILED, f'{jobtype} {arguments} was to fail: {done.out}')
        return Failure(self.job(jid))

    def job(self, jid):
        return self.sluice('job', jid, '--json').json


__all__ = ['DATA', 'Failed', 'Failure', 'ROOT', 'Station', 'check', 'check_equal', 'children_of',
           'needs']
