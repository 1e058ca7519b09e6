# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: a server of their own on a free port with a temporary store, a
plain connection to it, and running the program. Python's standard library only."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

BIN = pathlib.Path(os.environ.get('SLUICE_BIN', 'build/dev/bin')).resolve()
SLUICE = BIN / 'sluice'
ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / 'examples' / 'data'
START_SECONDS = 60
CANNOT_RUN = 77


class Failed(Exception):
    """A check that did not hold; its text is for people."""


class CannotRun(SystemExit):
    """What a test needs is not to be had here."""


def check(truth, text):
    if not truth:
        raise Failed(text)


def check_equal(found, expected, what):
    check(found == expected, f'{what}:\n  expected {expected!r}\n  found    {found!r}')


def leave_out(why):
    """A part of a test that cannot run here; the summary of ./dev test tells it."""
    print(f'SKIPPED: {why}', flush=True)


def cannot_run(why):
    """Ends a test that cannot run here: neither passed nor failed, and told in the summary."""
    leave_out(why)
    raise CannotRun(CANNOT_RUN)


def needs(*things):
    """Ends the test as "cannot run here" when something is not installed: (what, is it there)."""
    missing = [what for what, is_there in things if not is_there]
    if missing:
        cannot_run(f'not installed: {", ".join(missing)}; ./dev setup does')


def npm_install(source, folder, *files):
    """The packages of a folder's lock file and these files of it, into a folder of the build: once for
    each lock file, and nothing of a package is run."""
    needs(*((program, shutil.which(program)) for program in ('node', 'npm')))
    mark = hashlib.sha256((source / 'package-lock.json').read_bytes()).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    for name in ('package.json', 'package-lock.json', *files):
        shutil.copyfile(source / name, folder / name)
    stamp = folder / 'installed'
    if stamp.exists() and stamp.read_text() == mark:
        return
    done = subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund'], cwd=folder,
                          capture_output=True, text=True, timeout=300, check=False)
    check_equal(done.returncode, 0, f'npm ci: {done.stdout}{done.stderr}')
    stamp.write_text(mark)


class LogReader:
    """Reads what a process prints, keeps it in a file, and tells who waits for a line."""

    def __init__(self, stream, path):
        self.lines, self.ended = [], False
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._read, args=(stream, path), daemon=True)
        self.thread.start()

    def _read(self, stream, path):
        with stream, open(path, 'ab') as file:
            for line in stream:
                file.write(line)
                file.flush()
                with self.changed:
                    self.lines.append(line.decode('utf-8', 'replace'))
                    self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def wait_for(self, words, seconds):
        """The lines up to the first one with these words; None when the process ended before."""
        def found():
            return any(words in line for line in self.lines)
        with self.changed:
            check(self.changed.wait_for(lambda: found() or self.ended, seconds),
                  f'not within {seconds} s in the log: {words}')
            return self.lines[:] if found() else None


class Server:
    """One server process on a store of its own. kill() and start() keep the store. As a context it
    goes with its folder at the end; then no sanitizer may have spoken up in it, and where a test
    failed the ends of the logs are shown."""

    def __init__(self, *, settings=(), environment=None, data=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='sluice-e2e-'))
        self.data = pathlib.Path(data) if data else self.folder / 'data'
        self.settings = list(settings)
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith('SLUICE_')} | (environment or {})
        self.log_path = self.folder / 'server.log'
        self.wrapper = []     # a program that becomes the server, with its arguments
        self.address = '127.0.0.1:0'
        self.http_address = '127.0.0.1:0'
        self.process = None
        self.log_reader = None
        self.life = threading.Condition()
        self.lives = 0        # starts so far
        self.is_up = False    # ready, and nobody has asked it to stop

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.close()
        is_unclean = 'Sanitizer' in self.log()
        if is_unclean or (kind and issubclass(kind, Exception)):
            for log in sorted(self.folder.glob('*.log')):
                print(f'--- {log.name} (end)\n{log.read_text(errors="replace")[-6000:]}\n---')
        self.remove()
        check(kind or not is_unclean, 'a sanitizer spoke up in the server')

    def start(self):
        """Starts and waits until the ports are open. Later starts use the same ports again."""
        words = [*self.wrapper, str(SLUICE), 'serve', '--data', str(self.data), '--jobs', self.address,
                 '--http', self.http_address, '--set', 'log.format=json',
                 '--set', 'jobs.disk_ballast=0', '--set', 'jobs.disk_refuse_below=1MiB',
                 '--set', 'jobs.disk_accept_above=2MiB']
        for setting in self.settings:
            words += ['--set', setting]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, env=self.environment)
        self.log_reader = LogReader(self.process.stdout, self.log_path)
        lines = self.log_reader.wait_for('sluice is ready', START_SECONDS)
        if lines is None:
            raise Failed(f'the server ended with {self.process.wait()} before it was ready')
        self.address = self._field(lines, 'job port open')
        self.http_address = self._field(lines, 'admin side open')
        with self.life:
            self.lives += 1
            self.is_up = True
            self.life.notify_all()
        return self

    def wait_until_up(self, seconds):
        """Which of its lives it is in, once it takes connections; None when it never does."""
        with self.life:
            return self.lives if self.life.wait_for(lambda: self.is_up, seconds) else None

    def is_in(self, life):
        """It is up, and has been since wait_until_up() gave that number."""
        with self.life:
            return self.is_up and self.lives == life

    def _going_down(self):
        with self.life:
            self.is_up = False

    def _gone(self):
        self.log_reader.thread.join()  # the log is complete

    @staticmethod
    def _field(lines, message):
        for line in lines:
            if message in line:
                found = re.search(r'"address":\s*"([^"]+)"', line)
                if found:
                    return found.group(1)
        raise Failed(f'no address in the log line "{message}"')

    @property
    def port(self):
        return int(self.address.rpartition(':')[2])

    @property
    def url(self):
        return f'tcp://{self.address}'

    def kill(self):
        """SIGKILL, by pid."""
        self._going_down()
        self.process.kill()
        self.process.wait()
        self._gone()

    def pause(self):
        """SIGSTOP: its connections stay, and nothing is answered until resume()."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def terminate(self, seconds=60):
        """SIGTERM; the exit code."""
        self._going_down()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed('the server did not stop after SIGTERM') from None
        self._gone()
        return code

    def log(self):
        return self.log_path.read_text(errors='replace') if self.log_path.exists() else ''

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Worker:
    """`sluice work` on the sample data, with an output folder of its own in the server's. `words`
    are more flags."""

    def __init__(self, server, *words, concurrency=4, read_roots=(), environment=None):
        self.log_path = server.folder / 'worker.log'
        self.out = server.folder / 'out'
        self.out.mkdir(exist_ok=True)
        env = {name: value for name, value in os.environ.items() if not name.startswith('SLUICE_')}
        env.pop('FAKTORY_PROVIDER', None)
        env.update(environment or {}, FAKTORY_URL=server.url)
        roots = []
        for root in (DATA, *read_roots):
            roots += ['--read-root', str(root)]
        with open(self.log_path, 'ab') as log:
            self.process = subprocess.Popen(
                [str(SLUICE), 'work', '--concurrency', str(concurrency), *roots,
                 '--write-root', str(self.out), *map(str, words)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env)

    def log(self):
        return self.log_path.read_text(errors='replace')

    def end(self, sig=signal.SIGTERM, seconds=60):
        """The exit code."""
        self.process.send_signal(sig)
        return self.process.wait(seconds)

    def kill(self):
        """SIGKILL, by pid."""
        self.end(signal.SIGKILL)

    def close(self):
        if self.process.poll() is None:
            self.kill()


class Wire:
    """A plain connection to the job port: lines out, replies in."""

    def __init__(self, address, *, timeout=30.0, wrap=None):
        host, _, port = address.rpartition(':')
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if wrap:
            self.socket = wrap(self.socket)
        self.file = self.socket.makefile('rb')

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        line = self.file.readline()
        if not line.endswith(b'\r\n'):
            raise ConnectionError('the server closed the connection')
        return line[:-2]

    def reply(self):
        """A str for + and -, parsed bytes for $, None for null."""
        line = self.line()
        if line[:1] in b'+-':
            return line.decode()
        if line[:1] == b'$':
            length = int(line[1:])
            if length < 0:
                return None
            body = self.file.read(length + 2)
            if len(body) != length + 2:
                raise ConnectionError('the server closed the connection')
            return body[:-2]
        raise Failed(f'not a reply: {line!r}')

    def hello(self, *, password=None, **fields):
        greeting = json.loads(self.line()[len('+HI '):])
        if password is not None and 's' in greeting:
            proof = (password + greeting['s']).encode()
            for _ in range(greeting['i']):
                proof = hashlib.sha256(proof).digest()
            fields['pwdhash'] = proof.hex()
        self.send(b'HELLO ' + json.dumps({'v': 2, **fields}).encode() + b'\r\n')
        reply = self.reply()
        check_equal(reply, '+OK', 'the answer to HELLO')
        return greeting

    def call(self, verb, argument=None):
        line = verb if argument is None else verb + ' ' + (
            argument if isinstance(argument, str) else json.dumps(argument))
        self.send(line.encode() + b'\r\n')
        return self.reply()

    def call_json(self, verb, argument=None):
        reply = self.call(verb, argument)
        check(isinstance(reply, bytes), f'{verb} answered {reply!r}')
        return json.loads(reply)

    def is_read(self):
        """The server has read everything that was sent: its end of the connection holds nothing, as
        the kernel says in /proc/net/tcp."""
        mine, peer = self.socket.getsockname()[1], self.socket.getpeername()[1]
        with open('/proc/net/tcp', encoding='ascii') as table:
            for line in table:
                fields = line.split()
                if fields[1].endswith(f':{peer:04X}') and fields[2].endswith(f':{mine:04X}'):
                    return fields[4].endswith(':00000000')
        return True  # the connection has gone

    def close(self):
        try:
            self.file.close()
            self.socket.close()
        except OSError:
            pass


def connect(server, **fields):
    wire = Wire(server.address)
    wire.hello(**fields)
    return wire


class Outcome:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


def sluice(*words, server=None, url=None, stdin='', timeout=60, environment=None):
    """Runs the program; a server or URL is given by FAKTORY_URL."""
    env = dict(os.environ)
    env.pop('FAKTORY_PROVIDER', None)
    env['FAKTORY_URL'] = url or (server.url if server else 'tcp://127.0.0.1:1')
    env.update(environment or {})
    done = subprocess.run([str(SLUICE), *map(str, words)], input=stdin, capture_output=True,
                          text=True, timeout=timeout, env=env)
    return Outcome(done.returncode, done.stdout, done.stderr)


def wait_until(condition, what, seconds=60):
    """For what nobody announces: the state of another process in /proc, or what a server answers to
    a question that it has no waiting form of. The only place of the tests that sleeps: shortly at
    first, and at most 50 ms. Where there is an event (a line of a log, a reply, the end of a
    process), wait for that."""
    deadline = time.monotonic() + seconds
    pause = 0.0005
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
    raise Failed(f'not within {seconds} s: {what}')


class Threads:
    """Threads whose exceptions are not lost."""

    def __init__(self):
        self.threads, self.errors = [], []

    def start(self, target, *arguments):
        def run():
            try:
                target(*arguments)
            except Exception as error:  # noqa: BLE001: reported by join()
                self.errors.append(error)
        thread = threading.Thread(target=run, daemon=True)
        self.threads.append(thread)
        thread.start()

    def join(self, seconds=120):
        deadline = time.monotonic() + seconds
        for thread in self.threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self.errors:
            raise self.errors[0]
        check(not any(thread.is_alive() for thread in self.threads), 'a thread did not end in time')


def run_one(test):
    """Runs a test that is a program of its own; exit code 1 when a check does not hold."""
    try:
        test()
    except Failed as error:
        sys.exit(f'FAIL: {error}')


def run_tests(*tests):
    """Runs the test functions, or those named by arguments; exit code 1 when one fails, CANNOT_RUN when
    none of them can run here."""
    failed, left_out, passed = [], [], []
    wanted = [word for word in sys.argv[1:] if not word.startswith('-')]
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        began = time.monotonic()
        try:
            test()
            passed.append(test.__name__)
            print(f'ok    {test.__name__} ({time.monotonic() - began:.1f} s)', flush=True)
        except CannotRun:
            left_out.append(test.__name__)
            print(f'left  {test.__name__}', flush=True)
        except Exception as error:  # noqa: BLE001: any failure of a test is reported here
            failed.append(test.__name__)
            print(f'FAIL  {test.__name__}: {type(error).__name__}: {error}', flush=True)
            if not isinstance(error, Failed):
                import traceback
                traceback.print_exc()
    if failed:
        sys.exit(f'{len(failed)} of {len(tests)} failed: ' + ' '.join(failed))
    if left_out and not passed:
        sys.exit(CANNOT_RUN)


def run_server_tests(*tests, settings=()):
    """The same for functions that are given a fresh server each."""
    def with_server(test):
        def run():
            with Server(settings=settings) as server:
                test(server)
        run.__name__ = test.__name__
        return run
    run_tests(*[with_server(test) for test in tests])
