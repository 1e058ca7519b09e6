# SPDX-License-Identifier: Apache-2.0
"""What the tests of the examples share: the installed SDK, building a project outside of Sluice
against it, and processes whose output can be waited for."""

import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import harness  # noqa: E402
from harness import check, check_equal  # noqa: E402

BUILD = harness.BIN.parent


def succeed(*words, folder=None, environment=None):
    """Runs a command that must end with 0; what it printed."""
    done = subprocess.run([str(word) for word in words], cwd=folder, text=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, **(environment or {})))
    check_equal(done.returncode, 0, f'{" ".join(map(str, words))} said\n{done.stdout}')
    return done.stdout


def install(folder):
    """The SDK of this build, below a prefix in `folder`."""
    prefix = pathlib.Path(folder) / 'prefix'
    succeed('cmake', '--install', BUILD, '--component', 'sdk', '--prefix', prefix)
    return prefix


def build(source, prefix):
    """A CMake project against the installed SDK, with warnings as errors; its build folder."""
    where = pathlib.Path(source) / 'build'
    succeed('cmake', '-S', source, '-B', where, f'-DCMAKE_PREFIX_PATH={prefix}',
            '-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror')
    succeed('cmake', '--build', where)
    return where


class Process:
    """A program that knows the server from FAKTORY_URL; its output goes to a log of its own."""

    def __init__(self, server, *words, folder=None, name='process', environment=None):
        env = dict(os.environ, FAKTORY_URL=server.url, **(environment or {}))
        env.pop('FAKTORY_PROVIDER', None)
        self.process = subprocess.Popen([str(word) for word in words], cwd=folder, env=env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.log = harness.LogReader(self.process.stdout, server.folder / f'{name}.log')

    def wait_for(self, words, seconds=60):
        lines = self.log.wait_for(words, seconds)
        check(lines is not None, f'it ended and never said "{words}": {self.said()}')
        return lines

    def said(self):
        return ''.join(self.log.lines)

    def stop(self, number=signal.SIGTERM):
        """Sends the signal and gives what was said in all; the exit code must be 0."""
        self.process.send_signal(number)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            raise harness.Failed('it did not end') from None
        self.log.thread.join()
        check_equal(code, 0, f'the exit code; it said\n{self.said()}')
        return self.said()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def run(server, *words, folder=None, code=0):
    """A program that ends by itself; what it printed."""
    env = dict(os.environ, FAKTORY_URL=server.url)
    env.pop('FAKTORY_PROVIDER', None)
    done = subprocess.run([str(word) for word in words], cwd=folder, env=env, text=True,
                          capture_output=True, timeout=120)
    check_equal(done.returncode, code, f'{words}: {done.stdout}{done.stderr}')
    return done.stdout
