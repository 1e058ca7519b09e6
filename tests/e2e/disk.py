# SPDX-License-Identifier: Apache-2.0
"""A small file system of its own for a test, in a mount namespace of its own: whatever happens to
the test, nothing stays mounted. ext4 in an image where the test runs as root, tmpfs otherwise."""

import contextlib
import fcntl
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import threading

CANNOT_RUN = 77
EXT4_IOC_SHUTDOWN = 0x8004587D
WITHOUT_FLUSH = 2  # what is in the journal alone is lost as well
MARK = 'SLUICE_TEST_NAMESPACE'


def enter_namespace():
    """Starts this program again where it may mount; says so and ends where that cannot be had."""
    if os.environ.get(MARK):
        return
    words = ['unshare', '--mount'] if os.geteuid() == 0 else ['unshare', '--map-root-user', '--mount']
    tried = subprocess.run([*words, 'true'], capture_output=True, text=True, check=False) \
        if shutil.which('unshare') else None
    if tried is None or tried.returncode != 0:
        why = tried.stderr.strip() if tried else 'unshare (util-linux) is not installed'
        print(f'SKIPPED: a mount namespace needs root or user namespaces: {why}')
        sys.exit(CANNOT_RUN)
    os.environ[MARK] = 'root' if os.geteuid() == 0 else 'user'
    os.execvp(words[0], [*words, sys.executable, *sys.argv])


class Disk:
    """A file system with room for `size` bytes at `place`."""

    def __init__(self, size):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='sluice-disk-'))
        self.place = self.folder / 'disk'
        self.place.mkdir()
        self.filler = self.place / 'zeros'
        if os.environ[MARK] == 'root' and shutil.which('mkfs.ext4'):
            image = self.folder / 'image'
            with open(image, 'wb') as file:
                file.truncate(size)
            run('mkfs.ext4', '-q', '-F', '-m', '0', image)
            self.kind = 'ext4'
            self.power_on()
        else:
            run('mount', '-t', 'tmpfs', '-o', f'size={size}', 'tmpfs', self.place)
            self.kind = 'tmpfs'

    def power_on(self):
        run('mount', '-o', 'loop', self.folder / 'image', self.place)

    def cut_power(self):
        """From now on nothing gets to the disk, and what is not yet there is lost. Only ext4."""
        handle = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack('I', WITHOUT_FLUSH))
        finally:
            os.close(handle)

    def power_off(self):
        """After cut_power(), once nobody has a file open."""
        run('umount', self.place)

    def free(self):
        found = os.statvfs(self.place)
        return found.f_bavail * found.f_frsize

    def fill(self, leave=0):
        """Takes all of its room but `leave` bytes, with a file of zeros. Gives what it took."""
        taken, piece = 0, bytes(1 << 20)
        with open(self.filler, 'ab', buffering=0) as file:
            while (room := self.free() - leave) > 0:
                try:
                    taken += file.write(piece[:min(room, len(piece))])
                    os.fdatasync(file.fileno())  # ext4 finds the blocks only now
                except OSError:
                    break
        return taken

    @contextlib.contextmanager
    def kept_full(self):
        """Every byte that anybody gives back meanwhile is taken as well."""
        done = threading.Event()

        def keep():
            while not done.is_set():
                self.fill()
                done.wait(0.01)
        self.fill()
        thread = threading.Thread(target=keep, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def give_back(self):
        self.filler.unlink(missing_ok=True)

    def remove(self):
        subprocess.run(['umount', '-l', self.place], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def run(*words):
    subprocess.run([str(word) for word in words], check=True, capture_output=True)
