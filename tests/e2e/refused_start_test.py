#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `sluice serve` says where it cannot start: damaged stores, taken stores and ports, folders
that are none. Each time one line that names the place and says what to do, and nothing is changed."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

import harness
from harness import SLUICE, check, check_equal, wait_until

COUNT = 2000


class Stores:
    """A store as SIGKILL leaves it and the same after a clean stop, to be copied and damaged."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='sluice-refused-'))
        server = harness.Server(data=self.folder / 'killed')
        server.start()
        wire = harness.connect(server, x=1)
        for i in range(0, COUNT, 10):
            jobs = [{'jid': f'kept-job-{k}', 'jobtype': 't', 'args': [k]} for k in range(i, i + 10)]
            check_equal(wire.call('PUSHB', jobs), b'{}', 'pushes')
        log = newest(server.data, '[0-9]*.log')
        last_push = log.stat().st_mtime_ns
        wait_until(lambda: log.stat().st_mtime_ns > last_push, 'the log says what was synced last')
        server.kill()
        shutil.copytree(self.folder / 'killed', self.folder / 'clean')
        server.data = self.folder / 'clean'
        server.start()
        check_equal(server.terminate(), 0, 'a clean stop')
        server.remove()

    def copy(self, name):
        place = self.folder / 'copy'
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(self.folder / name, place)
        return place

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def newest(place, pattern):
    return sorted(place.glob(pattern))[-1]


def flip(path, part):
    """Changes one byte, at this part of what the file holds before its zeros, or so many bytes
    before those."""
    data = bytearray(path.read_bytes())
    used = len(data.rstrip(b'\0'))
    data[int(used * part) if part > 0 else used + part] ^= 0x5a
    path.write_bytes(data)


def contents(place):
    return {path.name: path.read_bytes() for path in place.iterdir()
            if path.is_file() and path.name not in ('store.lock', 'LOCK')}


def refused(place, *parts, code=1, words=(), jobs='127.0.0.1:0'):
    done = subprocess.run([str(SLUICE), 'serve', '--data', str(place), '--jobs', jobs, '--http',
                           '127.0.0.1:0', *words], capture_output=True, text=True, timeout=60,
                          check=False)
    said = [line for line in done.stderr.splitlines() if line.startswith('sluice serve: ')]
    check_equal((done.returncode, len(said)), (code, 1), f'the exit code and message: {done.stderr}')
    for part in parts:
        check(part in said[0], f'"{part}" is not in: {said[0]}')


def damaged_logs(stores):
    for part in (-100, 0.02, 0.3, 0.5, 0.9):  # the first one in the last push
        place = stores.copy('killed')
        flip(newest(place, '[0-9]*.log'), part)
        before = contents(place)
        for _ in range(2):  # the first attempt changes nothing
            refused(place, str(place), 'its log', ' at byte ', 'restore a backup',
                    'jobs.accept_damaged_log = true')
        check(contents(place) == before, 'a refused start has changed the store')
    server = harness.Server(settings=['jobs.accept_damaged_log=true'], data=place)
    try:
        server.start()
        left = harness.connect(server).call_json('INFO')['faktory']['total_enqueued']
        check(COUNT * 0.8 < left < COUNT, f'{left} jobs before the damage at nine tenths')
    finally:
        server.close()
        server.remove()
    place = stores.copy('killed')
    newest(place, '[0-9]*.log').unlink()
    refused(place, 'its log is missing', 'restore a backup')


def damaged_files(stores):
    def damage(change, *parts):
        place = stores.copy('clean')
        change(place)
        refused(place, str(place), *parts)
    backup = 'restore a backup'
    damage(lambda place: flip(newest(place, '*.sst'), 0.3), '.sst', backup)
    damage(lambda place: newest(place, '*.sst').unlink(), backup)
    damage(lambda place: flip(newest(place, 'MANIFEST-*'), 0.3), 'MANIFEST', backup)
    damage(lambda place: newest(place, 'MANIFEST-*').unlink(), 'MANIFEST', backup)
    damage(lambda place: (place / 'CURRENT').unlink(), 'CURRENT', backup)
    damage(lambda place: (place / 'CURRENT').write_text(''), 'CURRENT', backup)


def what_is_no_store(stores):
    place = stores.folder / 'other'
    place.write_text('text')
    refused(place, str(place), 'is a file, not a folder')
    place.unlink()
    place.mkdir()
    (place / 'notes.txt').write_text('text')
    refused(place, 'notes.txt', 'Choose an empty or a new folder', code=2)
    check_equal([path.name for path in place.iterdir()], ['notes.txt'], 'what is in it')


def what_somebody_else_has(stores):
    server = harness.Server(data=stores.copy('clean'))
    try:
        server.start()
        refused(server.data, 'is in use', str(server.process.pid), 'Stop that server first')
        port = socket.create_server(('127.0.0.1', 0))
        refused(stores.folder / 'new', 'Address already in use',
                jobs=f'127.0.0.1:{port.getsockname()[1]}')
        port.close()
        found = harness.connect(server).call_json('INFO')['faktory']['total_enqueued']
        check_equal(found, COUNT, 'jobs of the server that has the store')
    finally:
        server.close()
        server.remove()


def folders_without_rights(stores):
    """As a user who is not root: root may write everywhere."""
    place = stores.copy('clean')
    if os.geteuid() != 0:
        place.chmod(0o500)
        words = []
    else:
        for path in (stores.folder, place, *place.iterdir()):
            path.chmod(0o755)
        words = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    done = subprocess.run([*words, str(SLUICE), 'serve', '--data', str(place), '--jobs',
                           '127.0.0.1:0', '--http', '127.0.0.1:0'], capture_output=True, text=True,
                          timeout=60, check=False)
    check_equal(done.returncode, 1, f'the exit code: {done.stderr}')
    check('cannot be written' in done.stderr and 'writable for this user' in done.stderr,
          done.stderr)
    place.chmod(0o700)


STORES = Stores()


def run(test):
    def with_stores():
        test(STORES)
    with_stores.__name__ = test.__name__
    return with_stores


try:
    harness.run_tests(*map(run, (damaged_logs, damaged_files, what_is_no_store,
                                 what_somebody_else_has, folders_without_rights)))
finally:
    STORES.remove()
